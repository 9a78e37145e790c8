"""What a restore made, remembered for later restores between the same two tenants."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.models import MappingChoice, RestoreItem, SavedMapping
from opsapp.models.upsert import insert_for


def remember(session: Session, item: RestoreItem, target_id: str) -> None:
    """From now on the source's object stands for this one in the target."""
    restore = item.restore
    if restore.backup_set is None:
        return
    key = {
        "source_tenant_id": restore.backup_set.tenant_id,
        "target_tenant_id": restore.tenant_id,
        "kind": item.collection,
        "source_id": item.source_id,
    }
    values = {
        "source_name": storable(item.name, 300),
        "choice": MappingChoice.MAP,
        "target_id": target_id,
        "target_name": storable(item.name, 300),
        "is_made": True,
        "updated_by": restore.confirmed_by or restore.created_by,
        "updated_at": utcnow(),
    }
    insert = insert_for(session, SavedMapping).values(**key, **values)
    session.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))


def forget(session: Session, tenant_id: int, collection: str, target_id: str) -> None:
    """What was made is deleted again: nothing stands for it any more."""
    session.execute(
        sa.delete(SavedMapping).where(
            SavedMapping.target_tenant_id == tenant_id,
            SavedMapping.kind == collection,
            SavedMapping.target_id == target_id,
            SavedMapping.is_made.is_(True),
        )
    )
