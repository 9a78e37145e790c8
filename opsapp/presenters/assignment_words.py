"""Assignments of a policy as rows: to whom, with which filter, for apps with which intent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.intune.describe import target_kind, target_of
from opsapp.intune.words import readable
from opsapp.presenters.numbers import plural

_NO_ID = "00000000-0000-0000-0000-000000000000"
_EVERYONE = {
    "allDevices": ("All devices", "laptop"),
    "allLicensedUsers": ("All users", "person-check"),
}
KNOWN, UNKNOWN, REMOVED = "known", "unknown", "removed"


@dataclass(frozen=True)
class AssignmentRow:
    """``name`` is None for a group the directory cache does not know; ``standing`` says so.

    ``filter_mode`` is include or exclude, empty without a filter; ``intent`` is an app's.
    """

    name: str | None
    icon: str
    excluded: bool = False
    group_id: str = ""
    standing: str = KNOWN
    filter_id: str = ""
    filter_name: str | None = None
    filter_mode: str = ""
    intent: str = ""


def rows_of(assignments: Sequence[Mapping[str, Any]], names: Any) -> list[AssignmentRow]:
    """Everyone first, then groups by name; what is excluded last."""
    rows = [_row(assignment, names) for assignment in assignments]
    return sorted(rows, key=lambda row: (row.excluded, bool(row.group_id), _sort_name(row)))


def _sort_name(row: AssignmentRow) -> str:
    return (row.name or f"~{row.group_id}").casefold()


def _row(assignment: Mapping[str, Any], names: Any) -> AssignmentRow:
    target, kind = target_of(assignment), target_kind(assignment)
    intent = assignment.get("intent")
    shared = {"intent": readable(intent) if isinstance(intent, str) else ""} | _filter(
        target, names
    )
    group_id = str(target.get("groupId") or "")
    if kind in _EVERYONE:
        name, icon = _EVERYONE[kind]
        return AssignmentRow(name, icon, **shared)
    if not group_id:
        collection = target.get("collectionId")
        name = f"Configuration Manager collection {collection}" if collection else readable(kind)
        return AssignmentRow(name, "question-circle", **shared)
    named = names.groups.get(group_id)
    standing = UNKNOWN if named is None else REMOVED if named.gone else KNOWN
    return AssignmentRow(
        named.name if named else None,
        "people",
        excluded=kind == "exclusionGroup",
        group_id=group_id,
        standing=standing,
        **shared,
    )


def _filter(target: Mapping[str, Any], names: Any) -> dict[str, Any]:
    filter_id = str(target.get("deviceAndAppManagementAssignmentFilterId") or "")
    mode = str(target.get("deviceAndAppManagementAssignmentFilterType") or "none")
    if filter_id in ("", _NO_ID) or mode == "none":
        return {}
    named = names.filter(filter_id)
    name = named.name if named else None
    return {"filter_id": filter_id, "filter_name": name, "filter_mode": mode}


def assigned_sentence(rows: Sequence[AssignmentRow]) -> str:
    """``Assigned to all devices and 3 groups, 1 group excluded``, without a full stop."""
    included = [row for row in rows if not row.excluded]
    everyone = [row.name.lower() for row in included if not row.group_id and row.name]
    groups = len({row.group_id for row in included if row.group_id})
    excluded = len({row.group_id for row in rows if row.excluded})
    to = list(dict.fromkeys(everyone)) + ([plural(groups, "group")] if groups else [])
    text = f"Assigned to {_and(to)}" if to else "Not assigned"
    return f"{text}, {plural(excluded, 'group')} excluded" if excluded else text


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
