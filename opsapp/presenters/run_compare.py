"""Two runs of the same work beside each other, in words and rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from opsapp.models import OperationRun, OperationRunItem
from opsapp.presenters.links import url_with
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_items import ItemRow, row_of
from opsapp.presenters.run_json import run_keys
from opsapp.presenters.times import duration
from opsapp.services.comparison import Change, Comparison, taken

LABELS = {
    Change.NEW: "Newly failing",
    Change.STILL: "Still failing",
    Change.FIXED: "Newly fixed",
    Change.UNTRIED: "Failed then, not dealt with now",
}
MEANINGS = {
    Change.NEW: "failed in this run and did not fail in the other",
    Change.STILL: "failed in both",
    Change.FIXED: "failed in the other and succeeded or needed no change in this one",
    Change.UNTRIED: "failed in the other; this run left them out or did not come across them",
}
TONES = {
    Change.NEW: "red",
    Change.STILL: "amber",
    Change.FIXED: "green",
    Change.UNTRIED: "neutral",
}
SAME = 0.05  # of the other's duration, and less than a second, is no difference


@dataclass(frozen=True)
class Group:
    """Items that changed in the same way; ``rows`` are the first of ``count``."""

    change: Change
    label: str
    meaning: str
    tone: str
    count: int
    rows: list[ItemRow]

    @property
    def rest(self) -> int:
        return self.count - len(self.rows)


def groups_of(found: Comparison) -> list[Group]:
    """The groups that have items, the worst news first."""
    return [
        Group(
            change,
            LABELS[change],
            MEANINGS[change],
            TONES[change],
            count,
            rows_of(found.now, found.first[change]),
        )
        for change, count in found.counts.items()
        if count
    ]


@dataclass(frozen=True)
class Side:
    """One of the two runs; ``took`` is in seconds."""

    run: OperationRun
    role: str
    took: float | None


def sides_of(found: Comparison) -> list[Side]:
    return [
        Side(found.now, "this run", taken(found.now)),
        Side(found.then, "the other", taken(found.then)),
    ]


def chosen_change(found: Comparison, asked: str) -> Change:
    """The group to list: the one asked for, else the first that has items."""
    if asked in set(Change):
        return Change(asked)
    return next((change for change, count in found.counts.items() if count), Change.NEW)


def described(found: Comparison, change: Change) -> Group:
    return Group(
        change, LABELS[change], MEANINGS[change], TONES[change], found.counts[change], rows=[]
    )


def tabs_of(found: Comparison, current: Change) -> list[dict[str, Any]]:
    return [
        {
            "label": LABELS[change],
            "url": f"{url_with(change=change.value)}#items",
            "current": change is current,
            "count": count,
        }
        for change, count in found.counts.items()
    ]


def rows_of(run: OperationRun, items: Iterable[OperationRunItem]) -> list[ItemRow]:
    return [row_of(run, item, {}) for item in items]


def answer(found: Comparison) -> str:
    """What changed, in one sentence."""
    parts = [
        f"{count:,} {LABELS[change][0].lower()}{LABELS[change][1:]}"
        for change, count in found.counts.items()
        if count
    ]
    if not parts:
        return f"Nothing failed in either run. {pace(found)}"
    return f"{', '.join(parts)}. {pace(found)}".replace(", not dealt", " and not dealt")


def pace(found: Comparison) -> str:
    """How long it took against the other."""
    now, then, more = taken(found.now), taken(found.then), found.seconds
    if now is None:
        return "It never started."
    if then is None or more is None:
        return f"It took {duration(now)}; the other never started."
    if abs(more) < max(SAME * then, 1):
        return f"It took {duration(now)}, as long as the other."
    word = "longer" if more > 0 else "less"
    return f"It took {duration(now)}, {duration(abs(more))} {word} than the other."


def as_data(found: Comparison) -> dict[str, Any]:
    """For scripts. ``items`` hold at most as many of each kind as were asked for."""
    return {
        "run": run_keys(found.now),
        "with": run_keys(found.then),
        "seconds": taken(found.now),
        "with_seconds": taken(found.then),
        "seconds_more": found.seconds,
        "counts": {change.value: count for change, count in found.counts.items()},
        "items": {
            change.value: [_item(item) for item in items] for change, items in found.first.items()
        },
    }


def _item(item: OperationRunItem) -> dict[str, Any]:
    names = ("kind", "key", "name", "reason_code", "message", "policy_id")
    return {name: getattr(item, name) for name in names} | {"result": item.result.value}


def lines_of(found: Comparison) -> Iterable[str]:
    """For a terminal: a line for each group, and the first names of it."""
    yield f"Run {found.now.id} against run {found.then.id}: {answer(found)}"
    for change, items in found.first.items():
        if not items:
            continue
        yield f"{LABELS[change]}: {plural(found.counts[change], 'item')}"
        yield from (f"  {item.name or item.key}  {item.reason_code}" for item in items)
        if found.counts[change] > len(items):
            yield f"  and {found.counts[change] - len(items):,} more"
