"""Reading the audit trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import AuditEvent, Tenant
from opsapp.services.paging import Cursor, Page, page_of


@dataclass(frozen=True)
class AuditFilter:
    """What to show of the trail; empty fields do not filter. ``until`` itself is left out."""

    actor: str = ""
    action: str = ""
    tenant: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def narrows(self) -> bool:
        return self != AuditFilter()


def browse(chosen: AuditFilter, cursor: Cursor) -> Page[AuditEvent]:
    """A page of the trail, newest first."""
    query = sa.select(AuditEvent).where(*conditions_of(chosen))
    return page_of(query, AuditEvent, AuditEvent.id, cursor, descending=True)


def newest(chosen: AuditFilter, limit: int) -> Sequence[AuditEvent]:
    query = sa.select(AuditEvent).where(*conditions_of(chosen))
    return db.session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


def tenant_slugs(events: Iterable[AuditEvent]) -> dict[int, str]:
    """The slugs of the tenants that ``events`` are about, by tenant id."""
    ids = {event.tenant_id for event in events if event.tenant_id is not None}
    query = sa.select(Tenant.id, Tenant.slug).where(Tenant.id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(query)} if ids else {}


def conditions_of(chosen: AuditFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if chosen.actor:
        conditions.append(AuditEvent.actor.icontains(chosen.actor, autoescape=True))
    if chosen.action:
        conditions.append(AuditEvent.action == chosen.action)
    if chosen.tenant:
        same = sa.select(Tenant.id).where(Tenant.slug == chosen.tenant).scalar_subquery()
        conditions.append(AuditEvent.tenant_id == same)
    if chosen.subject:
        conditions.append(AuditEvent.subject.icontains(chosen.subject, autoescape=True))
    if chosen.since:
        conditions.append(AuditEvent.at >= chosen.since)
    if chosen.until:
        conditions.append(AuditEvent.at < chosen.until)
    return conditions
