"""Healing what no callback will: runs that nothing would move any more.

Runs from every worker's tick and from ``flask runs reconcile``. The database is the truth; Redis
is only asked which jobs it still holds, and an unreachable Redis is never "absent".
"""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from redis.exceptions import RedisError

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, QueueState, RunStatus, Tick
from opsapp.models.base import write
from opsapp.models.upsert import insert_for
from opsapp.runs import queue
from opsapp.runs.dispatch import dispatch
from opsapp.runs.events import add_event
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize, locked, settle_interrupted

logger = logging.getLogger(__name__)

UNDISPATCHED_GRACE = timedelta(seconds=5)
MISSING_GRACE = timedelta(seconds=10)
BATCH = 500
TICK_NAME = "reconcile"


def reconcile(by: str = "reconcile") -> dict[str, int]:
    """Heals what needs healing and returns how many runs of each kind; recorded in ``ticks``."""
    healed: Counter[str] = Counter()
    healed["lease_expired"] = _settle_expired_leases()
    found = _look_at_queue(by)
    if found is not None:
        healed["released"] = _release_due_holds()
        healed["dispatched"] = _dispatch_forgotten()
        healed["lost"] = _finalize_lost(found.job_ids)
    report = {name: count for name, count in healed.items() if count}
    _record(by, report)
    if report:
        logger.info("reconcile healed runs", extra={"healed": report})
    return report


def _settle_expired_leases() -> int:
    expired = _ids_and_tokens(
        OperationRun.status == RunStatus.RUNNING, OperationRun.lease_expires_at < utcnow()
    )
    return sum(settle_interrupted(run_id, token, "worker.lost") for run_id, token in expired)


def _look_at_queue(by: str) -> queue.QueueContents | None:
    try:
        found = queue.contents()
    except (RedisError, OSError):
        found = None
    values = {
        "depth": found.waiting if found else None,
        "reachable": found is not None,
        "measured_at": utcnow(),
        "measured_by": by,
    }
    with write() as session:
        statement = insert_for(session, QueueState).values(name=queue.QUEUE_NAME, **values)
        session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    return found


def _release_due_holds() -> int:
    released = 0
    due = _ids_and_tokens(
        OperationRun.status == RunStatus.QUEUED,
        OperationRun.hold.in_([Hold.GRAPH, Hold.PAUSED]),
        OperationRun.not_before <= utcnow(),
    )
    for run_id, token in due:
        with write() as session:
            run = locked(session, run_id, token)
            if run is None or run.hold is None:
                continue
            run.hold = run.not_before = run.wait_reason = None
            add_event(session, run_id, "released", "The wait is over.")
        dispatch(db.session.get_one(OperationRun, run_id))
        released += 1
    return released


def _dispatch_forgotten() -> int:
    forgotten = _ids_and_tokens(
        OperationRun.status == RunStatus.QUEUED,
        OperationRun.hold.is_(None),
        OperationRun.dispatched_at.is_(None),
        OperationRun.updated_at < utcnow() - UNDISPATCHED_GRACE,
    )
    for run_id, _token in forgotten:
        dispatch(db.session.get_one(OperationRun, run_id))
    return len(forgotten)


def _finalize_lost(held_jobs: frozenset[str]) -> int:
    now = utcnow()
    lost = 0
    waiting = db.session.execute(
        sa.select(
            OperationRun.id,
            OperationRun.dispatch_token,
            OperationRun.dispatched_at,
            OperationRun.missing_since,
        ).where(
            OperationRun.status == RunStatus.QUEUED,
            OperationRun.hold.is_(None),
            OperationRun.dispatched_at.is_not(None),
        )
    ).all()
    db.session.rollback()
    for run_id, token, dispatched_at, missing_since in waiting:
        is_held = queue.job_id_of(run_id, token) in held_jobs
        if is_held or (dispatched_at and dispatched_at > now - timedelta(seconds=1)):
            if missing_since:
                _note_missing(run_id, token, None)
        elif missing_since is None:
            _note_missing(run_id, token, now)
        elif missing_since <= now - MISSING_GRACE:
            lost += finalize(
                run_id, RunResult.failed("queue.lost"), token=token, expected=(RunStatus.QUEUED,)
            )
    return lost


def _note_missing(run_id: int, token: str, since: datetime | None) -> None:
    with write() as session:
        run = locked(session, run_id, token)
        if run is not None and run.status == RunStatus.QUEUED:
            run.missing_since = since


def _ids_and_tokens(*conditions: sa.ColumnElement[bool]) -> Sequence[tuple[int, str]]:
    rows = db.session.execute(
        sa.select(OperationRun.id, OperationRun.dispatch_token)
        .where(*conditions)
        .order_by(OperationRun.id)
        .limit(BATCH)
    ).all()
    db.session.rollback()
    return [(run_id, token) for run_id, token in rows]


def _record(by: str, report: dict[str, int]) -> None:
    """Keeps when reconcile last ran, and what it healed the last time it healed anything."""
    now = utcnow()
    with write() as session:
        tick = session.get(Tick, TICK_NAME)
        if tick is None:
            tick = Tick(name=TICK_NAME, report={})
            session.add(tick)
        tick.ran_at, tick.ran_by = now, by
        if report:
            tick.report = {"healed": report, "healed_at": now.isoformat()}
