"""Whether an object in a tenant holds what was written to it.

Members that the service adds are no difference; members that were sent and read otherwise are.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from opsapp.intune.assignment_diff import AssignmentDifference, assignment_differences
from opsapp.intune.difference import Change
from opsapp.intune.normalise import DEFAULTS, PARTS, SETS, is_noise, normal_form
from opsapp.intune.secrets import is_sealed

_ABSENT: Final = object()
_TAGS: Final = frozenset({"roleScopeTagIds", "roleScopeTags"})  # without any: the default tag
_NARROWS: Final = frozenset({"filterId", "filterMode", "included"})
_MASK: Final = re.compile(r"[*•●]+")


@dataclass(frozen=True)
class Lack:
    """A member that is not as wanted; ``is_hidden``: the service does not show it, so who knows."""

    where: str
    wanted: Any
    found: Any
    is_hidden: bool = False


def lacking(wanted: Any, found: Any, noise: Collection[str] = ()) -> list[Lack]:
    """Every place where an object, or a part of one, is not as wanted."""
    return list(_compared(wanted, found, "", "", noise))


def may_be(sent: Mapping[str, Any], entry: Mapping[str, Any], noise: Collection[str] = ()) -> bool:
    """Whether an entry of a list can be what was sent: nothing that it shows speaks against it."""
    shared = {name: value for name, value in sent.items() if entry.get(name) is not None}
    return not any(not lack.is_hidden for lack in lacking(shared, entry, noise))


def lacking_assignments(wanted: Sequence[Any], found: Sequence[Any]) -> list[AssignmentDifference]:
    """Assignments that are missing, too many, or not as wanted; more is no difference but a filter.

    The service says intent and mode of each, whether or not they were sent.
    """
    pairs = assignment_differences(normal_form(list(wanted)), normal_form(list(found)), {}, {})
    return [pair for pair in pairs if _is_lack(pair)]


def _is_lack(pair: AssignmentDifference) -> bool:
    if pair.change != Change.CHANGED:
        return pair.change != Change.UNCHANGED
    return any(one.before is not None or one.setting.key in _NARROWS for one in pair.details)


def _compared(
    wanted: Any, found: Any, where: str, name: str, noise: Collection[str]
) -> Iterator[Lack]:
    if isinstance(wanted, Mapping):
        yield from _members(wanted, found, where, noise)
    elif isinstance(wanted, list):
        yield from _rows(wanted, found, where, name, noise)
    elif is_sealed(wanted):
        if wanted != found and not is_sealed(found):
            yield Lack(where, wanted, None, is_hidden=True)
        elif wanted != found:
            yield Lack(where, wanted, found)
    elif found is _ABSENT or found is None:
        if wanted not in DEFAULTS:
            yield Lack(where, wanted, None)
    elif not _is_same(wanted, found):
        yield Lack(where, wanted, found)


def _members(
    wanted: Mapping[str, Any], found: Any, where: str, noise: Collection[str]
) -> Iterator[Lack]:
    if not isinstance(found, Mapping):
        if any(value not in DEFAULTS and not is_noise(key) for key, value in wanted.items()):
            yield Lack(where, wanted, None if found is _ABSENT else found)
        return
    for name, value in wanted.items():
        if is_noise(name) or name in noise or value is None or (name == "id" and not where):
            continue
        if name == "@odata.type" and name not in found:
            continue  # not said of members whose type is declared
        place = f"{where}.{name}" if where else name
        yield from _compared(value, found.get(name, _ABSENT), place, name, noise)


def _rows(
    wanted: Sequence[Any], found: Any, where: str, name: str, noise: Collection[str]
) -> Iterator[Lack]:
    there = list(found) if isinstance(found, list) else []
    if not wanted:
        if there and name not in _TAGS:
            yield Lack(where, [], there)
        return
    if len(wanted) != len(there):
        yield Lack(where, wanted, there)
    elif name in PARTS | SETS:
        yield from _as_set(wanted, there, where, name, noise)
    else:
        for number, (one, other) in enumerate(zip(wanted, there, strict=True)):
            yield from _compared(one, other, f"{where}[{number}]", "", noise)


def _as_set(
    wanted: Sequence[Any], there: list[Any], where: str, name: str, noise: Collection[str]
) -> Iterator[Lack]:
    """Rows whose order means nothing; their ids are the service's own."""
    for number, row in enumerate(wanted):
        plain = _without_id(row) if name in PARTS else row
        lacks = [list(_compared(plain, other, f"{where}[{number}]", "", noise)) for other in there]
        fewest = min(lacks, key=len, default=[])
        yield from fewest
        if lacks:
            there.pop(lacks.index(fewest))


def _without_id(row: Any) -> Any:
    return {k: v for k, v in row.items() if k != "id"} if isinstance(row, Mapping) else row


def _is_same(wanted: Any, found: Any) -> bool:
    if normal_form(wanted) == normal_form(found):
        return True
    if not isinstance(wanted, str) or not isinstance(found, str):
        return False
    if _MASK.fullmatch(wanted):
        return True  # nothing that was known is lost
    moments = _moment(wanted), _moment(found)
    return moments[0] is not None and moments[0] == moments[1]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None
