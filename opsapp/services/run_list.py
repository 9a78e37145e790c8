"""Runs as the command line lists them: by exact values, newest first, no pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.extensions import db
from opsapp.models import OperationRun, RunOutcome, RunStatus, Tenant, User
from opsapp.services.run_filters import visible_to


@dataclass(frozen=True)
class Wanted:
    """Which runs; None means any."""

    since: datetime
    tenant: Tenant | None = None
    type: str | None = None
    status: RunStatus | None = None
    outcome: RunOutcome | None = None


def has_type(user: User | None, type_: str) -> bool:
    """Whether ``user`` may see any run of the type, of whatever age; None is the system."""
    query = visible_to(user) if user else sa.select(OperationRun)
    found = query.with_only_columns(OperationRun.id).where(OperationRun.type == type_).limit(1)
    return db.session.scalar(found) is not None


def newest(user: User | None, wanted: Wanted, limit: int) -> Sequence[OperationRun]:
    """At most ``limit`` runs that ``user`` may see; None is the system and sees all."""
    query = visible_to(user) if user else sa.select(OperationRun)
    query = query.where(OperationRun.created_at >= wanted.since)
    for column, value in (
        (OperationRun.tenant_id, wanted.tenant and wanted.tenant.id),
        (OperationRun.type, wanted.type),
        (OperationRun.status, wanted.status),
        (OperationRun.outcome, wanted.outcome),
    ):
        if value is not None:
            query = query.where(column == value)
    query = query.options(joinedload(OperationRun.tenant)).order_by(OperationRun.id.desc())
    return db.session.scalars(query.limit(limit)).all()
