"""Workers, queue and waiting runs as the database knows them: no page asks Redis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    OperationRun,
    QueueState,
    RunStatus,
    Tick,
    WorkerHeartbeat,
    WorkerState,
)
from opsapp.services.run_filters import ACTIVE

REMEMBERED = timedelta(hours=24)
WORKERS_SHOWN = 200
WAITING_SHOWN = 20
RECONCILE = "reconcile"  # the tick's name, as the ledger writes it


@dataclass(frozen=True)
class Worker:
    """A worker process. ``lost``: it neither stopped nor was heard of for longer than a lease."""

    row: WorkerHeartbeat
    lost: bool

    @property
    def is_live(self) -> bool:
        return not self.lost and self.row.state != WorkerState.STOPPED

    @property
    def is_busy(self) -> bool:
        return self.is_live and self.row.state == WorkerState.BUSY


@dataclass(frozen=True)
class Healing:
    """When reconcile last ran, and what it healed the last time it healed anything."""

    ran_at: datetime | None
    ran_by: str | None
    healed: Mapping[str, int]
    healed_at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """Runs in the queue, oldest first (the first of them), and how many of each kind wait."""

    first: Sequence[OperationRun]
    queued: int
    held: int
    undispatched: int
    running: int


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
    )
    oldest = lost_before()
    found = [
        Worker(row, row.state != WorkerState.STOPPED and row.heartbeat_at < oldest) for row in rows
    ]
    return sorted(found, key=lambda worker: (not worker.is_live, worker.row.host, worker.row.name))


def last_worker_heard_at() -> datetime | None:
    """The latest sign of life of any worker, ever."""
    return db.session.scalar(sa.select(sa.func.max(WorkerHeartbeat.heartbeat_at)))


def queue_state() -> QueueState | None:
    """The queue as the last tick saw it; None before the first."""
    return db.session.scalar(sa.select(QueueState).order_by(QueueState.measured_at.desc()).limit(1))


def healing() -> Healing:
    tick = db.session.get(Tick, RECONCILE)
    if tick is None:
        return Healing(None, None, {}, None)
    report: Mapping[str, Any] = tick.report
    healed_at = report.get("healed_at")
    return Healing(
        tick.ran_at,
        tick.ran_by,
        report.get("healed", {}),
        datetime.fromisoformat(healed_at) if healed_at else None,
    )


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
    counts = db.session.execute(
        sa.select(*(sa.func.count().filter(kind) for kind in kinds))
        .select_from(OperationRun)
        .where(ACTIVE)
    ).one()
    return Waiting(first, *tuple(counts))


def _in_queue() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ACTIVE,
        OperationRun.status == RunStatus.QUEUED,
        OperationRun.hold.is_(None),
        OperationRun.dispatched_at.is_not(None),
    )


def runs_of(found: Sequence[Worker]) -> Mapping[int, OperationRun]:
    """The runs that the workers say they work on, by id."""
    ids = [worker.row.current_run_id for worker in found if worker.row.current_run_id]
    query = sa.select(OperationRun).where(OperationRun.id.in_(ids))
    runs = db.session.scalars(query.options(joinedload(OperationRun.tenant)))
    return {run.id: run for run in runs}
