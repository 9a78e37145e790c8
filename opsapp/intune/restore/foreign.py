"""What of an object means nothing in another tenant and cannot be mapped: people, imported ADMX."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from opsapp.intune.restore.plan import Note
from opsapp.intune.setting import is_guid

LEFT_OUT: Final = "mapping.left_out"
_IMPORTED: Final = "admxIngested"
_NOBODY: Final = ["None"]
_INCLUDES: Final = ("includeUsers", "includeGroups", "includeRoles")
_GUESTS: Final = "includeGuestsOrExternalUsers"


@dataclass(frozen=True)
class Abroad:
    """The object without them. ``excluded`` people are reached when the policy is enabled."""

    content: dict[str, Any]
    warnings: tuple[Note, ...] = ()
    lacks: tuple[str, ...] = ()
    excluded: int = 0


def abroad(key: str, content: Mapping[str, Any]) -> Abroad:
    """``key`` is the policy type's; the object comes from another tenant."""
    if key == "conditionalAccessPolicies":
        return _without_people(content)
    if key == "groupPolicyConfigurations":
        return _without_imported(content)
    return Abroad(dict(content))


def _without_people(content: Mapping[str, Any]) -> Abroad:
    conditions = content.get("conditions")
    users = conditions.get("users") if isinstance(conditions, Mapping) else None
    if not isinstance(conditions, Mapping) or not isinstance(users, Mapping):
        return Abroad(dict(content))
    includes, excludes = (
        [one for one in users.get(name) or [] if not is_guid(one)]
        for name in ("includeUsers", "excludeUsers")
    )
    excluded = len(users.get("excludeUsers") or []) - len(excludes)
    count = len(users.get("includeUsers") or []) - len(includes) + excluded
    if not count:
        return Abroad(dict(content))
    kept = {**users, "includeUsers": includes, "excludeUsers": excludes}
    if not any(kept.get(name) for name in (*_INCLUDES, _GUESTS)):
        kept["includeUsers"] = _NOBODY
    who = "One user is" if count == 1 else f"{count} users are"
    note = Note(LEFT_OUT, f"{who} left out: people are not mapped between tenants.")
    changed = {**content, "conditions": {**conditions, "users": kept}}
    return Abroad(changed, (note,), excluded=excluded)


def _without_imported(content: Mapping[str, Any]) -> Abroad:
    """Ids of imported definitions are each tenant's own, and those of their fields are not read."""
    kept, lacks = [], []
    for row in content.get("definitionValues") or []:
        definition = row.get("definition") or {}
        if definition.get("policyType") == _IMPORTED:
            name = definition.get("displayName") or definition.get("id")
            lacks.append(f"“{name}”, a setting of an imported ADMX file: set it by hand")
        else:
            kept.append(row)
    if not lacks:
        return Abroad(dict(content))
    return Abroad({**content, "definitionValues": kept}, lacks=tuple(lacks))
