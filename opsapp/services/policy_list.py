"""Lists of policies, of one tenant or of many: filtered, searched, counted, paged.

A page is a constant number of queries, and counts stop at ``COUNT_LIMIT``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.describe import PLATFORMS
from opsapp.models import Policy, Tenant
from opsapp.models.conditions import Condition
from opsapp.services.paging import Cursor, Page, page_of
from opsapp.services.policies import TYPE_LABELS
from opsapp.services.policy_search import (
    Meaning,
    Reason,
    Scope,
    groups_like,
    holds,
    reasons_of,
    settings_like,
    targets,
)

COUNT_LIMIT = 1000
TENANT_CHOICES = 500
MOST_DAYS = 3650
SORTS = ("name", "type", "changed")
BATCH = 500
_PART_OF_ID = re.compile(r"[\w-]{4,}")


@dataclass(frozen=True)
class PolicyFilter:
    """What to list; empty fields do not filter.

    ``tenant`` is a slug; ``assigned`` is yes or no; ``seen`` is gone, all, or empty for those that
    are in the tenant; ``changed`` a number of days; ``group`` the Graph id of a group that an
    assignment names, or a part of its name; ``setting`` the key of a setting that the policy holds,
    or a part of its key or label; ``q`` any of these, a part of the name or description, or an id.
    """

    tenant: str = ""
    type: str = ""
    platform: str = ""
    assigned: str = ""
    seen: str = ""
    changed: int = 0
    group: str = ""
    setting: str = ""
    q: str = ""

    @property
    def narrows(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class PolicyList:
    """``count`` of all that match, made up to ``COUNT_LIMIT`` + 1.

    ``reasons`` say by policy id why it was found, where it is not by its name; ``meaning`` is what
    was looked up.
    """

    page: Page[Policy]
    count: int
    reasons: dict[int, list[Reason]] = field(default_factory=dict)
    meaning: Meaning = field(default_factory=Meaning)


def browse(scope: Scope, chosen: PolicyFilter, sort: str, cursor: Cursor) -> PolicyList:
    """A page of the policies. ``sort``: one of ``SORTS``, with ``-`` in front to reverse."""
    question = _question(scope, chosen)
    query = sa.select(Policy).where(*question.conditions)
    order = _order(sort.removeprefix("-"))
    with_tenants = query.options(joinedload(Policy.tenant))
    page = page_of(with_tenants, Policy, order, cursor, descending=sort.startswith("-"))
    found = reasons_of(page.rows, question.meaning)
    is_all = page.before is None and page.after is None
    count = len(page.rows) if is_all else _count(query)
    return PolicyList(page, count, found, question.meaning)


def everything(scope: Scope, chosen: PolicyFilter) -> Sequence[Policy]:
    """All that match, by name: for the command line."""
    query = sa.select(Policy).where(*_question(scope, chosen).conditions)
    ordered = query.order_by(sa.func.lower(Policy.name), Policy.id)
    return db.session.scalars(ordered.options(joinedload(Policy.tenant))).all()


def reasons(
    scope: Scope, chosen: PolicyFilter, policies: Sequence[Policy]
) -> dict[int, list[Reason]]:
    """Why each was found, by policy id, where it is not by its name."""
    meaning = _question(scope, chosen).meaning
    found: dict[int, list[Reason]] = {}
    for start in range(0, len(policies), BATCH):
        found |= reasons_of(policies[start : start + BATCH], meaning)
    return found


def in_batches(scope: Scope, chosen: PolicyFilter) -> Iterator[Sequence[Policy]]:
    """All that match, by id: for files. No transaction is kept between two batches."""
    return _batches(_question(scope, chosen).conditions)


def _batches(conditions: list[Condition]) -> Iterator[Sequence[Policy]]:
    last = 0
    while True:
        query = sa.select(Policy).where(*conditions, Policy.id > last).order_by(Policy.id)
        batch = db.session.scalars(query.options(joinedload(Policy.tenant)).limit(BATCH)).all()
        if batch:
            last = batch[-1].id
            yield batch
        db.session.rollback()
        if len(batch) < BATCH:
            return


def _order(key: str) -> sa.ColumnElement[Any]:
    if key == "type":
        return sa.case(TYPE_LABELS, value=Policy.collection, else_=Policy.collection)
    if key == "changed":
        return sa.func.coalesce(Policy.changed_at, Policy.first_seen_at)
    return sa.func.lower(Policy.name)


def _count(query: sa.Select[Policy]) -> int:
    ids = query.with_only_columns(Policy.id).limit(COUNT_LIMIT + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


@dataclass(frozen=True)
class _Question:
    """A filter as conditions, and what its texts stand for."""

    conditions: list[Condition]
    meaning: Meaning


def _question(scope: Scope, chosen: PolicyFilter) -> _Question:
    conditions = [*scope.within(Policy.tenant_id.expression), *_plain(chosen)]
    settings: dict[int, str] = {}
    groups: dict[str, str] = {}
    if chosen.setting:
        settings = settings_like(chosen.setting)
        conditions.append(holds(settings, scope))
    if chosen.group:
        groups = groups_like(chosen.group, scope) or {chosen.group: chosen.group}
        conditions.append(targets(groups, scope))
    if chosen.q:
        meant = Meaning(settings_like(chosen.q), groups_like(chosen.q, scope))
        parts = [_mentions(chosen.q)]
        parts += [holds(meant.settings, scope)] if meant.settings else []
        parts += [targets(meant.groups, scope)] if meant.groups else []
        conditions.append(sa.or_(*parts))
        settings, groups = settings | meant.settings, groups | meant.groups
    return _Question(conditions, Meaning(settings, groups))


def _plain(chosen: PolicyFilter) -> list[Condition]:
    """The conditions that need no looking up."""
    conditions: list[Condition] = []
    if chosen.tenant:
        slug = sa.select(Tenant.id).where(Tenant.slug == chosen.tenant).scalar_subquery()
        conditions.append(Policy.tenant_id == slug)
    if chosen.type:
        conditions.append(Policy.collection == chosen.type)
    if chosen.platform:
        several = sa.literal(", ") + Policy.platform + ","
        conditions.append(several.contains(f", {chosen.platform},", autoescape=True))
    if chosen.assigned:
        is_assigned = Policy.assignment_count > 0
        conditions.append(is_assigned if chosen.assigned == "yes" else ~is_assigned)
    if chosen.seen != "all":
        is_gone = Policy.gone_at.is_not(None)
        conditions.append(is_gone if chosen.seen == "gone" else ~is_gone)
    if chosen.changed:
        since = utcnow() - timedelta(days=min(chosen.changed, MOST_DAYS))
        conditions.append(Policy.changed_at >= since)
    return conditions


def _mentions(text: str) -> Condition:
    columns = [Policy.name, Policy.description]
    columns += [Policy.graph_id] if _PART_OF_ID.fullmatch(text) else []
    return sa.or_(*(column.icontains(text, autoescape=True) for column in columns))


@dataclass(frozen=True)
class Facets:
    """What can be filtered by. ``total`` policies are known in all, gone ones included."""

    types: list[tuple[str, str]]
    platforms: list[tuple[str, str]]
    total: int
    tenants: list[tuple[str, str]] = field(default_factory=list)


def facets(tenant: Tenant) -> Facets:
    """Of one tenant: from one query over all its policies."""
    rows = db.session.execute(
        sa.select(Policy.collection, Policy.platform, sa.func.count())
        .where(Policy.tenant_id == tenant.id)
        .group_by(Policy.collection, Policy.platform)
    ).all()
    types = sorted(
        {(row[0], TYPE_LABELS.get(row[0], row[0])) for row in rows}, key=lambda pair: pair[1]
    )
    platforms = sorted({part for row in rows for part in row[1].split(", ") if part})
    return Facets(types, [(name, name) for name in platforms], sum(row[2] for row in rows))


def facets_everywhere(scope: Scope) -> Facets:
    """Of many tenants: all types and platforms there can be, and the tenants by name.

    ``total`` is made up to ``COUNT_LIMIT`` + 1.
    """
    query = sa.select(Tenant.slug, Tenant.name).where(*scope.within(Tenant.id.expression))
    tenants = db.session.execute(query.order_by(Tenant.name, Tenant.id).limit(TENANT_CHOICES))
    known = sa.select(Policy).where(*scope.within(Policy.tenant_id.expression))
    return Facets(
        types=sorted(
            ((key, row.label) for key, row in CATALOGUE.items()), key=lambda pair: pair[1]
        ),
        platforms=[(name, name) for name in PLATFORMS],
        total=_count(known),
        tenants=[(row.slug, row.name) for row in tenants],
    )
