"""Who changed an object in the tenant, and when: from Intune's own audit log."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from opsapp.database import storable, utcnow
from opsapp.extensions import db
from opsapp.models import Policy, PolicyVersion

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

LONGEST_LOOK_BACK = timedelta(days=30)
_ARRIVES_LATE = timedelta(hours=1)  # events appear in the log some time after the change
_MOST_PAGES = 50
_KEPT_OF_A_VERSION = 10
_VERSIONS_AT_ONCE = 500

Change = dict[str, Any]
Changes = dict[str, list[Change]]


def unexplained_since(tenant_id: int, run_id: int) -> datetime | None:
    """How far back the log has to be read for the versions a run made; None when it made none."""
    before = aliased(PolicyVersion)
    query = (
        sa.select(sa.func.count(), sa.func.min(PolicyVersion.number), sa.func.min(before.seen_at))
        .select_from(PolicyVersion)
        .join(Policy, Policy.id == PolicyVersion.policy_id)
        .outerjoin(before, _precedes(before))
        .where(Policy.tenant_id == tenant_id, *_unexplained(run_id))
    )
    count, lowest, earliest = db.session.execute(query).one()
    if not count:
        return None
    oldest = utcnow() - LONGEST_LOOK_BACK
    return oldest if lowest == 1 else max(oldest, earliest - _ARRIVES_LATE)


def _precedes(before: type[PolicyVersion]) -> sa.ColumnElement[bool]:
    same_policy = before.policy_id == PolicyVersion.policy_id
    return sa.and_(same_policy, before.number == PolicyVersion.number - 1)


def _unexplained(run_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return PolicyVersion.run_id == run_id, PolicyVersion.changes.is_(None)


def read(graph: "GraphClient", since: datetime) -> Changes:
    """The changes since then, newest first, by the id of the object."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    address = (
        f"/deviceManagement/auditEvents?$filter=activityDateTime ge {moment}"
        "&$orderby=activityDateTime desc"
    )
    changes: Changes = {}
    for number, page in enumerate(graph.iter_pages(address), start=1):
        for event in page["value"]:
            for resource_id, change in _changes_of(event):
                changes.setdefault(resource_id, []).append(change)
        if number == _MOST_PAGES:
            break
    return changes


def _changes_of(event: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(event, Mapping) or not isinstance(event.get("resources"), list):
        return
    change = {
        "at": event.get("activityDateTime"),
        "actor": _actor(event.get("actor")),
        "activity": storable(event.get("displayName") or event.get("activityType"), 200),
    }
    for resource in event["resources"]:
        if isinstance(resource, Mapping) and isinstance(resource.get("resourceId"), str):
            yield resource["resourceId"], change


def _actor(actor: Any) -> str:
    """The person, or else the app that acted."""
    if not isinstance(actor, Mapping):
        return ""
    names = (actor.get("userPrincipalName"), actor.get("applicationDisplayName"))
    ids = (actor.get("servicePrincipalName"), actor.get("userId"), actor.get("applicationId"))
    return storable(next((name for name in (*names, *ids) if name), ""), 300)


def keep(session: Session, tenant_id: int, run_id: int, changes: Changes) -> None:
    """Notes with each version of the run what the log says; an empty list where it says nothing."""
    before = aliased(PolicyVersion)
    unexplained = (
        sa.select(PolicyVersion.id, Policy.graph_id, before.seen_at)
        .join(Policy, Policy.id == PolicyVersion.policy_id)
        .outerjoin(before, _precedes(before))
        .where(Policy.tenant_id == tenant_id, *_unexplained(run_id))
        .limit(_VERSIONS_AT_ONCE)  # a first reading makes as many as there are policies
    )
    while rows := session.execute(unexplained).all():
        explained = [
            {"id": version_id, "changes": _since(changes.get(graph_id, ()), earlier)}
            for version_id, graph_id, earlier in rows
        ]
        session.execute(sa.update(PolicyVersion), explained)


def _since(changes: Iterable[Change], earlier: datetime | None) -> list[Change]:
    return [change for change in changes if _is_after(change["at"], earlier)][:_KEPT_OF_A_VERSION]


def _is_after(at: Any, earlier: datetime | None) -> bool:
    """What was seen with the version before belongs to that one."""
    if earlier is None:
        return True
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError:
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > earlier
