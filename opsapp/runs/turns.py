"""Whose turn it is: the order of the queue, and how much may run at the same time.

Decided in the database. Redis only wakes a worker: what it then works on is ``next_run``, and it
works on nothing that it could not claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from opsapp.config import current_settings
from opsapp.database import UtcDateTime, utcnow
from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, RunStatus, Tenant
from opsapp.models.conditions import ACTIVE
from opsapp.operations import REGISTRY


class Turn(NamedTuple):
    run_id: int
    token: str


@dataclass(frozen=True)
class Standing:
    """Where a queued run stands among all others; what of it keeps it from its turn."""

    ahead: int
    ahead_in_tenant: int
    running_in_tenant: int
    limit: int
    writing_run_id: int | None
    graph_until: datetime | None

    @property
    def is_at_limit(self) -> bool:
        return self.running_in_tenant >= self.limit


def next_run(waking: int) -> Turn | None:
    """The run whose turn it is, of those that wait in the queue; None when none may run now.

    Interactive work first; then the tenant with the fewest running, then the one whose last turn
    is longest ago, then who waited longest. ``waking`` is the run whose job woke the worker: its
    dispatcher may not have noted yet that it is in the queue.
    """
    row = db.session.connection().execute(_queries().first, values_now(waking)).one_or_none()
    db.session.rollback()
    return Turn(*row) if row else None


def may_run(run_id: int) -> bool:
    """Whether the limits let this very run start now."""
    row = db.session.connection().execute(startable(), values_now(run_id)).one_or_none()
    db.session.rollback()
    return row is not None


def values_now(waking: int) -> dict[str, Any]:
    """What the statements of this module are to be given."""
    limit = current_settings().tenant_concurrency
    return {"waking": waking, "limit": limit, "now": utcnow()}


def startable() -> sa.Select[int, str]:
    """Finds the waking run if the limits let it start now."""
    return _queries().this


class _Queries(NamedTuple):
    first: sa.Select[int, str]
    this: sa.Select[int, str]


def _queries() -> _Queries:
    return _queries_for(tuple(_types("writes")), tuple(_types("uses_graph")))


@cache
def _queries_for(writing: tuple[str, ...], using_graph: tuple[str, ...]) -> _Queries:
    """Made once for the operations there are: a worker asks before every job."""
    waiting = _waiting(writing, using_graph)
    in_order = waiting.order_by(
        OperationRun.priority.desc(),
        sa.func.coalesce(_RUNNING.c.runs, 0),
        Tenant.last_turn_at.asc().nulls_first(),
        OperationRun.dispatched_at,
        OperationRun.id,
    )
    this = waiting.where(OperationRun.id == sa.bindparam("waking"))
    return _Queries(in_order.limit(1), this)


def is_waiting(turn: Turn) -> bool:
    """Whether the run still waits in the queue under that token."""
    row = db.session.execute(
        sa.select(OperationRun.status, OperationRun.hold).where(
            OperationRun.id == turn.run_id, OperationRun.dispatch_token == turn.token
        )
    ).one_or_none()
    db.session.rollback()
    return row is not None and row.status == RunStatus.QUEUED and row.hold is None


def _types(attribute: str) -> list[str]:
    return [key for key, operation in REGISTRY.items() if getattr(operation, attribute)]


def _is_one_of(run: Any, types: Sequence[str]) -> sa.ColumnElement[bool]:
    return run.type.in_(types) if types else sa.false()


_RUNNING = (
    sa.select(OperationRun.tenant_id, sa.func.count().label("runs"))
    .where(ACTIVE, OperationRun.status == RunStatus.RUNNING)
    .group_by(OperationRun.tenant_id)
    .subquery()
)


def _waiting(writing: Sequence[str], using_graph: Sequence[str]) -> sa.Select[int, str]:
    """What may start now; to be given ``waking``, ``limit`` and ``now``."""
    writes, uses_graph = _is_one_of(OperationRun, writing), _is_one_of(OperationRun, using_graph)
    return (
        sa.select(OperationRun.id, OperationRun.dispatch_token)
        .join(Tenant, Tenant.id == OperationRun.tenant_id)
        .outerjoin(_RUNNING, _RUNNING.c.tenant_id == OperationRun.tenant_id)
        .where(
            ACTIVE,
            OperationRun.status == RunStatus.QUEUED,
            OperationRun.hold.is_(None),
            sa.or_(
                OperationRun.dispatched_at.is_not(None),
                OperationRun.id == sa.bindparam("waking"),
            ),
            sa.func.coalesce(_RUNNING.c.runs, 0) < sa.bindparam("limit"),
            ~sa.and_(writes, sa.exists().where(*_writer_beside(writing))),
            ~sa.and_(uses_graph, sa.exists().where(*_told_to_wait())),
        )
    )


def _writer_beside(writing: Sequence[str]) -> tuple[sa.ColumnElement[bool], ...]:
    other = aliased(OperationRun)
    return (
        other.tenant_id == OperationRun.tenant_id,
        other.status == RunStatus.RUNNING,
        _is_one_of(other, writing),
    )


def _told_to_wait() -> tuple[sa.ColumnElement[bool], ...]:
    """What Graph tells one run of a tenant holds for all of them."""
    other = aliased(OperationRun)
    return (
        other.tenant_id == OperationRun.tenant_id,
        other.status == RunStatus.QUEUED,
        other.hold == Hold.GRAPH,
        other.not_before > sa.bindparam("now", type_=UtcDateTime),
    )


def standing_of(run: OperationRun) -> Standing:
    """For the page of a queued run: one query."""
    other = aliased(OperationRun)
    beside = sa.select(sa.func.count()).where(
        other.tenant_id == run.tenant_id, other.status == RunStatus.RUNNING
    )
    writer = sa.select(sa.func.min(other.id)).where(
        other.tenant_id == run.tenant_id,
        other.status == RunStatus.RUNNING,
        _is_one_of(other, _types("writes")),
    )
    until = sa.select(sa.func.max(other.not_before)).where(
        other.tenant_id == run.tenant_id,
        other.status == RunStatus.QUEUED,
        other.hold == Hold.GRAPH,
        other.not_before > utcnow(),
        other.id != run.id,
    )
    ahead = _ahead_of(run)
    columns = [
        sa.select(sa.func.count()).select_from(OperationRun).where(*ahead),
        sa.select(sa.func.count())
        .select_from(OperationRun)
        .where(*ahead, OperationRun.tenant_id == run.tenant_id),
        beside,
        writer,
        until,
    ]
    found = db.session.execute(sa.select(*(each.scalar_subquery() for each in columns))).one()
    operation = REGISTRY.get(run.type)
    return Standing(
        found[0],
        found[1],
        found[2],
        current_settings().tenant_concurrency,
        found[3] if operation and operation.writes else None,
        found[4] if operation and operation.uses_graph else None,
    )


def _ahead_of(run: OperationRun) -> tuple[sa.ColumnElement[bool], ...]:
    """Those in the queue that are more urgent, or as urgent and there for longer."""
    since = run.dispatched_at or utcnow()
    return (
        ACTIVE,
        OperationRun.status == RunStatus.QUEUED,
        OperationRun.hold.is_(None),
        OperationRun.dispatched_at.is_not(None),
        OperationRun.id != run.id,
        sa.or_(
            OperationRun.priority > run.priority,
            sa.and_(OperationRun.priority == run.priority, OperationRun.dispatched_at < since),
        ),
    )
