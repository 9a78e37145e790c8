"""Names of groups that policies name but the directory cache does not know."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.references import group_places, groups_in
from opsapp.models import DirectoryGroup, Policy, PolicyAssignment, PolicyVersion, Snapshot
from opsapp.models.upsert import insert_or_ignore

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

_AT_ONCE = 100
_SELECTED = "id,displayName,description,mailNickname,mailEnabled,securityEnabled,groupTypes"


def unknown_groups(tenant_id: int, run_id: int) -> list[str]:
    """Graph ids of groups without name, of assignments and of contents that the run found changed.

    Those the directory said do not exist are known to be gone.
    """
    known = sa.select(DirectoryGroup.graph_id).where(DirectoryGroup.tenant_id == tenant_id)
    assigned = (
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
    found = {str(group_id) for group_id in db.session.scalars(assigned)}
    named = _in_contents(run_id)
    if named:
        held = known.where(DirectoryGroup.graph_id.in_(named))
        named -= set(db.session.scalars(held))
    return sorted(found | named)


def _in_contents(run_id: int) -> set[str]:
    """Groups that the versions a run made name outside of assignments."""
    types = [key for key, policy_type in CATALOGUE.items() if group_places(policy_type)]
    query = (
        sa.select(Policy.collection, Snapshot)
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .join(Snapshot, Snapshot.sha256 == PolicyVersion.content_sha256)
        .where(PolicyVersion.run_id == run_id, Policy.collection.in_(types))
        .execution_options(yield_per=_AT_ONCE)
    )
    named: set[str] = set()
    for collection, snapshot in db.session.execute(query):
        named |= groups_in(CATALOGUE[collection], snapshot.content)
    return named


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
