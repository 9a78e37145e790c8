"""One tenant at a glance: how completely it was read, what is running, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from opsapp.extensions import db
from opsapp.models import (
    CollectionState,
    Completeness,
    OperationRun,
    PermissionState,
    Policy,
    Tenant,
    TenantPermission,
)
from opsapp.models.conditions import ACTIVE
from opsapp.services.collections import CollectionLine, collections_of

RUNS_SHOWN = 6
NOT_READ = "not_read"
EXCLUDED = "excluded"


@dataclass(frozen=True)
class CollectionRow:
    """A collection with how many of its policies are in the tenant, as far as we know."""

    key: str
    label: str
    present: int
    gone: int
    state: CollectionState | None

    @property
    def word(self) -> str:
        """A key of the table of states: a Completeness, ``excluded`` or ``not_read``."""
        if self.state is None or (self.state.excluded_at is None and not self.state.completeness):
            return NOT_READ
        if self.state.excluded_at is not None:
            return EXCLUDED
        return str(self.state.completeness)

    @property
    def is_known(self) -> bool:
        """Whether the counts say anything: it was read once, or something of it was."""
        return self.completed_at is not None or self.present + self.gone > 0

    @property
    def is_problem(self) -> bool:
        return self.word in set(Completeness) - {Completeness.COMPLETE}

    @property
    def completed_at(self) -> datetime | None:
        return self.state.completed_at if self.state else None


@dataclass(frozen=True)
class Overview:
    """Everything the page shows of the tenant, beside the tenant itself."""

    collections: Sequence[CollectionRow]
    permissions: Sequence[TenantPermission]
    active: Sequence[OperationRun]
    recent: Sequence[OperationRun]

    @property
    def policies(self) -> int:
        return sum(row.present for row in self.collections)

    @property
    def problems(self) -> list[CollectionRow]:
        return [row for row in self.collections if row.is_problem]

    @property
    def unread(self) -> list[CollectionRow]:
        return [row for row in self.collections if row.word == NOT_READ]

    @property
    def missing(self) -> list[TenantPermission]:
        return [one for one in self.permissions if one.state == PermissionState.MISSING]

    @property
    def attempted_at(self) -> datetime | None:
        """When an inventory sync last looked at any collection."""
        times = [row.state.attempted_at for row in self.collections if row.state]
        return max((moment for moment in times if moment), default=None)

    def active_run(self, operation_type: str) -> OperationRun | None:
        """The active run that a start of the whole operation would join."""
        same = (run for run in self.active if run.type == operation_type and not run.inputs)
        return next(same, None)


def overview_of(tenant: Tenant) -> Overview:
    """Five queries, however much the tenant holds."""
    return Overview(
        collections=_collections(tenant),
        permissions=_permissions(tenant),
        active=active_runs(tenant),
        recent=db.session.scalars(_runs(tenant).limit(RUNS_SHOWN)).all(),
    )


def active_runs(tenant: Tenant) -> Sequence[OperationRun]:
    """The tenant's queued and running runs, newest first."""
    return db.session.scalars(_runs(tenant).where(ACTIVE)).all()


def _collections(tenant: Tenant) -> list[CollectionRow]:
    """By label, those that could not be read first."""
    present = sa.func.count().filter(Policy.gone_at.is_(None))
    gone = sa.func.count().filter(Policy.gone_at.is_not(None))
    rows = db.session.execute(
        sa.select(Policy.collection, present, gone)
        .where(Policy.tenant_id == tenant.id)
        .group_by(Policy.collection)
    )
    counts = {row[0]: (row[1], row[2]) for row in rows}
    found = [_row(line, *counts.get(line.key, (0, 0))) for line in collections_of(tenant)]
    return sorted(found, key=lambda row: not row.is_problem)


def _row(line: CollectionLine, present: int, gone: int) -> CollectionRow:
    return CollectionRow(line.key, line.label, present, gone, line.state)


def _permissions(tenant: Tenant) -> Sequence[TenantPermission]:
    """Missing ones first."""
    is_missing = TenantPermission.state == PermissionState.MISSING
    query = sa.select(TenantPermission).where(TenantPermission.tenant_id == tenant.id)
    order = (sa.case((is_missing, 0), else_=1), TenantPermission.permission)
    return db.session.scalars(query.order_by(*order)).all()


def _runs(tenant: Tenant) -> sa.Select[OperationRun]:
    return (
        sa.select(OperationRun)
        .join(OperationRun.tenant)
        .options(contains_eager(OperationRun.tenant))
        .where(OperationRun.tenant_id == tenant.id)
        .order_by(OperationRun.id.desc())
    )
