"""The directory cache for reading: the tenant's groups, and how many policies name each."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import DirectoryGroup, Policy, PolicyAssignment, Tenant
from opsapp.services.paging import Cursor, Page, page_of

COUNT_LIMIT = 1000
SORTS = ("name", "seen")


class GroupKind(enum.StrEnum):
    """What a group is in Entra. Membership by rule is apart from it: any kind may be dynamic."""

    SECURITY = "security"
    MICROSOFT_365 = "microsoft365"
    MAIL = "mail"


@dataclass(frozen=True)
class GroupFilter:
    """``kind`` is a GroupKind or dynamic; ``state`` is removed, all, or empty for those present."""

    kind: str = ""
    state: str = ""
    q: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.kind or self.state or self.q)


@dataclass(frozen=True)
class GroupList:
    """``count`` of all that match, made up to ``COUNT_LIMIT`` + 1."""

    page: Page[DirectoryGroup]
    count: int


def kind_of(group: DirectoryGroup) -> GroupKind:
    if "Unified" in group.group_types:
        return GroupKind.MICROSOFT_365
    return GroupKind.SECURITY if group.security_enabled else GroupKind.MAIL


def is_dynamic(group: DirectoryGroup) -> bool:
    return "DynamicMembership" in group.group_types


def browse(tenant: Tenant, chosen: GroupFilter, sort: str, cursor: Cursor) -> GroupList:
    """A page of the cache. ``sort``: one of ``SORTS``, with ``-`` in front to reverse."""
    query = sa.select(DirectoryGroup).where(*_conditions(tenant, chosen))
    by_time = sort.removeprefix("-") == "seen"
    order = DirectoryGroup.last_seen_at if by_time else sa.func.lower(DirectoryGroup.display_name)
    page = page_of(query, DirectoryGroup, order, cursor, descending=sort.startswith("-"))
    return GroupList(page, _count(query))


def everything(tenant: Tenant, chosen: GroupFilter) -> Sequence[DirectoryGroup]:
    """All that match, by name: for the command line."""
    query = sa.select(DirectoryGroup).where(*_conditions(tenant, chosen))
    name = sa.func.lower(DirectoryGroup.display_name)
    return db.session.scalars(query.order_by(name, DirectoryGroup.id)).all()


def count_of(tenant: Tenant) -> int:
    """How many groups are in the cache and not removed, up to ``COUNT_LIMIT`` + 1."""
    return _count(sa.select(DirectoryGroup).where(*_conditions(tenant, GroupFilter())))


def name_of(tenant: Tenant, graph_id: str) -> str | None:
    """The name of a group, removed ones included; None when the cache does not know it."""
    return db.session.scalar(
        sa.select(DirectoryGroup.display_name).where(
            DirectoryGroup.tenant_id == tenant.id, DirectoryGroup.graph_id == graph_id
        )
    )


def policy_counts(tenant: Tenant, groups: Iterable[DirectoryGroup]) -> dict[str, int]:
    """How many present policies name each group in an assignment, by Graph id; none is left out."""
    query = (
        sa.select(PolicyAssignment.group_id, sa.func.count(sa.distinct(PolicyAssignment.policy_id)))
        .join(Policy, Policy.id == PolicyAssignment.policy_id)
        .where(
            Policy.tenant_id == tenant.id,
            Policy.gone_at.is_(None),
            PolicyAssignment.group_id.in_([group.graph_id for group in groups]),
        )
        .group_by(PolicyAssignment.group_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query) if row[0] is not None}


def _count(query: sa.Select[DirectoryGroup]) -> int:
    ids = query.with_only_columns(DirectoryGroup.id).limit(COUNT_LIMIT + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


def _conditions(tenant: Tenant, chosen: GroupFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [DirectoryGroup.tenant_id == tenant.id]
    if chosen.state != "all":
        is_removed = DirectoryGroup.removed_at.is_not(None)
        conditions.append(is_removed if chosen.state == "removed" else ~is_removed)
    if chosen.kind:
        conditions.append(_is_kind(chosen.kind))
    if chosen.q:
        columns = (
            DirectoryGroup.display_name,
            DirectoryGroup.graph_id,
            DirectoryGroup.mail_nickname,
        )
        conditions.append(
            sa.or_(*(column.icontains(chosen.q, autoescape=True) for column in columns))
        )
    return conditions


def _is_kind(kind: str) -> sa.ColumnElement[bool]:
    if kind == "dynamic":
        return _has_type("DynamicMembership")
    if kind == GroupKind.MICROSOFT_365:
        return _has_type("Unified")
    secure = DirectoryGroup.security_enabled.is_(kind == GroupKind.SECURITY)
    return sa.and_(secure, ~_has_type("Unified")) if kind in set(GroupKind) else sa.true()


def _has_type(group_type: str) -> sa.ColumnElement[bool]:
    """``group_types`` is a JSON list of plain words, so its text can be searched."""
    return sa.cast(DirectoryGroup.group_types, sa.Text).contains(f'"{group_type}"')
