"""Starting ended work again: all of it, or exactly what is still open."""

from collections.abc import Sequence

from opsapp.models import OperationRun, User
from opsapp.operations import operation_of
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed, Refused
from opsapp.runs.initiator import Initiator
from opsapp.runs.selection import BUSY, Chosen, busy_with, choose
from opsapp.runs.service import ensure_run, hand_over


def retry(
    run: OperationRun,
    initiator: Initiator,
    *,
    failed_only: bool = False,
    reason_code: str | None = None,
    selection: str | None = None,
) -> OperationRun:
    """Starts the work of an ended run again as a new run, linked to it.

    ``failed_only`` does what is open; ``reason_code`` narrows that to one reason, ``selection``,
    the hash of the offer the person saw, to exactly what was offered (``selection.choose``).
    Raises Refused when that changed meanwhile, while the run is active, with nothing to retry, or
    for an operation that nobody starts by itself.
    """
    if run.is_active:
        raise Refused("The run is still active.")
    operation = operation_of(run.type)
    if isinstance(initiator, User) and not allows(initiator, run.tenant, operation.permission):
        raise NotAllowed(f"You may not start “{operation.label}” in {run.tenant.name}.")
    if run.tenant.suspended_at:
        raise Refused(f"{run.tenant.name} is suspended.", reason_code="tenant.suspended")
    if operation.instead:
        raise Refused(operation.instead)
    chosen: Sequence[Chosen] | None = None
    if failed_only or reason_code:
        chosen = choose(run, reason_code=reason_code, seen=selection)
    elif busy := busy_with(run):
        raise Refused(BUSY.format(busy))
    new = ensure_run(run.tenant, run.type, run.inputs, initiator, retry_of=run, chosen=chosen)
    return hand_over(new)
