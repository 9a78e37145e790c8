"""The audit trail's pen: every change writes one line, in the transaction that makes the change."""

from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from flask import has_request_context, request
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.models import AuditEvent, Tenant, User
from opsapp.models.base import Writing, rows_in, table_of

_INSERT = sa.insert(table_of(AuditEvent))

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
    "delivery.email_on": "E-mail switched on",
    "delivery.email_off": "E-mail switched off",
    "delivery.webhook_set": "Webhook set",
    "delivery.webhook_removed": "Webhook removed",
    "delivery.secret_rotated": "Webhook secret replaced",
    "delivery.tested": "Test message sent",
    "audit.exported": "Audit trail exported",
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
    "policies.exported": "List of policies exported",
    "policy.exported": "Policy exported",
    "backup.exported": "Backup set exported",
    "backup.brought": "Files brought for an import",
    "restore.created": "Restore drafted",
    "restore.changed": "Restore changed",
    "restore.mapped": "Mapping changed",
    "restore.mapping_saved": "Mapping saved",
    "restore.reopened": "Restore put back to draft",
    "restore.confirmed": "Restore confirmed",
    "restore.approved": "Restore approved",
    "restore.cancelled": "Restore cancelled",
    "restore.deleted": "Draft of a restore deleted",
    "restore.exported": "Restore report exported",
    "backup.closed": "Backup set closed",
    "backup.deleted": "Backup set deleted",
    "backup.expired": "Backup set deleted by its schedule",
    "schedule.created": "Schedule added",
    "schedule.changed": "Schedule changed",
    "schedule.paused": "Schedule paused",
    "schedule.resumed": "Schedule resumed",
    "schedule.deleted": "Schedule deleted",
    "run.started": "Run started",
    "run.retried": "Run retried",
    "run.cancel_requested": "Run asked to stop",
    "queue.paused": "Runs paused",
    "queue.resumed": "Runs resumed",
}


@dataclass(frozen=True)
class Actor:
    """Who does something: a person (``user_id``), or the system under the name ``name``."""

    name: str
    user_id: int | None = None
    remote_addr: str = ""

    @classmethod
    def of(cls, user: User, remote_addr: str | None = None) -> Self:
        """A person; where from is what the current request says, unless given."""
        if remote_addr is None and has_request_context():
            remote_addr = request.remote_addr
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
    session.flush()  # a tenant may have been made in this very transaction
    write_line(session, actor, action, subject, tenant_id=tenant.id if tenant else None, data=data)


def write_line(
    where: Writing,
    actor: Actor,
    action: str,
    subject: str,
    *,
    tenant_id: int | None,
    data: dict[str, Any] | None = None,
) -> None:
    """The same in a transaction of plain rows."""
    line = {
        "at": utcnow(),
        "actor": actor.name,
        "user_id": actor.user_id,
        "remote_addr": actor.remote_addr[:64],
        "action": action,
        "subject": subject[:300],
        "tenant_id": tenant_id,
        "data": data or {},
    }
    rows_in(where).execute(_INSERT, line)
