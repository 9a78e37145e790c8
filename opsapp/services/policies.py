"""What is known of one policy, for reading: the policy, its versions, the names in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE, AssignmentSource
from opsapp.intune.readable import texts_in
from opsapp.intune.setting import is_guid
from opsapp.models import (
    DirectoryGroup,
    OperationRun,
    Policy,
    PolicyVersion,
    Tenant,
)
from opsapp.refusals import NotFound

VERSIONS_SHOWN = 20
NAMES_LOOKED_UP = 500
TYPE_LABELS = {key: kind.label for key, kind in CATALOGUE.items()}


def label_of(collection: str) -> str:
    """How people call a policy type; its key when this version does not know it."""
    return TYPE_LABELS.get(collection, collection)


def is_assignable(collection: str) -> bool:
    """Whether objects of that type can have assignments at all."""
    kind = CATALOGUE.get(collection)
    return kind is None or kind.assignments != AssignmentSource.NONE


def find(tenant: Tenant, policy_id: int) -> Policy:
    """The tenant's policy of that id. Raises NotFound."""
    query = sa.select(Policy).where(Policy.id == policy_id, Policy.tenant_id == tenant.id)
    policy = db.session.scalar(query)
    if policy is None:
        raise NotFound(f"There is no policy {policy_id} in {tenant.name}.")
    return policy


def find_anywhere(policy_id: int) -> Policy:
    """The policy of that id with its tenant. Raises NotFound; whose it is, is not asked."""
    policy = db.session.get(Policy, policy_id, options=[joinedload(Policy.tenant)])
    if policy is None:
        raise NotFound(f"There is no policy {policy_id}.")
    return policy


def version_of(policy: Policy, number: int | None = None) -> PolicyVersion:
    """That version with its content and assignments, or the latest. Raises NotFound."""
    wanted = policy.version if number is None else number
    query = sa.select(PolicyVersion).where(
        PolicyVersion.policy_id == policy.id, PolicyVersion.number == wanted
    )
    version = db.session.scalar(
        query.options(joinedload(PolicyVersion.content), joinedload(PolicyVersion.assignments))
    )
    if version is None:
        raise NotFound(f"There is no version {wanted} of “{policy.name}”.")
    return version


@dataclass(frozen=True)
class VersionLine:
    """``changed`` says what differs from the version before: object, assignments, both or first.

    ``changes`` and ``modified_at`` are what the tenant said of it (``PolicyVersion``).
    """

    number: int
    seen_at: datetime
    run_id: int | None
    changed: str
    modified_at: datetime | None = None
    changes: Sequence[Mapping[str, Any]] | None = None


def versions_of(
    policy: Policy, *, before: int | None = None, limit: int | None = VERSIONS_SHOWN
) -> tuple[list[VersionLine], bool]:
    """Versions, newest first, and whether there are older ones. ``before`` is a version number."""
    columns = (
        PolicyVersion.number,
        PolicyVersion.seen_at,
        OperationRun.id.label("run_id"),  # none once the run was deleted for its age
        PolicyVersion.content_sha256,
        PolicyVersion.assignments_sha256,
        PolicyVersion.modified_at,
        PolicyVersion.changes,
    )
    query = (
        sa.select(*columns)
        .outerjoin(OperationRun, OperationRun.id == PolicyVersion.run_id)
        .where(PolicyVersion.policy_id == policy.id)
    )
    if before is not None:
        query = query.where(PolicyVersion.number < before)
    query = query.order_by(PolicyVersion.number.desc())
    rows = db.session.execute(query.limit(limit + 1) if limit else query).all()
    lines = [
        VersionLine(
            row.number,
            row.seen_at,
            row.run_id,
            _difference(row, older),
            row.modified_at,
            row.changes,
        )
        for row, older in zip(rows, [*rows[1:], None], strict=True)
    ]
    return (lines[:limit], len(lines) > limit) if limit else (lines, False)


def _difference(row: Any, older: Any) -> str:
    if older is None:
        return "first"
    if row.content_sha256 == older.content_sha256:
        return "assignments"
    return "object" if row.assignments_sha256 == older.assignments_sha256 else "both"


@dataclass(frozen=True)
class NamedObject:
    """Another object of the tenant that a policy refers to. ``gone`` includes removed groups."""

    name: str
    gone: bool
    policy_id: int | None = None
    collection: str = ""


@dataclass(frozen=True)
class Names:
    """Names of what ids stand for, as last seen: groups, and objects by collection and id."""

    groups: dict[str, NamedObject] = field(default_factory=dict)
    objects: dict[tuple[str, str], NamedObject] = field(default_factory=dict)

    def of(self, graph_id: str) -> NamedObject | None:
        """What any id in a policy stands for; None when it is not known."""
        if graph_id in self.groups:
            return self.groups[graph_id]
        found = (named for key, named in self.objects.items() if key[1] == graph_id)
        return next(found, None)

    def filter(self, graph_id: str) -> NamedObject | None:
        return self.objects.get(("assignmentFilters", graph_id))


def names_in(tenant: Tenant, *contents: Any) -> Names:
    """Looks up every id in ``contents`` in two queries: the directory cache and the inventory."""
    texts = {text for content in contents for text in texts_in(content)}
    ids = sorted(text for text in texts if is_guid(text))[:NAMES_LOOKED_UP]
    tags = {tag for content in contents for tag in _scope_tags(content)}
    return Names(_groups(tenant, ids), _objects(tenant, ids, sorted(tags)))


def _scope_tags(content: Any) -> Iterable[str]:
    if not isinstance(content, dict):
        return ()
    tags = content.get("roleScopeTagIds") or content.get("roleScopeTags") or ()
    return [tag for tag in tags if isinstance(tag, str)]


def _groups(tenant: Tenant, ids: Sequence[str]) -> dict[str, NamedObject]:
    columns = (DirectoryGroup.graph_id, DirectoryGroup.display_name, DirectoryGroup.removed_at)
    query = sa.select(*columns).where(
        DirectoryGroup.tenant_id == tenant.id, DirectoryGroup.graph_id.in_(ids)
    )
    return {
        row.graph_id: NamedObject(row.display_name, row.removed_at is not None)
        for row in db.session.execute(query)
    }


def _objects(
    tenant: Tenant, ids: Sequence[str], tags: Sequence[str]
) -> dict[tuple[str, str], NamedObject]:
    is_tag = sa.and_(Policy.collection == "roleScopeTags", Policy.graph_id.in_(tags))
    columns = (Policy.id, Policy.collection, Policy.graph_id, Policy.name, Policy.gone_at)
    query = sa.select(*columns).where(
        Policy.tenant_id == tenant.id, sa.or_(Policy.graph_id.in_(ids), is_tag)
    )
    return {
        (row.collection, row.graph_id): NamedObject(
            row.name, row.gone_at is not None, row.id, row.collection
        )
        for row in db.session.execute(query)
    }
