"""Pausing and resuming the queue, or a tenant's runs, by those who may."""

from opsapp.models import Pause, Tenant, User
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed
from opsapp.runs import pauses as ledger
from opsapp.runs.initiator import Initiator
from opsapp.services.current_pauses import word_for


def pause(tenant: Tenant | None, reason: str, initiator: Initiator) -> Pause:
    """Holds all that is queued, of a tenant or (None) at all. Raises Refused, NotAllowed."""
    _check(tenant, initiator)
    return ledger.pause(tenant, reason, initiator)


def resume(tenant: Tenant | None, initiator: Initiator) -> Pause:
    """Raises Refused when it is not paused, NotAllowed."""
    _check(tenant, initiator)
    return ledger.resume(tenant, initiator)


def _check(tenant: Tenant | None, initiator: Initiator) -> None:
    if isinstance(initiator, User) and not allows(initiator, tenant, word_for(tenant)):
        what = f"the runs of {tenant.name}" if tenant else "the queue"
        raise NotAllowed(f"You may not pause or resume {what}.")
