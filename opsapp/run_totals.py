"""Totals over all runs there ever were: exact, ever rising, and cheap to read.

What ended up to the *watermark* has been added to ``metric_totals`` and may be deleted; what ended
since is counted from its rows. The watermark moves in the transaction that adds, and stays a minute
behind the clock, so that no transaction still under way commits something older than it.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.models import MetricTotal, OperationRun, OperationRunEvent, OperationRunItem, Tick
from opsapp.models.base import write
from opsapp.models.upsert import insert_for, insert_or_ignore

TICK_NAME = "metrics"
LAG = timedelta(seconds=60)

RUNS = "operation_runs_completed_total"
ITEMS = "operation_run_items_total"
WAIT = "operation_run_queue_wait_seconds"
DISPATCH = "operation_dispatch_total"
REAPER = "operation_reaper_actions_total"
WAIT_BOUNDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 21600.0)
DISPATCH_RESULTS = ("accepted", "rejected", "unknown")
_REAPED = {"lease_expired": "worker.lost", "lost": "queue.lost"}

Totals = Counter[tuple[str, str]]  # by name and labels, as in the table
Conditions = Sequence[sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Watermark:
    """Everything that ended up to ``ended_at``, and events up to ``event_id``, has been added."""

    ended_at: datetime | None = None
    event_id: int = 0

    @classmethod
    def of(cls, row: Tick | None) -> Self:
        if row is None or "ended_at" not in row.report:
            return cls()
        return cls(datetime.fromisoformat(row.report["ended_at"]), row.report["event_id"])

    @property
    def report(self) -> dict[str, Any]:
        return {
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "event_id": self.event_id,
        }


def labels(**values: str | None) -> str:
    """Labels as a total has them; no value is an empty one."""
    return json.dumps({name: value or "" for name, value in values.items()}, sort_keys=True)


def watermark(session: Session) -> Watermark:
    return Watermark.of(session.get(Tick, TICK_NAME, populate_existing=True))


def roll_up(by: str, every: timedelta = timedelta(0)) -> bool:
    """Adds what ended since the watermark and moves it; whether it was due, and ours to do."""
    now = utcnow()
    with write() as session:
        session.execute(insert_or_ignore(session, Tick).values(name=TICK_NAME, report={}))
        row = session.get_one(Tick, TICK_NAME, with_for_update=True, populate_existing=True)
        mark = Watermark.of(row)
        if row.ran_at and row.ran_at > now - every:
            return False
        if mark.ended_at and mark.ended_at >= now - LAG:
            return False
        upto = Watermark(now - LAG, _last_event(session, mark, now - LAG))
        add(session, counted(session, mark, upto))
        row.report, row.ran_at, row.ran_by = upto.report, now, by
    return True


def _last_event(session: Session, mark: Watermark, moment: datetime) -> int:
    """The highest id below which every event is from ``moment`` or earlier."""
    new = sa.select(OperationRunEvent.id).where(OperationRunEvent.id > mark.event_id)
    first_younger = session.scalar(
        new.where(OperationRunEvent.at > moment).order_by(OperationRunEvent.id).limit(1)
    )
    if first_younger is not None:
        return first_younger - 1
    return session.scalar(new.order_by(OperationRunEvent.id.desc()).limit(1)) or mark.event_id


def add(session: Session, totals: Totals) -> None:
    """Raises the totals, in the caller's write transaction."""
    rows = [
        {"name": name, "labels": text, "value": value}
        for (name, text), value in sorted(totals.items())
        if value
    ]
    if rows:
        insert = insert_for(session, MetricTotal).values(rows)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["name", "labels"],
                set_={"value": MetricTotal.value + insert.excluded.value},
            )
        )


def add_reaper_actions(session: Session, healed: dict[str, int]) -> None:
    """What a round of reconcile healed, by the reason code that it gave, or its own word."""
    add(
        session,
        Counter(
            {
                (REAPER, labels(reason_code=_REAPED.get(action, action))): count
                for action, count in healed.items()
            }
        ),
    )


def everything(session: Session) -> Totals:
    """The totals as of now. The caller sees to one consistent view of the database."""
    found: Totals = Counter()
    for row in session.execute(sa.select(MetricTotal.name, MetricTotal.labels, MetricTotal.value)):
        found[row.name, row.labels] = row.value
    found.update(counted(session, watermark(session)))
    return found


def counted(session: Session, after: Watermark, upto: Watermark | None = None) -> Totals:
    """Counts what ended between two watermarks, or since one."""
    ended: list[sa.ColumnElement[bool]] = [OperationRun.completed_at.is_not(None)]
    if after.ended_at:
        ended = [OperationRun.completed_at > after.ended_at]
    if upto and upto.ended_at:
        ended.append(OperationRun.completed_at <= upto.ended_at)
    events: list[sa.ColumnElement[bool]] = [OperationRunEvent.id > after.event_id]
    if upto:
        events.append(OperationRunEvent.id <= upto.event_id)
    found = _runs(session, ended)
    found.update(_items(session, ended))
    found.update(_waits(session, ended))
    found.update(_dispatches(session, events))
    return found


def _runs(session: Session, ended: Conditions) -> Totals:
    keys = (OperationRun.type, OperationRun.outcome, OperationRun.reason_code)
    rows = session.execute(sa.select(*keys, sa.func.count()).where(*ended).group_by(*keys))
    return Counter(
        {
            (RUNS, labels(kind=kind, outcome=outcome.value, reason_code=code)): count
            for kind, outcome, code, count in rows
        }
    )


def _items(session: Session, ended: Conditions) -> Totals:
    keys = (OperationRun.type, OperationRunItem.result, OperationRunItem.reason_code)
    rows = session.execute(
        sa.select(*keys, sa.func.count())
        .join(OperationRun, OperationRun.id == OperationRunItem.run_id)
        .where(*ended)
        .group_by(*keys)
    )
    return Counter(
        {
            (ITEMS, labels(kind=kind, outcome=result.value, reason_code=code)): count
            for kind, result, code, count in rows
        }
    )


def _waits(session: Session, ended: Conditions) -> Totals:
    """From the start by somebody to the start by a worker; of runs that came that far."""
    wait = _seconds(session, OperationRun.created_at, OperationRun.started_at)
    count = sa.func.count()
    figures = [count.filter(wait <= bound) for bound in WAIT_BOUNDS]
    total, seconds, *cumulative = session.execute(
        sa.select(count, sa.func.sum(wait), *figures).where(
            *ended, OperationRun.started_at.is_not(None)
        )
    ).one()
    found: Totals = Counter(
        {(f"{WAIT}_count", labels()): total, (f"{WAIT}_sum", labels()): max(float(seconds or 0), 0)}
    )
    for bound, number in zip(WAIT_BOUNDS, cumulative, strict=True):
        found[f"{WAIT}_bucket", labels(le=str(bound))] = number
    return found


def _seconds(session: Session, start: Any, end: Any) -> sa.ColumnElement[float]:
    if session.get_bind().dialect.name == "sqlite":
        return (sa.func.julianday(end) - sa.func.julianday(start)) * 86_400.0
    return sa.cast(sa.func.extract("epoch", end - start), sa.Double)


def _dispatches(session: Session, events: Conditions) -> Totals:
    counts = session.execute(sa.select(*dispatch_counts()).where(*events)).one()
    return Counter(
        {
            (DISPATCH, labels(result=result)): count
            for result, count in zip(DISPATCH_RESULTS, counts, strict=True)
        }
    )


def dispatch_counts() -> list[sa.ColumnElement[int]]:
    """Columns that count events by ``DISPATCH_RESULTS``.

    ``rejected``: the queue surely did not take the run. ``unknown``: no answer came, it may have.
    """
    failed = sa.and_(
        OperationRunEvent.kind == "completed",
        OperationRunEvent.data["reason_code"].as_string() == "queue.dispatch_failed",
    )
    rejected = OperationRunEvent.data["dispatch"].as_string() == "rejected"
    count = sa.func.count()
    return [
        count.filter(OperationRunEvent.kind == "dispatched"),
        count.filter(failed, rejected),
        count.filter(failed, sa.func.coalesce(rejected, sa.false()).is_(sa.false())),
    ]
