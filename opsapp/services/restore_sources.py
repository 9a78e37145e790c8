"""Where a restore may come from: backup sets of every tenant that the person may read."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.models import BackupSet, Tenant, User
from opsapp.permissions import tenants_of
from opsapp.services.paging import Cursor, Page, page_of


def browse(user: User, q: str, cursor: Cursor) -> Page[BackupSet]:
    """A page of the complete sets, the newest first. ``q``: in the set's or the tenant's name."""
    visible = tenants_of(user).with_only_columns(Tenant.id)
    query = (
        sa.select(BackupSet)
        .join(Tenant, Tenant.id == BackupSet.tenant_id)
        .where(BackupSet.tenant_id.in_(visible), BackupSet.completed_at.is_not(None))
        .options(joinedload(BackupSet.tenant))
    )
    if q:
        text = [each.icontains(q, autoescape=True) for each in (BackupSet.name, Tenant.name)]
        query = query.where(sa.or_(*text, Tenant.slug == q))
    return page_of(query, BackupSet, BackupSet.id, cursor, descending=True)
