"""What the page of one run shows: its items, what went wrong in them, its history."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun, OperationRunEvent, OperationRunItem
from opsapp.models.conditions import PROBLEM
from opsapp.services.paging import Cursor, Page, page_of

EVENTS_SHOWN = 200


@dataclass(frozen=True)
class ItemFilter:
    """Which items of a run to list; empty means all. ``result`` is an item result."""

    result: str = ""
    reason: str = ""
    q: str = ""


@dataclass(frozen=True)
class Problem:
    """Items that failed, or were left out, for the same reason; ``message`` is one of theirs."""

    result: ItemResult
    code: str
    count: int
    message: str


@dataclass(frozen=True)
class History:
    """The latest events of a run, oldest first; ``earlier`` says that there are more."""

    events: Sequence[OperationRunEvent]
    earlier: bool


def find(run_id: int) -> OperationRun | None:
    """The run with its tenant. Whether the viewer may see it is the caller's question."""
    return db.session.get(OperationRun, run_id, options=[joinedload(OperationRun.tenant)])


def items(run: OperationRun, chosen: ItemFilter, cursor: Cursor) -> Page[OperationRunItem]:
    """A page of items in the order they were dealt with."""
    query = sa.select(OperationRunItem).where(OperationRunItem.run_id == run.id)
    if chosen.result in set(ItemResult):
        query = query.where(OperationRunItem.result == ItemResult(chosen.result))
    if chosen.reason:
        query = query.where(OperationRunItem.reason_code == chosen.reason)
    if chosen.q:
        query = query.where(
            sa.or_(
                OperationRunItem.name.icontains(chosen.q, autoescape=True),
                OperationRunItem.key.icontains(chosen.q, autoescape=True),
                OperationRunItem.request_id == chosen.q,
            )
        )
    return page_of(query, OperationRunItem, OperationRunItem.id, cursor)


def all_items(run: OperationRun) -> Sequence[OperationRunItem]:
    """Every item, in the order they were dealt with."""
    query = sa.select(OperationRunItem).where(OperationRunItem.run_id == run.id)
    return db.session.scalars(query.order_by(OperationRunItem.id)).all()


def all_events(run: OperationRun) -> Sequence[OperationRunEvent]:
    """The whole history, oldest first."""
    query = sa.select(OperationRunEvent).where(OperationRunEvent.run_id == run.id)
    return db.session.scalars(query.order_by(OperationRunEvent.id)).all()


def problems(run: OperationRun) -> list[Problem]:
    """What failed and what was skipped by reason, the commonest first.

    Counted from an index of such items alone, so that it costs little however many there are.
    """
    count = sa.func.count()
    found = (
        sa.select(
            OperationRunItem.result,
            OperationRunItem.reason_code,
            count.label("number"),
            sa.func.min(OperationRunItem.id).label("first_id"),
        )
        .where(OperationRunItem.run_id == run.id, PROBLEM)
        .group_by(OperationRunItem.result, OperationRunItem.reason_code)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(found.c.result, found.c.reason_code, found.c.number, OperationRunItem.message)
        .join(OperationRunItem, OperationRunItem.id == found.c.first_id)
        .order_by(found.c.result, found.c.number.desc(), found.c.reason_code)
    )
    return [
        Problem(result, code or "", number, message or "") for result, code, number, message in rows
    ]


def history(run: OperationRun) -> History:
    latest = db.session.scalars(
        sa.select(OperationRunEvent)
        .where(OperationRunEvent.run_id == run.id)
        .order_by(OperationRunEvent.id.desc())
        .limit(EVENTS_SHOWN + 1)
    ).all()
    return History(latest[:EVENTS_SHOWN][::-1], len(latest) > EVENTS_SHOWN)
