"""Names of groups that assignments name but the directory cache does not know."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.extensions import db
from opsapp.models import DirectoryGroup, Policy, PolicyAssignment
from opsapp.models.upsert import insert_or_ignore

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

_SELECTED = "id,displayName,description,mailNickname,mailEnabled,securityEnabled,groupTypes"


def unknown_groups(tenant_id: int) -> list[str]:
    """Graph ids of such groups; those the directory said do not exist are known to be gone."""
    known = sa.select(DirectoryGroup.graph_id).where(DirectoryGroup.tenant_id == tenant_id)
    query = (
        sa.select(PolicyAssignment.group_id)
        .join(Policy, Policy.id == PolicyAssignment.policy_id)
        .where(
            Policy.tenant_id == tenant_id,
            Policy.gone_at.is_(None),
            PolicyAssignment.group_id.is_not(None),
            PolicyAssignment.group_id.not_in(known),
        )
        .distinct()
    )
    return sorted(str(group_id) for group_id in db.session.scalars(query))


def ask(graph: "GraphClient", graph_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The groups that exist, by id: one request for up to 1,000 of them."""
    body = {"ids": list(graph_ids), "types": ["group"]}
    reply = graph.post(f"/directoryObjects/getByIds?$select={_SELECTED}", body, version="v1.0")
    rows = reply.json.get("value") if isinstance(reply.json, Mapping) else None
    return {row["id"]: row for row in rows or () if isinstance(row, Mapping) and row.get("id")}


def keep(
    session: Session,
    tenant_id: int,
    asked: Sequence[str],
    found: Mapping[str, Mapping[str, Any]],
) -> None:
    """Remembers the groups, and of those that do not exist that they are gone."""
    now = utcnow()
    for graph_id in asked:
        group = found.get(graph_id, {})
        row = insert_or_ignore(session, DirectoryGroup).values(
            tenant_id=tenant_id,
            graph_id=graph_id[:36],
            display_name=storable(group.get("displayName") or graph_id, 300),
            description=storable(group.get("description")),
            mail_nickname=storable(group.get("mailNickname"), 300),
            group_types=group.get("groupTypes") or [],
            security_enabled=bool(group.get("securityEnabled")),
            mail_enabled=bool(group.get("mailEnabled")),
            last_seen_at=now,
            removed_at=None if group else now,
        )
        session.execute(row)
