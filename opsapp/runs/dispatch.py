"""Handing a committed run to the queue, truthfully: handed over, or failed at once."""

import logging
import socket

from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError, ResponseError

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus
from opsapp.models.base import write
from opsapp.runs import queue
from opsapp.runs.events import add_event
from opsapp.runs.notifications import notify_queued
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize, locked

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
        _mark_dispatched(run_id, token)
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


def _mark_dispatched(run_id: int, token: str) -> None:
    """Does nothing when a worker was faster: its claim has said it already."""
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status == RunStatus.COMPLETED or run.dispatched_at:
            return
        run.job_id = queue.job_id_of(run_id, token)
        run.dispatched_at = utcnow()
        add_event(session, run_id, "dispatched", "Handed to the queue.")
        notify_queued(session, run)
