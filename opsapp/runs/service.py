"""The ledger's front door: start, update, fail, cancel and retry runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    ItemResult,
    OperationRun,
    OperationRunItem,
    RunOutcome,
    RunStatus,
    Tenant,
    User,
)
from opsapp.models.base import write
from opsapp.models.run import ACTIVE_SQL
from opsapp.models.upsert import insert_for
from opsapp.operations import operation_of
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed, Refused
from opsapp.runs.dispatch import dispatch
from opsapp.runs.events import add_event
from opsapp.runs.identity import run_identity_hash
from opsapp.runs.initiator import Initiator, audit, name_of
from opsapp.runs.result import Failure, RunResult
from opsapp.runs.transitions import (
    ACTIVE,
    finalize,
    hand_back,
    locked,
    new_token,
    request_cancel,
)

MAX_RACES = 10


def start(
    tenant: Tenant,
    type: str,  # noqa: A002 - the ledger's own word
    inputs: Mapping[str, Any] | None = None,
    initiator: Initiator = None,
) -> OperationRun:
    """Authorises, ensures a run and dispatches it; what every start surface calls.

    Returns the active run of the same identity untouched if there is one (``run.is_new`` says
    which). Raises NotAllowed, Refused (suspended tenant), InvalidInputs, UnknownOperation.
    """
    operation = operation_of(type)
    if isinstance(initiator, User) and not allows(initiator, tenant, operation.permission):
        raise NotAllowed(f"You may not start “{operation.label}” in {tenant.name}.")
    if tenant.suspended_at:
        raise Refused(f"{tenant.name} is suspended.", reason_code="tenant.suspended")
    run = ensure_run(tenant, type, inputs or {}, initiator)
    return dispatch(run) if run.is_new else run


def ensure_run(
    tenant: Tenant,
    type: str,  # noqa: A002
    inputs: Mapping[str, Any],
    initiator: Initiator = None,
    *,
    retry_of: OperationRun | None = None,
) -> OperationRun:
    """The active run of this identity, or a new queued one (``run.is_new``); race-free.

    The initiator of an active run is never replaced.
    """
    values = _new_run_values(tenant, type, inputs, initiator, retry_of)
    for _ in range(MAX_RACES):
        if run := _active_run(values):
            run.is_new = False
            return run
        with write() as session:
            run = _insert_unless_active(session, values)
            if run:
                add_event(session, run.id, "created", "Created.", actor=run.initiator_name)
                audit(session, initiator, "run.retried" if retry_of else "run.started", run)
        if run:
            run.is_new = True
            return run
    raise Refused("Too many starts of the same work at once. Try again.")


def _new_run_values(
    tenant: Tenant,
    type_: str,
    inputs: Mapping[str, Any],
    initiator: Initiator,
    retry_of: OperationRun | None,
) -> dict[str, Any]:
    clean = operation_of(type_).clean_inputs(inputs)
    user = initiator if isinstance(initiator, User) else None
    now = utcnow()
    return {
        "tenant_id": tenant.id,
        "user_id": user.id if user else None,
        "initiator_name": name_of(initiator),
        "type": type_,
        "status": RunStatus.QUEUED,
        "outcome": RunOutcome.PENDING,
        "run_identity_hash": run_identity_hash(tenant.id, type_, clean),
        "inputs": clean,
        "context": {},
        "summary_counts": {},
        "failure_summary": [],
        "attempt": 1,
        "priority": 10 if user else 0,
        "dispatch_token": new_token(),
        "retry_of_id": retry_of.id if retry_of else None,
        "created_at": now,
        "updated_at": now,
    }


def _insert_unless_active(session: Session, values: dict[str, Any]) -> OperationRun | None:
    statement = insert_for(session, OperationRun).values(values)
    statement = statement.on_conflict_do_nothing(
        index_elements=["tenant_id", "run_identity_hash"], index_where=sa.text(ACTIVE_SQL)
    )
    run_id = session.scalar(statement.returning(OperationRun.id))
    return session.get(OperationRun, run_id) if run_id else None


def _active_run(values: dict[str, Any]) -> OperationRun | None:
    session = db.session()
    session.rollback()  # so that what others have committed is seen
    return session.scalar(
        sa.select(OperationRun).where(
            OperationRun.tenant_id == values["tenant_id"],
            OperationRun.run_identity_hash == values["run_identity_hash"],
            OperationRun.status.in_(ACTIVE),
        )
    )


def update_run(
    run: OperationRun,
    status: RunStatus,
    outcome: RunOutcome | None = None,
    summary_counts: Mapping[str, int] | None = None,
    failures: Sequence[Failure] | None = None,
) -> OperationRun:
    """Moves a run along ``queued → running → completed`` (or back to ``queued``).

    For records that mirror their state into the ledger. Completing needs an outcome; a failed run
    takes its reason code from the first failure. Raises Refused for a transition that does not
    exist; a completed run is returned unchanged.
    """
    status = RunStatus(status)
    if status == RunStatus.COMPLETED:
        if outcome in (None, RunOutcome.PENDING):
            raise Refused("A completed run needs an outcome.")
        _complete_with(run, RunOutcome(outcome), summary_counts or {}, tuple(failures or ()))
    elif outcome not in (None, RunOutcome.PENDING):
        raise Refused("Only a completed run has an outcome.")
    elif status == RunStatus.QUEUED and run.status == RunStatus.RUNNING:
        hand_back(run.id, run.dispatch_token, "Handed back.")
        _move(run.id, status, summary_counts)
    else:
        _move(run.id, status, summary_counts)
    return run


def _complete_with(
    run: OperationRun,
    outcome: RunOutcome,
    counts: Mapping[str, int],
    failures: tuple[Failure, ...],
) -> None:
    code = {
        RunOutcome.SUCCEEDED: None,
        RunOutcome.PARTIALLY_SUCCEEDED: "run.partial",
        RunOutcome.CANCELLED: "run.cancelled_by_user",
    }.get(outcome, failures[0].code if failures else "internal.unexpected")
    finalize(run.id, RunResult(outcome, code, counts, failures))


def _move(run_id: int, status: RunStatus, counts: Mapping[str, int] | None) -> None:
    with write() as session:
        run = locked(session, run_id)
        if run is None or run.status == RunStatus.COMPLETED:
            return
        if run.status != status:
            run.status, run.hold, run.started_at = status, None, run.started_at or utcnow()
            add_event(session, run_id, "started", "Started.")
        if counts is not None:
            run.summary_counts = {**run.summary_counts, **counts}


def fail_run(run: OperationRun, error: BaseException | str) -> OperationRun:
    """Completes a run as failed, with the reason of an exception or a reason code."""
    result = RunResult.failed(error) if isinstance(error, str) else RunResult.of_error(error)
    finalize(run.id, result)
    return run


def cancel(run: OperationRun, initiator: Initiator) -> OperationRun:
    """Cancels a queued run at once and asks a running one to stop at its next item.

    Raises Refused when the run is already completed.
    """
    if not request_cancel(run.id, initiator):
        raise Refused("The run has already ended.")
    return run


def retry(run: OperationRun, initiator: Initiator, *, failed_only: bool = False) -> OperationRun:
    """Starts the same work again as a new run, linked to the ended one.

    With ``failed_only`` the operation narrows its inputs to what failed. Raises Refused while
    the run is active, or when nothing failed.
    """
    if run.is_active:
        raise Refused("The run is still active.")
    operation = operation_of(run.type)
    if isinstance(initiator, User) and not allows(initiator, run.tenant, operation.permission):
        raise NotAllowed(f"You may not start “{operation.label}” in {run.tenant.name}.")
    if run.tenant.suspended_at:
        raise Refused(f"{run.tenant.name} is suspended.", reason_code="tenant.suspended")
    inputs = operation.inputs_for_failed(run.inputs, _failed_items(run)) if failed_only else None
    new = ensure_run(
        run.tenant, run.type, run.inputs if inputs is None else inputs, initiator, retry_of=run
    )
    return dispatch(new) if new.is_new else new


def _failed_items(run: OperationRun) -> Sequence[OperationRunItem]:
    failed = db.session.scalars(
        sa.select(OperationRunItem).where(
            OperationRunItem.run_id == run.id, OperationRunItem.result == ItemResult.FAILED
        )
    ).all()
    if not failed:
        raise Refused("No item of this run failed.")
    return failed
