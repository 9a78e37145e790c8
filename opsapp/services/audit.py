"""The audit trail: every change writes one line, in the transaction that makes the change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.extensions import db
from opsapp.models import AuditEvent, Tenant, User

PAGE_SIZE = 50

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


@dataclass(frozen=True)
class AuditLine:
    event: AuditEvent
    tenant_slug: str | None

    @property
    def label(self) -> str:
        return ACTIONS.get(self.event.action, self.event.action)


@dataclass(frozen=True)
class AuditPage:
    """Newest first. ``newer`` and ``older`` are the cursors of the neighbouring pages, or None."""

    lines: Sequence[AuditLine]
    newer: int | None
    older: int | None


def browse(
    chosen: AuditFilter, *, before: int | None = None, after: int | None = None
) -> AuditPage:
    """A page of the trail: the newest lines, those older than ``before``, or newer than ``after``.

    The cursors are event ids.
    """
    query = (
        sa.select(AuditEvent, Tenant.slug)
        .outerjoin(Tenant, Tenant.id == AuditEvent.tenant_id)
        .where(*_conditions(chosen))
        .limit(PAGE_SIZE + 1)
    )
    if after is not None:
        query = query.where(AuditEvent.id > after).order_by(AuditEvent.id)
    else:
        query = query.order_by(AuditEvent.id.desc())
        if before is not None:
            query = query.where(AuditEvent.id < before)
    found = [AuditLine(event, slug) for event, slug in db.session.execute(query)]
    lines, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    if not lines:
        return AuditPage(lines, None, None)
    if after is not None:
        lines.reverse()
    newest, oldest = lines[0].event.id, lines[-1].event.id
    has_newer = more if after is not None else before is not None
    has_older = more or after is not None
    return AuditPage(lines, newest if has_newer else None, oldest if has_older else None)


def _conditions(chosen: AuditFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if chosen.actor:
        conditions.append(AuditEvent.actor.icontains(chosen.actor, autoescape=True))
    if chosen.action:
        conditions.append(AuditEvent.action.startswith(chosen.action, autoescape=True))
    if chosen.tenant:
        conditions.append(Tenant.slug == chosen.tenant)
    if chosen.subject:
        conditions.append(AuditEvent.subject.icontains(chosen.subject, autoescape=True))
    return conditions
