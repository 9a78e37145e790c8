"""Settings of imported ADMX files: each tenant has ids of its own, and ours are not theirs."""

from collections.abc import Mapping
from typing import Any, Final

_IMPORTED: Final = "admxIngested"


def without_imported(content: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The content of another tenant's object without them, and what these were, in words."""
    kept, lacks = [], []
    for row in content.get("definitionValues") or []:
        definition = row.get("definition") or {}
        if definition.get("policyType") == _IMPORTED:
            name = definition.get("displayName") or definition.get("id")
            lacks.append(f"“{name}”, a setting of an imported ADMX file: set it by hand")
        else:
            kept.append(row)
    return ({**content, "definitionValues": kept} if lacks else dict(content)), tuple(lacks)
