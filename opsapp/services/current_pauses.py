"""The pauses in force: those that hold a tenant's runs, and those that a person may see."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import Pause, Tenant, User
from opsapp.permissions import tenants_of

SHOWN = 6


@dataclass(frozen=True)
class CurrentPause:
    """A pause and the tenant whose runs it holds; None for the whole queue."""

    pause: Pause
    tenant: Tenant | None


def of_tenant(tenant: Tenant) -> Sequence[CurrentPause]:
    """Those that hold the tenant's runs, that of the whole queue first."""
    return _where(Pause.scope.in_([0, tenant.id]))


def own_of(tenant: Tenant) -> Pause | None:
    """The pause of this tenant's runs alone."""
    return next((found.pause for found in of_tenant(tenant) if found.tenant), None)


def visible_to(user: User) -> Sequence[CurrentPause]:
    """The whole queue's first, then those of the person's tenants; ``SHOWN`` at most."""
    mine = tenants_of(user).with_only_columns(Tenant.id)
    return _where(sa.or_(Pause.tenant_id.is_(None), Pause.tenant_id.in_(mine)))


def _where(condition: sa.ColumnElement[bool]) -> Sequence[CurrentPause]:
    rows = db.session.execute(
        sa.select(Pause, Tenant)
        .outerjoin(Tenant, Tenant.id == Pause.tenant_id)
        .where(Pause.lifted_at.is_(None), condition)
        .order_by(Pause.scope)
        .limit(SHOWN)
    )
    return [CurrentPause(pause, tenant) for pause, tenant in rows]


def word_for(tenant: Tenant | None) -> str:
    """The right that it takes to pause and to resume."""
    return "tenant.pause" if tenant else "queue.manage"
