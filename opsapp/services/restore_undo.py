"""Undoing a restore: a new one, from what was captured before the first write."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.audit import record
from opsapp.extensions import db
from opsapp.models import (
    BackupItem,
    ConflictChoice,
    RestoreAction,
    RestoreItem,
    RestoreRun,
    RestoreWrite,
    User,
    WriteState,
)
from opsapp.models.base import write
from opsapp.refusals import Refused
from opsapp.restore.mapping import refresh
from opsapp.services.restore_access import SYSTEM_CLI, actor_of, require
from opsapp.services.restore_scope import ACCESS
from opsapp.services.restores import ENDED


def why_no_undo(restore: RestoreRun) -> str | None:
    """Why the restore cannot be undone now, in words; None when it can."""
    if restore.status not in ENDED:
        return "Only a restore that has ended can be undone"
    touched = _touched(db.session(), restore)
    if not touched:
        return "This restore wrote nothing"
    if restore.capture_id is None and any(not _is_made(item) for item in touched):
        return "What the objects were before was deleted with its backup set"
    return None


def undo(user: User | None, restore: RestoreRun) -> RestoreRun:
    """A draft that reverts what was updated, deletes what was created, creates what was deleted.

    Raises Refused when there is nothing to undo, or nothing to undo it from.
    """
    require(user, restore.tenant, "restores.preview", "prepare restores")
    if why := why_no_undo(restore):
        raise Refused(f"{why}.")
    with write() as session:
        made = RestoreRun(
            tenant_id=restore.tenant_id,
            backup_set_id=restore.capture_id,
            undo_of_id=restore.id,
            on_conflict=ConflictChoice.UPDATE,
            created_by_id=user.id if user else None,
            created_by=user.email if user else SYSTEM_CLI,
        )
        session.add(made)
        session.flush()
        touched = _touched(session, restore)
        _add_reverted(session, made, [item for item in touched if not _is_made(item)])
        session.add_all(_deletion(made, item) for item in touched if _is_made(item))
        refresh(session, made)
        data = {"undo_of": restore.id, "objects": len(touched)}
        subject = str(made.id)
        by = actor_of(user)
        record(session, by, "restore.created", subject, tenant=restore.tenant, data=data)
    return made


def _touched(session: Session, restore: RestoreRun) -> Sequence[RestoreItem]:
    """Items of which a write was sent that may have had an effect."""
    written = sa.select(RestoreWrite.item_id).where(
        RestoreWrite.restore_id == restore.id, RestoreWrite.state != WriteState.REFUSED
    )
    query = sa.select(RestoreItem).where(
        RestoreItem.restore_id == restore.id,
        RestoreItem.id.in_(written),
        RestoreItem.target_id.is_not(None),
    )
    return session.scalars(query.order_by(RestoreItem.position, RestoreItem.id)).all()


def _is_made(item: RestoreItem) -> bool:
    return item.action == RestoreAction.CREATE


def _add_reverted(session: Session, made: RestoreRun, items: Sequence[RestoreItem]) -> None:
    """What was updated or deleted, as the capture has it, in the very state it was in."""
    query = sa.select(BackupItem).where(BackupItem.set_id == made.backup_set_id)
    held = {(item.collection, item.graph_id): item for item in session.scalars(query)}
    for item in items:
        before = held.get((item.collection, item.target_id or ""))
        if before is None:
            raise Refused(f"The capture does not hold “{item.name}”.")
        state = before.content.content.get("state") if item.collection == ACCESS else None
        session.add(
            RestoreItem(
                restore_id=made.id,
                backup_item_id=before.id,
                collection=before.collection,
                source_id=before.graph_id,
                name=before.name,
                state_choice=state,
            )
        )


def _deletion(made: RestoreRun, item: RestoreItem) -> RestoreItem:
    return RestoreItem(
        restore_id=made.id,
        collection=item.collection,
        source_id=item.target_id,
        target_id=item.target_id,
        name=item.name,
        action=RestoreAction.DELETE,
    )
