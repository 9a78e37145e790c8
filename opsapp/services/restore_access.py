"""Who may do what with a restore, and whether it may be changed now."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from opsapp.audit import CLI, Actor
from opsapp.extensions import db
from opsapp.models import OperationRun, RestoreRun, RestoreStatus, Tenant, User
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed, NotFound, Refused

SYSTEM_CLI: Final = "System (CLI)"
CHANGED: Final = "The scope or the mapping was changed after the preview. Preview again."


def actor_of(user: User | None) -> Actor:
    """``None`` is the system, which may do everything."""
    return Actor.of(user) if user else CLI


def may(user: User | None, tenant: Tenant, word: str) -> bool:
    return user is None or allows(user, tenant, word)


def require(user: User | None, tenant: Tenant, word: str, doing: str) -> None:
    """Raises NotFound for a tenant that is not theirs, NotAllowed without the right."""
    if not may(user, tenant, "tenant.view"):
        raise NotFound(f"There is no tenant {tenant.slug}.")
    if not may(user, tenant, word):
        raise NotAllowed(f"You may not {doing} in {tenant.name}.")


def find(restore_id: int, user: User | None) -> RestoreRun:
    """The restore with its tenant and set. Raises NotFound, also for one of a tenant not theirs."""
    query = (
        sa.select(RestoreRun)
        .where(RestoreRun.id == restore_id)
        .options(joinedload(RestoreRun.tenant), joinedload(RestoreRun.backup_set))
    )
    restore = db.session.scalar(query)
    if restore is None or not may(user, restore.tenant, "tenant.view"):
        raise NotFound(f"There is no restore {restore_id}.")
    return restore


def locked(session: Session, restore: RestoreRun) -> RestoreRun:
    """The restore as it is now, and as nobody else changes it until the transaction ends."""
    query = sa.select(RestoreRun).where(RestoreRun.id == restore.id).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f"There is no restore {restore.id}.")
    return found


def opened(session: Session, restore: RestoreRun, note: str = CHANGED) -> RestoreRun:
    """The restore, locked, as a draft that may be changed: a preview of it is void from now on.

    Raises Refused once it is confirmed, and while a preview is being made.
    """
    restore = locked(session, restore)
    refuse_while_previewing(session, restore)
    if restore.status == RestoreStatus.PREVIEWED:
        restore.status, restore.plan_note = RestoreStatus.DRAFT, note
        restore.fingerprint = restore.previewed_at = None
        restore.reason, restore.confirmed_at = "", None
        restore.confirmed_by = restore.confirmed_by_id = None
    elif restore.status != RestoreStatus.DRAFT:
        raise Refused("This restore is confirmed and cannot be changed any more.")
    return restore


def refuse_while_previewing(session: Session, restore: RestoreRun) -> None:
    if active_preview(session, restore) is not None:
        raise Refused("A preview is being made. Wait for it, or cancel it first.")


def active_preview(session: Session, restore: RestoreRun) -> OperationRun | None:
    """The run that makes a preview of it just now."""
    run = session.get(OperationRun, restore.preview_run_id) if restore.preview_run_id else None
    return run if run is not None and run.is_active else None
