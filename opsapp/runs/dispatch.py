"""Handing a committed run to the queue, truthfully: handed over, or failed at once."""

import logging

from opsapp.database import utcnow
from opsapp.models import OperationRun, RunStatus
from opsapp.models.base import write
from opsapp.runs import queue
from opsapp.runs.events import add_event
from opsapp.runs.notifications import notify_queued
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize, locked

logger = logging.getLogger(__name__)


def dispatch(run: OperationRun) -> OperationRun:
    """Enqueues a queued run. When that raises, the run is completed as failed at once.

    That stays true even if the queue took the job all the same: the worker's claim needs the run
    to be queued under this token.
    """
    run_id, token = run.id, run.dispatch_token
    try:
        queue.enqueue(run)
    except Exception as error:  # noqa: BLE001 - whatever Redis or RQ raise means the same here
        logger.warning("dispatch failed", extra={"run_id": run_id, "error": type(error).__name__})
        finalize(
            run_id,
            RunResult.failed("queue.dispatch_failed"),
            token=token,
            expected=(RunStatus.QUEUED,),
            data={"error": type(error).__name__},
        )
    else:
        _mark_dispatched(run_id, token)
    return run


def _mark_dispatched(run_id: int, token: str) -> None:
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status == RunStatus.COMPLETED:
            return
        run.job_id = queue.job_id_of(run_id, token)
        run.dispatched_at = run.dispatched_at or utcnow()
        add_event(session, run_id, "dispatched", "Handed to the queue.")
        notify_queued(session, run)
