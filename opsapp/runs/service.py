"""The ledger's front door: start, update, fail and cancel runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from opsapp.database import storable, utcnow
from opsapp.models import OperationRun, RunOutcome, RunStatus, Tenant, User
from opsapp.models.base import write, write_rows
from opsapp.operations import operation_of
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed, Refused
from opsapp.runs.dispatch import dispatch
from opsapp.runs.events import add_event
from opsapp.runs.identity import run_identity_hash
from opsapp.runs.initiator import Initiator, answerable, audit, name_of
from opsapp.runs.opening import active_run, as_loaded, insert_unless_active
from opsapp.runs.result import Failure, RunResult
from opsapp.runs.selection import Chosen, hash_of
from opsapp.runs.transitions import (
    finalize,
    hand_back,
    locked,
    new_token,
    request_cancel,
)

MAX_RACES = 10
MAX_REASON = 300


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
    return hand_over(run)


def hand_over(run: OperationRun) -> OperationRun:
    """Dispatches a run that is new, unless it is parked."""
    return dispatch(run) if run.is_new and run.hold is None else run


def ensure_run(
    tenant: Tenant,
    type: str,  # noqa: A002
    inputs: Mapping[str, Any],
    initiator: Initiator = None,
    *,
    retry_of: OperationRun | None = None,
    chosen: Sequence[Chosen] | None = None,
) -> OperationRun:
    """The active run of this identity, or a new queued one (``run.is_new``); race-free.

    The initiator of an active run is never replaced. While a pause is in force the new run is
    parked. ``chosen`` items are stored as all that a retry is to do.
    """
    values = new_run_values(tenant, type, inputs, initiator, retry_of, chosen)
    actor, action = answerable(initiator), "run.retried" if retry_of else "run.started"
    for _ in range(MAX_RACES):
        with write_rows() as rows:
            run_id = insert_unless_active(rows, values, chosen)
            if run_id:
                audit(rows, actor, action, values | {"id": run_id})
        if run_id:
            return as_loaded(run_id, values)
        if run := active_run(values):
            return run
    raise Refused("Too many starts of the same work at once. Try again.")


def new_run_values(
    tenant: Tenant,
    type_: str,
    inputs: Mapping[str, Any],
    initiator: Initiator,
    retry_of: OperationRun | None = None,
    chosen: Sequence[Chosen] | None = None,
) -> dict[str, Any]:
    """The columns of a run that does not exist yet."""
    clean = operation_of(type_).clean_inputs(inputs)
    selection_hash = hash_of(chosen) if chosen else None
    identity = {**clean, "selection": selection_hash} if selection_hash else clean
    user = initiator if isinstance(initiator, User) else None
    now = utcnow()
    return {
        "tenant_id": tenant.id,
        "user_id": user.id if user else None,
        "initiator_name": name_of(initiator),
        "type": type_,
        "status": RunStatus.QUEUED,
        "outcome": RunOutcome.PENDING,
        "run_identity_hash": run_identity_hash(tenant.id, type_, identity),
        "inputs": clean,
        "context": {},
        "summary_counts": {},
        "failure_summary": [],
        "attempt": 1,
        "priority": 10 if user else 0,
        "dispatch_token": new_token(),
        "selection_hash": selection_hash,
        "retry_of_id": retry_of.id if retry_of else None,
        "created_at": now,
        "updated_at": now,
    }


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


def cancel(run: OperationRun, initiator: Initiator, *, reason: str = "") -> OperationRun:
    """Cancels a queued run at once and asks a running one to stop at its next item.

    Raises Refused when the run is already completed, or for a reason that is too long.
    """
    reason = " ".join(storable(reason).split())
    if len(reason) > MAX_REASON:
        raise Refused(f"Say why in at most {MAX_REASON} characters.", "reason")
    if not request_cancel(run.id, initiator, reason or None):
        raise Refused("The run has already ended.")
    return run
