"""Healing what no callback will: runs that nothing would move any more.

Runs from every worker's tick and from ``flask runs reconcile``. The database is the truth; Redis
is only asked which jobs it still holds, and an unreachable Redis is never "absent".
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from redis.exceptions import RedisError

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, QueueState, RunStatus, Tick
from opsapp.models.base import write
from opsapp.models.upsert import insert_for, insert_or_ignore
from opsapp.run_totals import add_reaper_actions
from opsapp.runs import queue
from opsapp.runs.dispatch import dispatch
from opsapp.runs.pauses import release_resumed
from opsapp.runs.transitions import locked, release, settle_expired, settle_lost

logger = logging.getLogger(__name__)

UNDISPATCHED_GRACE = timedelta(seconds=5)
MISSING_GRACE = timedelta(seconds=10)
BATCH = 500
ROUNDS_KEPT = 20
TICK_NAME = "reconcile"


def reconcile(by: str = "reconcile") -> dict[str, int]:
    """Heals what needs healing and returns how many runs of each kind; recorded in ``ticks``."""
    healed: Counter[str] = Counter()
    healed["lease_expired"] = _settle_expired_leases()
    looked_at = utcnow()
    found = _look_at_queue(by)
    if found is not None:
        healed["released"] = _release_due_holds() + release_resumed(BATCH)
        healed["dispatched"] = _dispatch_forgotten()
        healed["lost"] = _finalize_lost(found.job_ids, looked_at)
    report = {name: count for name, count in healed.items() if count}
    _record(by, report)
    if report:
        logger.info("reconcile healed runs", extra={"healed": report})
    return report


def _settle_expired_leases() -> int:
    expired = _ids_and_tokens(
        OperationRun.status == RunStatus.RUNNING, OperationRun.lease_expires_at < utcnow()
    )
    return _each(expired, lambda run_id, token: settle_expired(run_id, token, "worker.lost"))


def _each(runs: Sequence[tuple[int, str]], heal: Callable[[int, str], bool]) -> int:
    """Heals one by one: a run that cannot be healed must not keep the others waiting."""
    healed = 0
    for run_id, token in runs:
        try:
            healed += heal(run_id, token)
        except Exception:
            db.session.rollback()
            logger.exception("could not heal a run", extra={"run_id": run_id})
    return healed


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
    due = _ids_and_tokens(
        OperationRun.status == RunStatus.QUEUED,
        OperationRun.hold.in_([Hold.GRAPH, Hold.PAUSED, Hold.APPROVAL]),
        OperationRun.not_before <= utcnow(),
    )
    return _each(due, lambda run_id, token: release(run_id, token) and _dispatch_again(run_id))


def _dispatch_forgotten() -> int:
    """Fresh runs get some seconds, for whoever made one may be dispatching it this moment."""
    forgotten = _ids_and_tokens(
        OperationRun.status == RunStatus.QUEUED,
        OperationRun.hold.is_(None),
        OperationRun.dispatched_at.is_(None),
        sa.or_(OperationRun.attempt > 1, OperationRun.updated_at < utcnow() - UNDISPATCHED_GRACE),
    )
    return _each(forgotten, lambda run_id, _token: _dispatch_again(run_id))


def _dispatch_again(run_id: int) -> bool:
    run = db.session.get(OperationRun, run_id, populate_existing=True)
    return run is not None and dispatch(run, give_up=False).dispatched_at is not None


def _finalize_lost(held_jobs: frozenset[str], looked_at: datetime) -> int:
    """What was dispatched before we looked at the queue and was not there, twice."""
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
    gone: list[tuple[int, str]] = []
    for run_id, token, dispatched_at, missing_since in waiting:
        is_held = queue.job_id_of(run_id, token) in held_jobs
        if is_held or (dispatched_at and dispatched_at > looked_at):
            if missing_since:
                _note_missing(run_id, token, None)
        elif missing_since is None:
            _note_missing(run_id, token, looked_at)
        elif missing_since <= looked_at - MISSING_GRACE:
            gone.append((run_id, token))
    return _each(gone, settle_lost)


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
    """Keeps when reconcile last ran, and the latest rounds that healed anything, newest first."""
    now = utcnow()
    with write() as session:
        session.execute(insert_or_ignore(session, Tick).values(name=TICK_NAME, report={}))
        row = session.get_one(Tick, TICK_NAME, with_for_update=True, populate_existing=True)
        row.ran_at, row.ran_by = now, by
        if report:
            round_ = {"at": now.isoformat(), "by": by, "healed": report}
            row.report = {"rounds": [round_, *row.report.get("rounds", [])][:ROUNDS_KEPT]}
            add_reaper_actions(session, report)
