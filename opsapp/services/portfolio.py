"""All tenants of a person at a glance, those that need attention first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    CollectionState,
    Completeness,
    Membership,
    OperationRun,
    PermissionState,
    Role,
    Tenant,
    TenantPermission,
    User,
)
from opsapp.models.conditions import ACTIVE
from opsapp.permissions import tenants_of
from opsapp.services.paging import PAGE_SIZE
from opsapp.services.run_filters import needs_attention

RECENT = timedelta(days=7)
_LISTED = (
    Tenant.id, Tenant.slug, Tenant.name, Tenant.is_production, Tenant.suspended_at,
    Tenant.verified_at, Tenant.organization_name,
)  # fmt: skip
Counts = Mapping[int, int]


@dataclass(frozen=True)
class TenantRow:
    """A tenant and what is wrong with it. ``role`` is None for administrators without membership.

    ``read_at`` is when its collections were last looked at; ``oldest_complete_at`` is how old the
    oldest of the complete ones is. ``unread`` collections were looked at and not read completely.
    """

    slug: str
    name: str
    role: Role | None
    is_production: bool
    is_suspended: bool
    verified_at: datetime | None
    policies: int
    read_at: datetime | None
    collections: int
    unread: int
    forbidden: int
    missing_permissions: int
    active_runs: int
    failed_runs: int

    @property
    def never_synced(self) -> bool:
        return self.read_at is None

    @property
    def needs_attention(self) -> bool:
        return self.weight > 0

    @property
    def weight(self) -> int:
        """How bad it is: what nobody knows about weighs more than what is known to fail."""
        if self.is_suspended:
            return 0
        return (
            1000 * bool(self.failed_runs)
            + 500 * bool(self.missing_permissions)
            + 200 * bool(self.forbidden)
            + 100 * bool(self.unread)
            + 50 * self.never_synced
            + min(self.failed_runs + self.unread, 40)
        )


@dataclass(frozen=True)
class PortfolioFilter:
    """``show`` is attention, active, or empty for all tenants."""

    q: str = ""
    show: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.show)


@dataclass(frozen=True)
class Portfolio:
    """``rows`` is one page, the worst first; the figures are over all the viewer's tenants.

    ``after`` and ``before`` are slugs to ask the neighbouring pages with, None at the ends.
    """

    rows: Sequence[TenantRow]
    matching: int
    after: str | None
    before: str | None
    tenants: int
    attention: int
    active_runs: int
    active_tenants: int
    policies: int
    never_synced: int


def portfolio_of(
    user: User, chosen: PortfolioFilter, *, after: str = "", before: str = "", size: int = PAGE_SIZE
) -> Portfolio:
    """Six queries, however many tenants there are; the order is made here, not in the database."""
    everything = sorted(_rows(user), key=lambda row: (-row.weight, row.name.casefold(), row.slug))
    matching = [row for row in everything if _matches(row, chosen)]
    start = _start(matching, after, before, size)
    rows = matching[start : start + size]
    return Portfolio(
        rows=rows,
        matching=len(matching),
        after=rows[-1].slug if start + size < len(matching) else None,
        before=rows[0].slug if start > 0 and rows else None,
        tenants=len(everything),
        attention=sum(row.needs_attention for row in everything),
        active_runs=sum(row.active_runs for row in everything),
        active_tenants=sum(row.active_runs > 0 for row in everything),
        policies=sum(row.policies for row in everything),
        never_synced=sum(row.never_synced for row in everything),
    )


def _start(rows: Sequence[TenantRow], after: str, before: str, size: int) -> int:
    """Where the asked page begins; a slug that is not there (any more) means the beginning."""
    places = {row.slug: place for place, row in enumerate(rows)}
    if after in places:
        return places[after] + 1
    if before in places:
        return max(0, places[before] - size)
    return 0


def _matches(row: TenantRow, chosen: PortfolioFilter) -> bool:
    if chosen.show == "attention" and not row.needs_attention:
        return False
    if chosen.show == "active" and not row.active_runs:
        return False
    wanted = chosen.q.casefold()
    return wanted in row.name.casefold() or wanted in row.slug


def _rows(user: User) -> list[TenantRow]:
    role = sa.select(Membership.role).where(
        Membership.tenant_id == Tenant.id, Membership.user_id == user.id
    )
    query = tenants_of(user).with_only_columns(*_LISTED, role.scalar_subquery().label("role"))
    mine = tenants_of(user).with_only_columns(Tenant.id)
    collections = _collections(mine)
    missing = _counts(_missing_permissions(mine))
    active, failed = _counts(_active(mine)), _counts(_failed(mine))
    return [
        _row(row, collections[row.id], missing, active, failed) for row in db.session.execute(query)
    ]


def _row(
    row: Any, states: "_Collections", missing: Counts, active: Counts, failed: Counts
) -> TenantRow:
    return TenantRow(
        slug=row.slug,
        name=row.name,
        role=row.role,
        is_production=row.is_production,
        is_suspended=row.suspended_at is not None,
        verified_at=row.verified_at,
        policies=states.objects,
        read_at=states.read_at,
        collections=states.complete + states.unread,
        unread=states.unread,
        forbidden=states.forbidden,
        missing_permissions=missing.get(row.id, 0),
        active_runs=active.get(row.id, 0),
        failed_runs=failed.get(row.id, 0),
    )


@dataclass(frozen=True)
class _Collections:
    objects: int = 0
    complete: int = 0
    unread: int = 0
    forbidden: int = 0
    read_at: datetime | None = None


def _collections(tenant_ids: sa.Select[Any]) -> Mapping[int, _Collections]:
    """How completely each tenant was read, leaving out what is excluded on purpose."""
    state = CollectionState.completeness
    rows = db.session.execute(
        sa.select(
            CollectionState.tenant_id,
            sa.func.coalesce(sa.func.sum(CollectionState.object_count), 0),
            sa.func.count().filter(state == Completeness.COMPLETE),
            sa.func.count().filter(state != Completeness.COMPLETE),
            sa.func.count().filter(state == Completeness.FORBIDDEN),
            sa.func.max(CollectionState.attempted_at),
        )
        .where(CollectionState.tenant_id.in_(tenant_ids), CollectionState.excluded_at.is_(None))
        .group_by(CollectionState.tenant_id)
    )
    found: defaultdict[int, _Collections] = defaultdict(_Collections)
    found.update({row[0]: _Collections(*row[1:]) for row in rows})
    return found


def _missing_permissions(tenant_ids: sa.Select[Any]) -> sa.Select[int, int]:
    return (
        sa.select(TenantPermission.tenant_id, sa.func.count())
        .where(
            TenantPermission.tenant_id.in_(tenant_ids),
            TenantPermission.state == PermissionState.MISSING,
        )
        .group_by(TenantPermission.tenant_id)
    )


def _active(tenant_ids: sa.Select[Any]) -> sa.Select[int, int]:
    return (
        sa.select(OperationRun.tenant_id, sa.func.count())
        .where(ACTIVE, OperationRun.tenant_id.in_(tenant_ids))
        .group_by(OperationRun.tenant_id)
    )


def _failed(tenant_ids: sa.Select[Any]) -> sa.Select[int, int]:
    return (
        sa.select(OperationRun.tenant_id, sa.func.count())
        .where(
            needs_attention(),
            OperationRun.created_at >= utcnow() - RECENT,
            OperationRun.tenant_id.in_(tenant_ids),
        )
        .group_by(OperationRun.tenant_id)
    )


def _counts(query: sa.Select[int, int]) -> Counts:
    return {row[0]: row[1] for row in db.session.execute(query)}
