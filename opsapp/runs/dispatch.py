"""Handing a committed run to the queue, truthfully: handed over, or failed at once."""

import logging
import socket

import sqlalchemy as sa
from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError, ResponseError

from opsapp.database import UtcDateTime, utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus
from opsapp.models.base import table_of, write_rows
from opsapp.runs import queue
from opsapp.runs.events import add_event
from opsapp.runs.notifications import Note, queued_note, send
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize

logger = logging.getLogger(__name__)

_REFUSED = (ResponseError, AuthenticationError, BusyLoadingError)  # Redis answered: no


def dispatch(run: OperationRun, *, give_up: bool = True) -> OperationRun:
    """Enqueues a queued run. When that raises, the run is completed as failed at once.

    That stays true even if the queue took the job all the same: the worker's claim needs the run
    to be queued under this token. Without ``give_up`` a run that Redis did not take stays as it
    is, not dispatched: reconcile, which comes again, uses it.
    """
    run_id, token = run.id, run.dispatch_token
    try:
        message = queue.message_of(run)
        note = queued_note(run)
        db.session.rollback()  # no transaction stays open while we wait for Redis
        queue.enqueue(message)
    except Exception as error:  # noqa: BLE001 - whatever Redis or RQ raise means the same here
        logger.warning("dispatch failed", extra={"run_id": run_id, "error": type(error).__name__})
        if give_up or not isinstance(error, (RedisError, OSError)):
            finalize(
                run_id,
                RunResult.failed("queue.dispatch_failed"),
                token=token,
                expected=(RunStatus.QUEUED,),
                data={"error": type(error).__name__, "dispatch": _answer_of(error)},
            )
    else:
        _mark_dispatched(run_id, token, note)
    return run


def _answer_of(error: Exception) -> str:
    """``rejected`` when the queue surely took nothing, else ``unknown``: no answer came."""
    if not isinstance(error, (RedisError, OSError)):
        return "rejected"  # before anything was sent
    return "rejected" if isinstance(error, _REFUSED) or _is_not_connected(error) else "unknown"


def _is_not_connected(error: BaseException | None) -> bool:
    """Whether the connection itself failed; its cause says so, behind what redis-py raises."""
    while error is not None:
        if isinstance(error, (ConnectionRefusedError, FileNotFoundError, socket.gaierror)):
            return True
        error = error.__cause__ or error.__context__
    return False


_RUNS = table_of(OperationRun)
_MARK = (
    sa.update(_RUNS)
    .where(
        _RUNS.c.id == sa.bindparam("run_id"),
        _RUNS.c.dispatch_token == sa.bindparam("token"),
        _RUNS.c.status != RunStatus.COMPLETED,
        _RUNS.c.dispatched_at.is_(None),
    )
    .values(
        job_id=sa.bindparam("job"),
        dispatched_at=sa.bindparam("now", type_=UtcDateTime),
        updated_at=sa.bindparam("now", type_=UtcDateTime),
    )
)


def _mark_dispatched(run_id: int, token: str, note: Note | None) -> None:
    """Does nothing when a worker was faster: its claim has said it already."""
    job = queue.job_id_of(run_id, token)
    values = {"run_id": run_id, "token": token, "job": job, "now": utcnow()}
    with write_rows() as rows:
        if rows.execute(_MARK, values).rowcount == 0:
            return
        add_event(rows, run_id, "dispatched", "Handed to the queue.")
        if note:
            send(rows, note)
