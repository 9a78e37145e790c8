"""The changes of a run's state. Each is one compare-and-set in one short write transaction.

``finalize`` is the only door to ``completed``: callbacks, the killed-worker handler, reconcile,
cancel and failed dispatch all go through it.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, RunStatus
from opsapp.models.base import table_of, write
from opsapp.operations import REGISTRY
from opsapp.operations.base import Operation
from opsapp.runs.attention import note_ending
from opsapp.runs.events import SYSTEM, add_event
from opsapp.runs.initiator import Initiator, answerable, audit, name_of
from opsapp.runs.notifications import notify_ended
from opsapp.runs.reasons import REASONS
from opsapp.runs.repairs import note_repairs
from opsapp.runs.restores import progress_of, settled, take_over
from opsapp.runs.result import RunResult

_STUCK = "interruptions without progress"  # that is told of restores alone
_RUNS = table_of(OperationRun)
_STATUS = sa.select(_RUNS.c.status).where(_RUNS.c.id == sa.bindparam("run_id"))
ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)


def new_token() -> str:
    """A dispatch token: whoever holds the current one may work on the run."""
    return secrets.token_hex(16)


def locked(session: Session, run_id: int, token: str | None = None) -> OperationRun | None:
    """The run, locked for this transaction; None when gone or when the token is not current."""
    run = session.get(
        OperationRun, run_id, with_for_update={"of": OperationRun}, populate_existing=True
    )
    if run is None or (token is not None and run.dispatch_token != token):
        return None
    return run


def is_over(run_id: int) -> bool:
    """A look without a lock: what is completed stays completed."""
    session = db.session()
    session.rollback()
    status = session.connection().scalar(_STATUS, {"run_id": run_id})
    session.rollback()
    return status == RunStatus.COMPLETED


def finalize(
    run_id: int,
    fallback: RunResult | None,
    *,
    token: str | None = None,
    expected: Sequence[RunStatus] = ACTIVE,
    actor: str = SYSTEM,
    data: dict[str, Any] | None = None,
) -> bool:
    """Completes a run with its staged result, or else with ``fallback``, and notifies once.

    Compare-and-set: does nothing and returns False when the run is already completed, not in an
    ``expected`` status, handed on under another token, or when there is no result at all.
    """
    if is_over(run_id):
        return False
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status not in expected:
            return False
        result = RunResult.from_json(run.staged_result) if run.staged_result else fallback
        if result is None:
            return False
        complete(session, run, result, actor, data)
    return True


def complete(
    session: Session,
    run: OperationRun,
    result: RunResult,
    actor: str = SYSTEM,
    data: dict[str, Any] | None = None,
) -> None:
    """Inside a transaction that holds the run: its one and only last change."""
    result = settled(session, run, result)
    counts = {**run.summary_counts, **result.counts}
    counts.pop("in_flight", None)  # nothing is, any more
    run.summary_counts = counts
    run.failure_summary = [vars(failure) for failure in result.failures]
    run.outcome = result.outcome
    run.reason_code = result.reason_code
    run.hold = None
    run.completed_at = utcnow()
    run.status = RunStatus.COMPLETED
    why = _message_of(result.reason_code)
    words = result.outcome.value.replace("_", " ")
    add_event(
        session,
        run.id,
        "completed",
        f"{words.capitalize()}. {why}".strip(),
        actor=actor,
        data={"reason_code": result.reason_code, **(data or {})},
    )
    session.flush()
    take_over(session, run)
    notify_ended(session, run)
    note_ending(session, run)
    note_repairs(session, run)


def hand_back(
    run_id: int,
    token: str,
    why: str,
    *,
    hold: Hold | None = None,
    not_before: datetime | None = None,
    interrupted: bool = False,
) -> bool:
    """Puts a running run back in the queue under a new token, to go on at its next item.

    With a ``hold`` it waits, visibly, until ``not_before``. ``interrupted`` counts towards the
    limit of interruptions. The tick dispatches it. A run that somebody asked to cancel is
    cancelled instead. False when the run is no longer ours.
    """
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status != RunStatus.RUNNING:
            return False
        if run.cancel_requested_at:
            _cancel_as_requested(session, run)
        else:
            _requeue(session, run, why, hold, not_before, interrupted)
    return True


def _requeue(
    session: Session,
    run: OperationRun,
    why: str,
    hold: Hold | None,
    not_before: datetime | None,
    interrupted: bool,
) -> None:
    if interrupted:
        count = run.context.get("interruptions", 0) + 1
        stuck = _stuck(run) + 1
        run.context = {**run.context, "interruptions": count, _STUCK: stuck}
    run.status = RunStatus.QUEUED
    run.dispatch_token = new_token()
    run.attempt += 1
    run.hold, run.not_before, run.wait_reason = hold, not_before, storable(why, 300)
    run.job_id = run.worker = run.dispatched_at = run.missing_since = None
    run.heartbeat_at = run.lease_expires_at = run.staged_result = None
    add_event(session, run.id, "held" if hold else "handed_back", why)
    session.flush()
    take_over(session, run)


def settle_interrupted(
    run_id: int,
    token: str,
    reason_code: str,
    *,
    worker: str | None = None,
    data: dict[str, Any] | None = None,
    untouched: bool = False,
) -> bool:
    """Decides what becomes of a run whose job ended without saying so.

    Its staged result stands; a cancel that was asked for is honoured; a resumable operation is
    handed back, at most three times; anything else fails with ``reason_code``. A run whose job
    ended before it was claimed is handed back as well, and one that is ``untouched``: nothing was
    done. With ``worker`` only a
    run that this worker claimed, or nobody: a second copy of a job must not end the first.
    """
    if is_over(run_id):
        return False
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or not _is_abandoned(run, worker):
            return False
        _settle(session, run, reason_code, data, untouched=untouched)
    return True


def _is_abandoned(run: OperationRun, worker: str | None) -> bool:
    if run.status == RunStatus.QUEUED:
        return run.hold is None
    return run.status == RunStatus.RUNNING and worker in (None, run.worker)


def settle_expired(run_id: int, token: str, reason_code: str) -> bool:
    """The same for a run whose lease is over; False when it was renewed meanwhile."""
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status != RunStatus.RUNNING:
            return False
        if run.lease_expires_at is None or run.lease_expires_at >= utcnow():
            return False
        _settle(session, run, reason_code, {"worker": run.worker})
    return True


def settle_lost(run_id: int, token: str) -> bool:
    """For a queued run that the queue does not hold any more.

    Nothing was done, unless it had begun and was handed back: then that interruption counts.
    """
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status != RunStatus.QUEUED or run.hold:
            return False
        if run.started_at is None:
            complete(session, run, RunResult.failed("queue.lost"))
        else:
            _settle(session, run, run.context.get("interrupted_by", "worker.lost"), None)
    return True


def _settle(
    session: Session,
    run: OperationRun,
    reason_code: str,
    data: dict[str, Any] | None,
    *,
    untouched: bool = False,
) -> None:
    if run.staged_result:
        complete(session, run, RunResult.from_json(run.staged_result), SYSTEM, data)
    elif run.cancel_requested_at:
        _cancel_as_requested(session, run, data)
    elif _is_getting_on(session, run) or may_resume(run, untouched=untouched):
        run.context = {**run.context, "interrupted_by": reason_code}
        _requeue(session, run, REASONS[reason_code].message, None, None, interrupted=True)
    else:
        complete(session, run, RunResult.failed(reason_code), data=data)


def _is_getting_on(session: Session, run: OperationRun) -> bool:
    """Whether it has come further since it was last interrupted: then only this one counts.

    A restore that is given up leaves a tenant half changed, so it goes on as long as it can.
    """
    progress = progress_of(session, run)
    if progress is None or progress == run.context.get("progress"):
        return False
    run.context = {**run.context, "progress": progress, _STUCK: 0}
    return run.status == RunStatus.RUNNING


def _cancel_as_requested(
    session: Session, run: OperationRun, data: dict[str, Any] | None = None
) -> None:
    complete(session, run, RunResult.cancelled(), run.cancel_requested_by or SYSTEM, data)


def request_cancel(run_id: int, initiator: Initiator, reason: str | None = None) -> bool:
    """Cancels a queued run at once, asks a running one to stop; False when it has ended."""
    actor, auditor = name_of(initiator), answerable(initiator)
    with write() as session:
        run = locked(session, run_id)
        if run is None or run.status == RunStatus.COMPLETED:
            return False
        if run.cancel_requested_at is not None:
            return True  # asked already: who asked first, and why, stays
        run.cancel_requested_at, run.cancel_requested_by = utcnow(), actor
        run.cancel_reason = reason
        said = f"Cancel requested: {reason}" if reason else "Cancel requested."
        add_event(session, run_id, "cancel_requested", said, actor=actor)
        if run.status == RunStatus.QUEUED:
            complete(session, run, RunResult.cancelled(), actor, None)
        columns = ("id", "tenant_id", "type", "retry_of_id")
        values = {name: getattr(run, name) for name in columns}
        audit(session, auditor, "run.cancel_requested", values)
    return True


def release(run_id: int, token: str, why: str = "The wait is over.") -> bool:
    """Ends the hold of a queued run; a new token, for Redis may remember a job of the old one."""
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status != RunStatus.QUEUED or run.hold is None:
            return False
        run.hold = run.not_before = run.wait_reason = None
        take_back(run)
        add_event(session, run_id, "released", why)
    return True


def take_back(run: OperationRun) -> None:
    """A queued run is not in the queue any more; a job that still is finds its token outdated."""
    run.job_id = run.dispatched_at = run.missing_since = None
    run.dispatch_token = new_token()


def may_resume(run: OperationRun, *, untouched: bool = False) -> bool:
    """Whether another attempt is allowed: nothing was done yet, or the operation can go on."""
    operation = REGISTRY.get(run.type)
    if _stuck(run) >= (operation.attempts if operation else Operation.attempts) - 1:
        return False
    untouched = untouched or run.status == RunStatus.QUEUED
    return untouched or bool(operation and operation.resumable)


def _stuck(run: OperationRun) -> int:
    """How often it was interrupted in a row without having come further."""
    found: int = run.context.get(_STUCK, run.context.get("interruptions", 0))
    return found


def _message_of(code: str | None) -> str:
    """Of any code, for a staged result may come from a newer version that knows more of them."""
    known = REASONS.get(code or "")
    return known.message if known else code or ""
