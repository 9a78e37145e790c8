"""One setting in two versions, and texts line by line."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from opsapp.intune.flat import FlatSetting
from opsapp.intune.pairing import paired
from opsapp.intune.setting import Form

_MOST_LINES = 4000
_CONTEXT = 3


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Difference:
    """A setting before and after; at least one of them."""

    before: FlatSetting | None
    after: FlatSetting | None

    @property
    def setting(self) -> FlatSetting:
        """The one there is; the later of two."""
        setting = self.after or self.before
        if setting is None:
            raise ValueError("a difference of nothing")
        return setting

    @property
    def change(self) -> Change:
        if self.before is None:
            return Change.ADDED
        if self.after is None:
            return Change.REMOVED
        return Change.UNCHANGED if self.before.exact == self.after.exact else Change.CHANGED

    @property
    def looks_equal(self) -> bool:
        """Whether a change cannot be seen: secrets, line ends, pictures of the same size."""
        if self.before is None or self.after is None:
            return False
        return self.change == Change.CHANGED and self.before.values == self.after.values


@dataclass(frozen=True)
class Line:
    """A line of a text; numbers from 1, None on the side that does not have it."""

    before: int | None
    after: int | None
    text: str

    @property
    def change(self) -> Change:
        if self.before is None:
            return Change.ADDED
        return Change.REMOVED if self.after is None else Change.UNCHANGED


def differences(before: list[FlatSetting], after: list[FlatSetting]) -> list[Difference]:
    """Every setting of both, in the order of the page."""
    return [Difference(was, now) for was, now in paired(before, after)]


def line_groups(difference: Difference) -> list[list[Line]]:
    """The changed lines of a long text, with some around; empty where that makes no sense.

    It does not for short values, for secrets, and for texts of thousands of lines.
    """
    was, now = difference.before, difference.after
    if was is None or now is None or Form.LONG not in (was.form, now.form):
        return []
    if Form.SECRET in (was.form, now.form) or not was.values or not now.values:
        return []
    old, new = was.values[0].split("\n"), now.values[0].split("\n")
    if max(len(old), len(new)) > _MOST_LINES or len(old) == len(new) == 1:
        return []
    matcher = difflib.SequenceMatcher(None, old, new)
    groups = matcher.get_grouped_opcodes(_CONTEXT)
    return [[line for part in group for line in _lines(part, old, new)] for group in groups]


def _lines(part: tuple[str, int, int, int, int], old: list[str], new: list[str]) -> Iterable[Line]:
    tag, i1, i2, j1, j2 = part
    if tag == "equal":
        pairs = zip(range(i1, i2), range(j1, j2), strict=True)
        return [Line(i + 1, j + 1, new[j]) for i, j in pairs]
    gone = [Line(i + 1, None, old[i]) for i in range(i1, i2)]
    return [*gone, *(Line(None, j + 1, new[j]) for j in range(j1, j2))]
