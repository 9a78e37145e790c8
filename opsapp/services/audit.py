"""The audit trail: every change writes one line, in the transaction that makes the change."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.extensions import db
from opsapp.models import AuditEvent, Tenant, User
from opsapp.services.paging import Cursor, Page, page_of

ACTIONS = {
    "session.signed_in": "Signed in",
    "session.signed_out": "Signed out",
    "session.throttled": "Sign-in throttled",
    "session.revoked": "Session revoked",
    "user.created": "User created",
    "user.activated": "User activated",
    "user.deactivated": "User deactivated",
    "user.password_changed": "Password changed",
    "user.password_reset": "Password reset",
    "user.made_admin": "Made administrator",
    "user.unmade_admin": "Administrator rights removed",
    "user.profile_changed": "Profile changed",
    "tenant.created": "Tenant added",
    "tenant.changed": "Tenant changed",
    "tenant.credentials_replaced": "Credentials replaced",
    "tenant.credentials_removed": "Credentials removed",
    "tenant.suspended": "Tenant suspended",
    "tenant.resumed": "Tenant resumed",
    "member.granted": "Role granted",
    "member.revoked": "Membership removed",
    "collection.excluded": "Collection excluded",
    "collection.included": "Collection included",
}


@dataclass(frozen=True)
class Actor:
    """Who does something: a person (``user_id``), or the system under the name ``name``."""

    name: str
    user_id: int | None = None
    remote_addr: str = ""

    @classmethod
    def of(cls, user: User, remote_addr: str | None = "") -> Self:
        return cls(user.email, user.id, remote_addr or "")


CLI = Actor("System (CLI)")


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: str = "",
    *,
    tenant: Tenant | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Adds a line inside the caller's write transaction. Never put a secret into ``data``."""
    session.add(
        AuditEvent(
            actor=actor.name,
            user_id=actor.user_id,
            remote_addr=actor.remote_addr[:64],
            action=action,
            subject=subject[:300],
            tenant_id=tenant.id if tenant else None,
            data=data or {},
        )
    )


@dataclass(frozen=True)
class AuditFilter:
    """What to show of the trail; empty fields do not filter."""

    actor: str = ""
    action: str = ""
    tenant: str = ""
    subject: str = ""


def browse(chosen: AuditFilter, cursor: Cursor) -> Page[AuditEvent]:
    """A page of the trail, newest first."""
    query = sa.select(AuditEvent).where(*_conditions(chosen))
    return page_of(query, AuditEvent, AuditEvent.id, cursor, descending=True)


def tenant_slugs(events: Iterable[AuditEvent]) -> dict[int, str]:
    """The slugs of the tenants that ``events`` are about, by tenant id."""
    ids = {event.tenant_id for event in events if event.tenant_id is not None}
    query = sa.select(Tenant.id, Tenant.slug).where(Tenant.id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(query)} if ids else {}


def _conditions(chosen: AuditFilter) -> list[sa.ColumnElement[bool]]:
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
    return conditions
