"""Pausing and resuming the queue or a tenant's runs, by those who may; which pauses one sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import Pause, Tenant, User
from opsapp.permissions import allows, tenants_of
from opsapp.refusals import NotAllowed
from opsapp.runs import pauses as ledger
from opsapp.runs.initiator import Initiator

SHOWN = 5


@dataclass(frozen=True)
class InForce:
    """A pause and the tenant whose runs it holds; None for the whole queue."""

    pause: Pause
    tenant: Tenant | None


def pause(tenant: Tenant | None, reason: str, initiator: Initiator) -> Pause:
    """Holds all that is queued, of a tenant or (None) at all. Raises Refused, NotAllowed."""
    _check(tenant, initiator)
    return ledger.pause(tenant, reason, initiator)


def resume(tenant: Tenant | None, initiator: Initiator) -> Pause:
    """Raises Refused when it is not paused, NotAllowed."""
    _check(tenant, initiator)
    return ledger.resume(tenant, initiator)


def word_for(tenant: Tenant | None) -> str:
    return "tenant.pause" if tenant else "queue.manage"


def _check(tenant: Tenant | None, initiator: Initiator) -> None:
    if isinstance(initiator, User) and not allows(initiator, tenant, word_for(tenant)):
        what = f"the runs of {tenant.name}" if tenant else "the queue"
        raise NotAllowed(f"You may not pause or resume {what}.")


def of_tenant(tenant: Tenant) -> list[InForce]:
    """Those that hold the tenant's runs, that of the whole queue first."""
    rows = ledger.in_force(tenant.id)
    return [InForce(row, tenant if row.tenant_id else None) for row in rows]


def visible_to(user: User) -> Sequence[InForce]:
    """The whole queue's, and those of the person's tenants; ``SHOWN`` + 1 at most."""
    mine = tenants_of(user).with_only_columns(Tenant.id)
    rows = db.session.execute(
        sa.select(Pause, Tenant)
        .outerjoin(Tenant, Tenant.id == Pause.tenant_id)
        .where(
            ledger.IN_FORCE,
            sa.or_(Pause.tenant_id.is_(None), Pause.tenant_id.in_(mine)),
        )
        .order_by(Pause.scope)
        .limit(SHOWN + 1)
    )
    return [InForce(found, tenant) for found, tenant in rows]


def own_of(tenant: Tenant) -> Pause | None:
    """The pause of this tenant's runs alone, if one is in force."""
    return next((row for row in ledger.in_force(tenant.id) if row.tenant_id), None)
