"""Workers, queue and waiting runs as the database knows them: no page asks Redis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    OperationRun,
    OperationRunEvent,
    QueueState,
    RunStatus,
    Tick,
    WorkerHeartbeat,
    WorkerState,
)
from opsapp.models.conditions import ACTIVE, DISPATCHED
from opsapp.run_totals import dispatch_counts

REMEMBERED = timedelta(hours=24)
WORKERS_SHOWN = 200
WAITING_SHOWN = 20
RECONCILE = "reconcile"  # the tick's name, as the ledger writes it


@dataclass(frozen=True)
class Worker:
    """A worker process. ``lost``: it neither stopped nor was heard of for longer than a lease.

    ``run`` is what the ledger says it works on.
    """

    row: WorkerHeartbeat
    lost: bool
    run: OperationRun | None

    @property
    def is_live(self) -> bool:
        return not self.lost and self.row.state != WorkerState.STOPPED

    @property
    def is_busy(self) -> bool:
        return self.is_live and self.run is not None


@dataclass(frozen=True)
class Round:
    """A round of reconcile that healed something: how many runs of each kind."""

    at: datetime
    by: str
    healed: Mapping[str, int]


@dataclass(frozen=True)
class Healing:
    """When reconcile last ran, and the latest rounds that healed anything, newest first."""

    ran_at: datetime | None
    ran_by: str | None
    rounds: Sequence[Round]


@dataclass(frozen=True)
class Dispatches:
    """Runs that the queue took, refused, or gave no answer about."""

    accepted: int
    rejected: int
    unknown: int


@dataclass(frozen=True)
class Waiting:
    """Runs in the queue, oldest first (the first of them), and how many of each kind wait.

    ``…_since`` is since when the first of a kind has been in that state; None when there is none.
    """

    first: Sequence[OperationRun]
    queued: int
    held: int
    undispatched: int
    running: int
    queued_since: datetime | None
    held_since: datetime | None
    undispatched_since: datetime | None
    running_since: datetime | None

    def oldest_in_line(self, now: datetime) -> float:
        """Seconds that the first run has waited that only a worker is missing to; 0 for none."""
        since = [moment for moment in (self.queued_since, self.undispatched_since) if moment]
        return max(0, (now - min(since)).total_seconds()) if since else 0


def lost_before() -> datetime:
    """A worker whose last heartbeat is older is lost."""
    return utcnow() - timedelta(seconds=current_settings().lease_seconds)


def workers() -> list[Worker]:
    """Workers heard of in the last day: the live ones first, then by name."""
    rows = db.session.scalars(
        sa.select(WorkerHeartbeat)
        .where(WorkerHeartbeat.heartbeat_at >= utcnow() - REMEMBERED)
        .order_by(WorkerHeartbeat.heartbeat_at.desc())
        .limit(WORKERS_SHOWN)
    ).all()
    oldest, current = lost_before(), _running_by_worker([row.name for row in rows])
    found = [
        Worker(
            row,
            row.state != WorkerState.STOPPED and row.heartbeat_at < oldest,
            current.get(row.name),
        )
        for row in rows
    ]
    return sorted(found, key=lambda worker: (not worker.is_live, worker.row.host, worker.row.name))


def _running_by_worker(names: Sequence[str]) -> Mapping[str | None, OperationRun]:
    runs = db.session.scalars(
        sa.select(OperationRun)
        .where(ACTIVE, OperationRun.status == RunStatus.RUNNING, OperationRun.worker.in_(names))
        .options(joinedload(OperationRun.tenant))
        .order_by(OperationRun.id)
    )
    return {run.worker: run for run in runs}


def last_worker_heard_at() -> datetime | None:
    """The latest sign of life of any worker, ever."""
    return db.session.scalar(sa.select(sa.func.max(WorkerHeartbeat.heartbeat_at)))


def queue_state() -> QueueState | None:
    """The queue as the last tick saw it; None before the first."""
    return db.session.scalar(sa.select(QueueState).order_by(QueueState.measured_at.desc()).limit(1))


def healing() -> Healing:
    tick = db.session.get(Tick, RECONCILE)
    if tick is None:
        return Healing(None, None, ())
    rounds = [
        Round(datetime.fromisoformat(each["at"]), each["by"], each["healed"])
        for each in tick.report.get("rounds", [])
    ]
    return Healing(tick.ran_at, tick.ran_by, rounds)


def dispatches(window: timedelta = REMEMBERED) -> Dispatches:
    """What became of handing runs to the queue lately."""
    since = utcnow() - window
    accepted = sa.select(sa.func.count()).where(DISPATCHED, OperationRunEvent.at >= since)
    not_accepted = (
        sa.select(*dispatch_counts()[1:])
        .join(OperationRun, OperationRun.id == OperationRunEvent.run_id)
        .where(
            OperationRun.reason_code == "queue.dispatch_failed",
            OperationRun.completed_at >= since,
            OperationRunEvent.at >= since,
        )
    )
    counts = db.session.execute(not_accepted).one()
    return Dispatches(db.session.scalar(accepted) or 0, *tuple(counts))


def waiting() -> Waiting:
    first = db.session.scalars(
        sa.select(OperationRun)
        .where(*_in_queue())
        .options(joinedload(OperationRun.tenant))
        .order_by(OperationRun.dispatched_at, OperationRun.id)
        .limit(WAITING_SHOWN)
    ).all()
    queued = OperationRun.status == RunStatus.QUEUED
    kinds = (
        sa.and_(*_in_queue()),
        sa.and_(queued, OperationRun.hold.is_not(None)),
        sa.and_(queued, OperationRun.hold.is_(None), OperationRun.dispatched_at.is_(None)),
        OperationRun.status == RunStatus.RUNNING,
    )
    times = (
        OperationRun.dispatched_at,
        OperationRun.updated_at,
        OperationRun.updated_at,
        OperationRun.started_at,
    )
    pairs = list(zip(kinds, times, strict=True))
    found = db.session.execute(
        sa.select(
            *(sa.func.count().filter(kind) for kind in kinds),
            *(sa.func.min(time).filter(kind) for kind, time in pairs),
        )
        .select_from(OperationRun)
        .where(ACTIVE)
    ).one()
    return Waiting(first, *tuple(found))


def _in_queue() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ACTIVE,
        OperationRun.status == RunStatus.QUEUED,
        OperationRun.hold.is_(None),
        OperationRun.dispatched_at.is_not(None),
    )
