"""What differs between two sets of assignments: matched by target, whatever their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.intune.describe import target_kind, target_of
from opsapp.intune.difference import Change, Difference, differences
from opsapp.intune.flat import FlatSetting, flat_settings

Assignment = Mapping[str, Any]
Names = Mapping[str, str]
_NO_FILTER = ("", "none", None, "00000000-0000-0000-0000-000000000000")
_FILTER = "deviceAndAppManagementAssignmentFilter"
# Where an assignment comes from is no part of what it does; ids are the service's own.
_LEFT_OUT = frozenset({"id", "source", "sourceId", "target"})


@dataclass(frozen=True)
class AssignmentDifference:
    """An assignment before and after, and what differs in it: mode, filter, intent, settings."""

    before: Assignment | None
    after: Assignment | None
    details: tuple[Difference, ...] = ()

    @property
    def change(self) -> Change:
        if self.before is None:
            return Change.ADDED
        if self.after is None:
            return Change.REMOVED
        return Change.CHANGED if self.details else Change.UNCHANGED


def renamed(value: Any, names: Names) -> Any:
    """A copy with every known id replaced by the name of what it stands for."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: renamed(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [renamed(member, names) for member in value]
    return value


def assignment_differences(
    before: Sequence[Any], after: Sequence[Any], before_names: Names, after_names: Names
) -> list[AssignmentDifference]:
    """Of one target, equal assignments belong together, then in the order given.

    A group that was included and is now excluded is one assignment that changed.
    """
    left = [_Read.of(one, before_names) for one in before if isinstance(one, Mapping)]
    right = [_Read.of(one, after_names) for one in after if isinstance(one, Mapping)]
    found: list[AssignmentDifference] = []
    for same in (lambda one: (one.target, one.looks), lambda one: one.target):
        waiting: dict[Any, list[_Read]] = {}
        for one in right:
            waiting.setdefault(same(one), []).append(one)
        unmatched = []
        for one in left:
            if waiting.get(same(one)):
                found.append(_difference(one, waiting[same(one)].pop(0)))
            else:
                unmatched.append(one)
        left, right = unmatched, [one for rest in waiting.values() for one in rest]
    found += [AssignmentDifference(one.assignment, None) for one in left]
    return found + [AssignmentDifference(None, one.assignment) for one in right]


@dataclass(frozen=True)
class _Read:
    """An assignment taken apart: whom it is for, and how."""

    assignment: Assignment
    target: str
    settings: list[FlatSetting]

    @classmethod
    def of(cls, assignment: Assignment, names: Names) -> "_Read":
        target = renamed(target_of(assignment), names)
        group = target.get("groupId") or target.get("collectionId")
        who = f"id:{group}" if group else target_kind(assignment)
        return cls(assignment, who, flat_settings(_parts(assignment, target)))

    @property
    def looks(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((one.key, one.exact) for one in self.settings))


def _parts(assignment: Assignment, target: Mapping[str, Any]) -> dict[str, Any]:
    """What can differ in an assignment of one target, under names that read well."""
    parts = {key: value for key, value in assignment.items() if key not in _LEFT_OUT}
    if "groupId" in target:
        parts["included"] = target_kind(assignment) != "exclusionGroup"
    filter_id = target.get(f"{_FILTER}Id")
    mode = target.get(f"{_FILTER}Type")
    if filter_id not in _NO_FILTER and mode not in _NO_FILTER:
        parts |= {"filterId": filter_id, "filterMode": mode}
    return parts


def _difference(was: _Read, now: _Read) -> AssignmentDifference:
    details = differences(was.settings, now.settings)
    changed = tuple(one for one in details if one.change != Change.UNCHANGED)
    return AssignmentDifference(was.assignment, now.assignment, changed)
