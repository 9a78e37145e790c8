"""A group that a restore made or deleted, in the directory cache."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.models import DirectoryGroup
from opsapp.models.upsert import insert_for


def keep(session: Session, tenant_id: int, group: Mapping[str, Any]) -> None:
    """As it was read back."""
    key = {"tenant_id": tenant_id, "graph_id": str(group["id"])}
    values = {
        "display_name": storable(group.get("displayName"), 300),
        "description": storable(group.get("description")),
        "mail_nickname": storable(group.get("mailNickname"), 300),
        "group_types": group.get("groupTypes") or [],
        "security_enabled": bool(group.get("securityEnabled")),
        "mail_enabled": bool(group.get("mailEnabled")),
        "membership_rule": group.get("membershipRule"),
        "last_seen_at": utcnow(),
        "removed_at": None,
    }
    insert = insert_for(session, DirectoryGroup).values(**key, **values)
    session.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))


def note_removed(session: Session, tenant_id: int, graph_id: str) -> None:
    session.execute(
        sa.update(DirectoryGroup)
        .where(DirectoryGroup.tenant_id == tenant_id, DirectoryGroup.graph_id == graph_id)
        .values(removed_at=utcnow())
        .execution_options(synchronize_session=False)
    )
