"""Values of administrative templates: some tools expand their definitions, some bind them."""

import re
from collections.abc import Callable
from typing import Any

from opsapp.exports.annotations import is_annotation

Row = dict[str, Any]
_DEFINITION = re.compile(r"groupPolicyDefinitions(?:\('|/)([^')/]+)")
_PRESENTATION = re.compile(r"presentations(?:\('|/)([^')/]+)")
_TOLD_BY_TOOLS = ("displayName", "classType", "categoryPath")


def definition_id(row: Row) -> str | None:
    """The definition that a value is bound to."""
    match = _DEFINITION.search(str(row.get("definition@odata.bind", "")))
    return match[1] if match else None


def presentation_id(value: Row) -> str | None:
    match = _PRESENTATION.search(str(value.get("presentation@odata.bind", "")))
    return match[1] if match else None


def without_notes(row: Row) -> Row:
    """Without binds and without what a tool wrote for itself."""
    return {key: value for key, value in row.items() if not is_annotation(key)}


def with_definition(raw: Row, made_up: Callable[[str, str], str]) -> Row:
    """A value as Graph expands it: its definition and presentations in it.

    ``made_up`` gives an id for one that the export does not tell: from the kind of thing and what
    is known of it.
    """
    definition = {
        member: raw[f"#Definition_{member}"]
        for member in _TOLD_BY_TOOLS
        if raw.get(f"#Definition_{member}")
    } | (raw.get("definition") or {})
    if bound := definition_id(raw):
        definition.setdefault("id", bound)
    definition.setdefault("id", made_up("definition", str(definition.get("displayName"))))
    values = []
    for at, value in enumerate(raw.get("presentationValues") or []):
        presentation = dict(value.get("presentation") or {})
        if bound := presentation_id(value):
            presentation.setdefault("id", bound)
        presentation.setdefault("id", made_up(definition["id"], f"presentation {at}"))
        values.append(without_notes(value) | {"presentation": presentation})
    return {**without_notes(raw), "definition": definition, "presentationValues": values}
