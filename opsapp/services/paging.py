"""Keyset paging: a page is found by the row beside it, so page 1,000 costs what page 1 does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from opsapp.extensions import db

PAGE_SIZE = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Cursor:
    """Where a page lies: after a row in the order shown, before one, or at the beginning."""

    after: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """``before`` and ``after`` are the ids to ask the neighbouring pages with; None at the ends."""

    rows: Sequence[T]
    before: int | None
    after: int | None


def page_of(
    query: sa.Select[T],
    model: Any,
    order: Any,
    cursor: Cursor,
    *,
    descending: bool = False,
    size: int = PAGE_SIZE,
) -> Page[T]:
    """Runs ``query`` (one entity with an ``id``) ordered by ``order``, never null, then by id.

    A cursor whose row does not exist is taken for the beginning.
    """
    keys = (order, model.id)
    backwards = cursor.after is None and cursor.before is not None
    edge = _edge(model, order, cursor.before if backwards else cursor.after)
    backwards = backwards and edge is not None
    falling = descending != backwards
    if edge is not None:
        here, there = sa.tuple_(*keys), sa.tuple_(*(sa.literal(value) for value in edge))
        query = query.where(here < there if falling else here > there)
    query = query.order_by(*(key.desc() if falling else key.asc() for key in keys))
    found = list(db.session.scalars(query.limit(size + 1)))
    rows, more = found[:size], len(found) > size
    if backwards:
        rows.reverse()
    if not rows:
        return Page(rows, None, None)
    has_before = more if backwards else edge is not None
    has_after = True if backwards else more
    first: Any = rows[0]
    last: Any = rows[-1]
    return Page(rows, first.id if has_before else None, last.id if has_after else None)


def _edge(model: Any, order: Any, row_id: int | None) -> tuple[Any, int] | None:
    if row_id is None:
        return None
    value = db.session.scalar(sa.select(order).where(model.id == row_id))
    return None if value is None else (value, row_id)
