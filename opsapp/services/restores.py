"""Restores: made as drafts, put back, cancelled, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from opsapp import runs as ledger
from opsapp.audit import record
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    BackupSet,
    ConflictChoice,
    OperationRun,
    RestoreItem,
    RestoreRun,
    RestoreStatus,
    Tenant,
    User,
)
from opsapp.models.base import write
from opsapp.permissions import cancel_word
from opsapp.refusals import NotAllowed, NotFound, Refused
from opsapp.restore.mapping import refresh
from opsapp.services.paging import Cursor, Page, page_of
from opsapp.services.restore_access import (
    SYSTEM_CLI,
    active_preview,
    actor_of,
    find,
    locked,
    may,
    opened,
    require,
)
from opsapp.services.restore_scope import ACCESS, add_items, check_state, chosen_items

__all__ = [
    "Draft",
    "back_to_draft",
    "browse",
    "cancel",
    "create",
    "delete",
    "find",
    "note_report",
    "set_on_conflict",
    "source_set",
]

ENDED = frozenset(
    {
        RestoreStatus.COMPLETED,
        RestoreStatus.PARTIAL,
        RestoreStatus.FAILED,
        RestoreStatus.CANCELLED,
    }
)


@dataclass(frozen=True)
class Draft:
    """What somebody wants restored. ``items`` and ``types`` both empty: the whole set.

    ``state`` is that of the Conditional Access policies in it; None leaves them disabled.
    """

    backup_set_id: int
    items: Sequence[str] = ()
    types: Sequence[str] = ()
    with_dependencies: bool = True
    on_conflict: ConflictChoice | None = None
    state: str | None = None
    chosen: frozenset[int] = field(default_factory=frozenset)  # ids of items, from a form


def browse(tenant: Tenant, status: str, cursor: Cursor) -> Page[RestoreRun]:
    """A page of the restores into a tenant, the newest first. ``status``: empty for all."""
    query = _of_tenant(tenant)
    if status in set(RestoreStatus):
        query = query.where(RestoreRun.status == RestoreStatus(status))
    return page_of(query, RestoreRun, RestoreRun.id, cursor, descending=True)


def _of_tenant(tenant: Tenant) -> sa.Select[RestoreRun]:
    return (
        sa.select(RestoreRun)
        .where(RestoreRun.tenant_id == tenant.id)
        .options(joinedload(RestoreRun.backup_set).joinedload(BackupSet.tenant))
    )


def source_set(user: User | None, set_id: int) -> BackupSet:
    """A backup set that the person may read. Raises NotFound."""
    query = sa.select(BackupSet).where(BackupSet.id == set_id).options(joinedload(BackupSet.tenant))
    found = db.session.scalar(query)
    if found is None or not may(user, found.tenant, "tenant.view"):
        raise NotFound(f"There is no backup set {set_id}.", "backup")
    return found


def create(user: User | None, tenant: Tenant, draft: Draft) -> RestoreRun:
    """A draft of a restore into ``tenant``, with its mapping as far as it is clear.

    Raises NotFound, NotAllowed, and Refused for a set that is not complete yet.
    """
    require(user, tenant, "restores.preview", "prepare restores")
    backup = source_set(user, draft.backup_set_id)
    if backup.completed_at is None:
        raise Refused("The backup set is still open. Close it, or wait until it is.", "backup")
    check_state(draft.state)
    with write() as session:
        restore = RestoreRun(
            tenant_id=tenant.id,
            backup_set_id=backup.id,
            on_conflict=draft.on_conflict,
            created_by_id=user.id if user else None,
            created_by=user.email if user else SYSTEM_CLI,
        )
        session.add(restore)
        session.flush()
        ids = list(draft.chosen) or chosen_items(session, backup, draft.items, draft.types)
        if not ids:
            raise Refused("There is nothing in this backup set.", "backup")
        add_items(session, restore, ids, with_dependencies=draft.with_dependencies)
        _set_state(session, restore, draft.state)
        refresh(session, restore)
        data = {"backup_set": backup.id, "source": backup.tenant.slug, "objects": len(ids)}
        subject = str(restore.id)
        record(session, actor_of(user), "restore.created", subject, tenant=tenant, data=data)
    return restore


def _set_state(session: Session, restore: RestoreRun, state: str | None) -> None:
    if state is not None:
        of_access = (RestoreItem.restore_id == restore.id, RestoreItem.collection == ACCESS)
        session.execute(sa.update(RestoreItem).where(*of_access).values(state_choice=state))


def set_on_conflict(user: User | None, restore: RestoreRun, choice: ConflictChoice | None) -> None:
    """What to do where another object has the name, for all items without a choice of their own."""
    require(user, restore.tenant, "restores.preview", "prepare restores")
    with write() as session:
        restore = opened(session, restore)
        restore.on_conflict = choice
        data = {"on_conflict": choice}
        _record(session, user, "restore.changed", restore, data)


def back_to_draft(user: User | None, restore: RestoreRun) -> None:
    """A previewed restore is a draft again: its preview is void."""
    require(user, restore.tenant, "restores.preview", "prepare restores")
    with write() as session:
        restore = opened(session, restore, "Put back to a draft. Preview again.")
        _record(session, user, "restore.reopened", restore)


def cancel(user: User | None, restore: RestoreRun) -> None:
    """Ends a draft or a previewed restore; asks one that was confirmed to stop at its next item.

    Raises Refused when it has ended, and NotAllowed.
    """
    require(user, restore.tenant, "restores.preview", "cancel restores")
    run = _run_to_stop(user, restore)
    if preview := active_preview(db.session(), restore):
        ledger.cancel(preview, user or SYSTEM_CLI, reason="The restore was cancelled.")
    with write() as session:
        restore = locked(session, restore)
        if restore.status in ENDED:
            raise Refused("The restore has already ended.")
        if restore.status in (RestoreStatus.DRAFT, RestoreStatus.PREVIEWED):
            restore.status, restore.ended_at = RestoreStatus.CANCELLED, utcnow()
            run = None
        _record(session, user, "restore.cancelled", restore)
    if run is not None:
        ledger.cancel(run, user or SYSTEM_CLI)


def _run_to_stop(user: User | None, restore: RestoreRun) -> OperationRun | None:
    """The execution under way. Raises NotAllowed when the person may not stop it."""
    if restore.status not in (RestoreStatus.QUEUED, RestoreStatus.RUNNING) or not restore.run_id:
        return None
    run = db.session.get_one(OperationRun, restore.run_id)
    if user and not may(user, restore.tenant, cancel_word(user, run)):
        raise NotAllowed("You may not cancel this restore.")
    return run


def delete(user: User | None, restore: RestoreRun) -> None:
    """Removes a draft, which has done nothing. Raises Refused for any other restore."""
    require(user, restore.tenant, "restores.preview", "delete drafts of restores")
    with write() as session:
        restore = locked(session, restore)
        if restore.status != RestoreStatus.DRAFT or active_preview(session, restore):
            raise Refused("Only a draft can be deleted.")
        _record(session, user, "restore.deleted", restore)
        session.delete(restore)


def note_report(user: User | None, restore: RestoreRun) -> None:
    """Records that the report of a restore was taken away as a file."""
    with write() as session:
        _record(session, user, "restore.exported", restore)


def _record(
    session: Session,
    user: User | None,
    action: str,
    restore: RestoreRun,
    data: dict[str, Any] | None = None,
) -> None:
    subject = str(restore.id)
    record(session, actor_of(user), action, subject, tenant=restore.tenant, data=data)
