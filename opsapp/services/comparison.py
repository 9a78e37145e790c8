"""Two runs of the same work side by side: what fails now and did not, and the other way round.

Both sides are found by the items that failed, so an answer costs what the failures are, however
many items the runs had.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun, OperationRunItem, RunStatus
from opsapp.refusals import NotFound, Refused
from opsapp.services.paging import Cursor, Page, page_of

FIRST = 20
MOST = 1000  # of one group, for scripts

_FINE = (ItemResult.SUCCEEDED, ItemResult.UNCHANGED)


class Change(enum.StrEnum):
    """``UNTRIED``: failed then, and the later run did not deal with it."""

    NEW = "newly_failing"
    STILL = "still_failing"
    FIXED = "newly_fixed"
    UNTRIED = "not_tried"


@dataclass(frozen=True)
class Comparison:
    """``now`` against ``then``, how many items changed in each way, and the first of them."""

    now: OperationRun
    then: OperationRun
    counts: Mapping[Change, int]
    first: Mapping[Change, Sequence[OperationRunItem]]

    @property
    def seconds(self) -> float | None:
        """How much longer ``now`` took than ``then``; negative when it was faster."""
        now, then = taken(self.now), taken(self.then)
        return None if now is None or then is None else now - then


def taken(run: OperationRun) -> float | None:
    """Seconds from start to end; None for a run that never started or has not ended."""
    if run.started_at is None or run.completed_at is None:
        return None
    return (run.completed_at - run.started_at).total_seconds()


def previous_of(run: OperationRun) -> OperationRun | None:
    """The completed run of the same work before this one."""
    return db.session.scalar(
        sa.select(OperationRun)
        .where(
            OperationRun.run_identity_hash == run.run_identity_hash,
            OperationRun.tenant_id == run.tenant_id,
            OperationRun.status == RunStatus.COMPLETED,
            OperationRun.id < run.id,
        )
        .order_by(OperationRun.id.desc())
        .limit(1)
    )


def counterpart(run: OperationRun, with_id: int | None = None) -> OperationRun:
    """The run to compare with: the one asked for, else the previous of the same work.

    Raises NotFound when there is none of the same tenant and type, Refused while one is active.
    """
    if run.is_active:
        raise Refused(f"Run {run.id} has not ended yet: there is nothing to compare.")
    if with_id is None:
        found = previous_of(run)
        if found is None:
            raise NotFound(f"No completed run of the same work came before run {run.id}.")
        return found
    asked = db.session.get(OperationRun, with_id, options=[joinedload(OperationRun.tenant)])
    if asked is None or (asked.tenant_id, asked.type) != (run.tenant_id, run.type):
        raise NotFound(f"There is no run {with_id} of the same tenant and operation.")
    if asked.is_active:
        raise Refused(f"Run {with_id} has not ended yet: there is nothing to compare.")
    return asked


def compare(now: OperationRun, then: OperationRun, first: int = FIRST) -> Comparison:
    """Two queries, whatever the runs had."""
    counts = [
        sa.select(sa.func.count()).select_from(_items(now, then, change).subquery())
        for change in Change
    ]
    found = db.session.execute(sa.select(*(each.scalar_subquery() for each in counts))).one()
    return Comparison(
        now, then, dict(zip(Change, found, strict=True)), _first_items(now, then, first)
    )


def page_of_change(
    now: OperationRun, then: OperationRun, change: Change, cursor: Cursor
) -> Page[OperationRunItem]:
    """One page of the items that changed in one way, in the order they were dealt with."""
    query = _items(now, then, change)
    return page_of(query, OperationRunItem, OperationRunItem.id, cursor)


def _first_items(
    now: OperationRun, then: OperationRun, first: int
) -> Mapping[Change, Sequence[OperationRunItem]]:
    parts = [_first_ids(now, then, change, first) for change in Change]
    ids = sa.union_all(*parts).subquery()
    rows = db.session.execute(
        sa.select(ids.c.change, OperationRunItem)
        .join(OperationRunItem, OperationRunItem.id == ids.c.id)
        .order_by(OperationRunItem.id)
    )
    found: dict[Change, list[OperationRunItem]] = {change: [] for change in Change}
    for change, item in rows:
        found[Change(change)].append(item)
    return found


def _first_ids(
    now: OperationRun, then: OperationRun, change: Change, first: int
) -> sa.Select[str, int]:
    items = _items(now, then, change).with_only_columns(OperationRunItem.id)
    limited = items.order_by(OperationRunItem.id).limit(first).subquery()
    return sa.select(sa.literal(change.value).label("change"), limited.c.id)


def _items(now: OperationRun, then: OperationRun, change: Change) -> sa.Select[OperationRunItem]:
    failed = (ItemResult.FAILED,)
    if change in (Change.NEW, Change.STILL):
        owner, known = now, _has(then, failed)
        condition = known if change is Change.STILL else ~known
    else:
        owner = then
        fixed = _has(now, _FINE)
        condition = fixed if change is Change.FIXED else ~_has(now, (*_FINE, *failed))
    return sa.select(OperationRunItem).where(
        OperationRunItem.run_id == owner.id,
        OperationRunItem.result == ItemResult.FAILED,
        condition,
    )


def _has(run: OperationRun, results: Sequence[ItemResult]) -> sa.ColumnElement[bool]:
    """Whether the same item ended with one of the ``results`` in ``run``."""
    other = aliased(OperationRunItem)
    return sa.exists().where(
        other.run_id == run.id,
        other.kind == OperationRunItem.kind,
        other.key == OperationRunItem.key,
        other.result.in_(results),
    )
