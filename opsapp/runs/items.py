"""The items of a run: recorded in a fenced step, counted, and their failures summarised."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.models import ItemResult, OperationRun, OperationRunItem
from opsapp.models.upsert import insert_or_ignore
from opsapp.operations.base import Item
from opsapp.runs.result import COUNT_NAMES, Failure, RunResult


class FencedStep:
    """An open write transaction that is refused once the run is no longer ours."""

    def __init__(self, session: Session, run: OperationRun) -> None:
        self.session = session
        self._run = run
        self._items: list[Item] = []
        self._in_flight = 0
        self.parts_done: list[str] = []

    @property
    def recorded(self) -> Sequence[Item]:
        return self._items

    def record(self, item: Item) -> None:
        self._items.append(item)

    def set_total(self, part: str, total: int) -> None:
        totals = {**self._run.context.get("totals", {}), part: total}
        self._run.context = {**self._run.context, "totals": totals}

    def set_in_flight(self, count: int) -> None:
        self._in_flight = count

    def mark_done(self, part: str) -> None:
        done = [*self._run.context.get("done", []), part]
        self._run.context = {**self._run.context, "done": done}
        self.parts_done.append(part)

    def close(self) -> None:
        """Writes the items and brings the run's counts up to date."""
        added = self._insert_items()
        counts = Counter(self._run.summary_counts)
        for result in added:
            counts["processed"] += 1
            counts[result] += 1
            if result == ItemResult.UNCHANGED:
                counts[ItemResult.SUCCEEDED] += 1
        counts["total"] = max(listed(self._run), counts["processed"])
        in_flight = {"in_flight": self._in_flight} if self._in_flight else {}
        self._run.summary_counts = {name: counts[name] for name in COUNT_NAMES} | in_flight

    def _insert_items(self) -> list[str]:
        if not self._items:
            return []
        now = utcnow()
        rows = [
            {**_storable(item), "run_id": self._run.id, "created_at": now} for item in self._items
        ]
        statement = insert_or_ignore(self.session, OperationRunItem)
        result = self.session.execute(statement.returning(OperationRunItem.result), rows)
        return [ItemResult(value).value for value in result.scalars()]


def listed(run: OperationRun) -> int:
    """How many items the parts of a run that were listed so far consist of."""
    return sum(run.context.get("totals", {}).values())


_LONGEST = {"kind": 64, "key": 200, "name": 300, "message": 500, "request_id": 64}


def _storable(item: Item) -> dict[str, Any]:
    """The item's fields as the table takes them: cut to length, without what it refuses."""
    values = dict(vars(item))
    for name, longest in _LONGEST.items():
        if values[name] is not None:
            values[name] = storable(values[name], longest)
    return values


def count_items(session: Session, run_id: int) -> dict[str, int]:
    """The counts of a run by its items, as shown in ``summary_counts``."""
    rows = session.execute(
        sa.select(OperationRunItem.result, sa.func.count())
        .where(OperationRunItem.run_id == run_id)
        .group_by(OperationRunItem.result)
    )
    found = {result.value: count for result, count in rows}
    unchanged = found.get("unchanged", 0)
    processed = sum(found.values())
    return {
        "total": processed,
        "processed": processed,
        "succeeded": found.get("succeeded", 0) + unchanged,
        "unchanged": unchanged,
        "failed": found.get("failed", 0),
        "skipped": found.get("skipped", 0),
    }


def summarise_failures(session: Session, run_id: int) -> tuple[Failure, ...]:
    """One line per reason code, the commonest first, with one example message."""
    count = sa.func.count()
    rows = session.execute(
        sa.select(OperationRunItem.reason_code, sa.func.min(OperationRunItem.message), count)
        .where(OperationRunItem.run_id == run_id, OperationRunItem.result == ItemResult.FAILED)
        .group_by(OperationRunItem.reason_code)
        .order_by(count.desc(), OperationRunItem.reason_code)
    )
    return tuple(
        Failure(code or "internal.unexpected", message or "", number)
        for code, message, number in rows
    )


def result_of_items(session: Session, run: OperationRun) -> RunResult:
    """How a run ends of which nothing else is known: by the counts that every step keeps."""
    counts = {**dict.fromkeys(COUNT_NAMES, 0), **run.summary_counts}
    failures = summarise_failures(session, run.id) if counts["failed"] else ()
    return RunResult.of_items(counts, failures)
