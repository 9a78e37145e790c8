"""What the Operations page lists: the runs of the viewer's tenants, filtered, counted, paged.

Reads the database only. Every function is a constant number of queries, and counts stop at
``COUNT_LIMIT``, so that a million runs cost what a thousand do.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.extensions import db
from opsapp.models import OperationRun, RunOutcome, Tenant, User
from opsapp.models.conditions import ACTIVE
from opsapp.permissions import tenants_of
from opsapp.services.paging import Cursor, Page, page_of
from opsapp.services.run_filters import (
    DEFAULT_WINDOW,
    WINDOWS,
    RunFilter,
    conditions_of,
    created_within,
    is_stale,
    needs_attention,
    visible_to,
)

COUNT_LIMIT = 1000
TENANT_CHOICES = 500


@dataclass(frozen=True)
class Overview:
    """The figures above the list; each counted up to ``COUNT_LIMIT`` + 1."""

    active: int
    attention: int
    succeeded: int
    stale: int


@dataclass(frozen=True)
class RunList:
    """A page of runs. ``count`` of all that match stops above ``COUNT_LIMIT``.

    ``newer`` runs were created after the page was first opened, and are not on it.
    """

    page: Page[OperationRun]
    count: int
    newer: int


def overview(user: User) -> Overview:
    """The four figures over all of the viewer's tenants."""
    recent = created_within(WINDOWS[DEFAULT_WINDOW])
    today = created_within(WINDOWS["24h"])
    conditions = (
        [ACTIVE],
        [needs_attention(), *recent],
        [OperationRun.outcome == RunOutcome.SUCCEEDED, *today],
        [is_stale()],
    )
    counts = [_capped(visible_to(user).where(*each)).scalar_subquery() for each in conditions]
    return Overview(*tuple(db.session.execute(sa.select(*counts)).one()))


def browse(user: User, chosen: RunFilter, cursor: Cursor, upto: int | None = None) -> RunList:
    """One page, newest first. ``upto`` holds the page still: later runs are only counted."""
    matching = visible_to(user).where(*conditions_of(user, chosen))
    shown, newer = matching, 0
    if upto is not None:
        shown = matching.where(OperationRun.id <= upto)
        newer = _count(matching.where(OperationRun.id > upto))
    page = page_of(
        shown.options(joinedload(OperationRun.tenant)),
        OperationRun,
        OperationRun.id,
        cursor,
        descending=True,
    )
    return RunList(page, _count(shown), newer)


def count_all(user: User) -> int:
    """How many runs the viewer could see without any filter, up to ``COUNT_LIMIT`` + 1."""
    return _count(visible_to(user))


def tenant_choices(user: User) -> list[tuple[str, str]]:
    """Slug and name of the viewer's tenants, by name."""
    query = tenants_of(user).with_only_columns(Tenant.slug, Tenant.name)
    rows = db.session.execute(query.order_by(Tenant.name).limit(TENANT_CHOICES))
    return [(slug, name) for slug, name in rows]


def _capped(query: sa.Select[OperationRun]) -> sa.Select[int]:
    ids = query.with_only_columns(OperationRun.id).limit(COUNT_LIMIT + 1).subquery()
    return sa.select(sa.func.count()).select_from(ids)


def _count(query: sa.Select[OperationRun]) -> int:
    return db.session.scalar(_capped(query)) or 0
