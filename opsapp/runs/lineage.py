"""Runs that repeat one another (``retry_of_id``), and which items of a run are still open.

An item is *open* when it failed, or was never begun because the run was cancelled, and no later
run of the lineage did it. Ended runs never change, so all of this can be derived at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from opsapp.models import ItemResult, OperationRun, OperationRunItem, RunOutcome, RunStatus
from opsapp.models.conditions import PROBLEM

DONE = (ItemResult.SUCCEEDED, ItemResult.UNCHANGED)
NOT_BEGUN = ("run.cancelled_by_user", "item.not_attempted")
LONGEST = 1000  # runs of one lineage that are looked at
_UNDECIDED = (RunOutcome.PENDING, RunOutcome.CANCELLED)
_ENDED_WELL = (RunOutcome.SUCCEEDED, RunOutcome.PARTIALLY_SUCCEEDED)


@dataclass(frozen=True)
class Kin:
    """What the lineage needs to know of a run in it."""

    id: int
    retry_of_id: int | None
    status: RunStatus
    outcome: RunOutcome
    selection_hash: str | None

    @property
    def did_all_again(self) -> bool:
        """It repeated the whole work and got to the end of it, well or partly."""
        return self.selection_hash is None and self.outcome in _ENDED_WELL

    @property
    def tried_all_again(self) -> bool:
        """It took the place of what it repeats: whatever is amiss is now amiss in it."""
        return self.selection_hash is None and self.outcome not in _UNDECIDED


def family(session: Session, run: OperationRun) -> Sequence[Kin]:
    """All runs of the lineage that ``run`` belongs to, itself included, oldest first. One query."""
    up = (
        sa.select(OperationRun.id, OperationRun.retry_of_id)
        .where(OperationRun.id == run.id)
        .cte("up", recursive=True)
    )
    up = up.union(
        sa.select(OperationRun.id, OperationRun.retry_of_id).where(
            OperationRun.id == up.c.retry_of_id
        )
    )
    oldest = sa.select(sa.func.min(up.c.id)).scalar_subquery()  # a retry is younger than its run
    down = sa.select(OperationRun.id).where(OperationRun.id == oldest).cte("down", recursive=True)
    down = down.union(sa.select(OperationRun.id).where(OperationRun.retry_of_id == down.c.id))
    members = _KIN.where(OperationRun.id.in_(sa.select(down.c.id)))
    rows = session.execute(members.order_by(OperationRun.id).limit(LONGEST))
    return [Kin(*row) for row in rows]


def later_than(run_id: int, kin: Sequence[Kin]) -> list[Kin]:
    """Those of a family that came after a run: also a retry of its parent may do its items."""
    return [each for each in kin if each.id > run_id]


def open_items(run_id: int, later: Sequence[Kin]) -> sa.Select[OperationRunItem]:
    """The open items of a run, given the runs that came after it; a query to refine."""
    query = sa.select(OperationRunItem).where(
        OperationRunItem.run_id == run_id,
        PROBLEM,
        sa.or_(
            OperationRunItem.result == ItemResult.FAILED,
            sa.and_(
                OperationRunItem.result == ItemResult.SKIPPED,
                OperationRunItem.reason_code.in_(NOT_BEGUN),
            ),
        ),
    )
    for condition in repaired_by(later):
        query = query.where(~condition)
    return query


def latest_reason(kin: Sequence[Kin]) -> sa.ColumnElement[Any]:
    """Why an open item failed the last time that any run of its family really tried it."""
    if len(kin) == 1:
        return OperationRunItem.reason_code.expression
    other = aliased(OperationRunItem)
    latest = (
        sa.select(other.reason_code)
        .where(
            other.run_id.in_([each.id for each in kin]),
            other.kind == OperationRunItem.kind,
            other.key == OperationRunItem.key,
            sa.or_(other.reason_code.not_in(NOT_BEGUN), other.reason_code.is_(None)),
        )
        .order_by(other.run_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.func.coalesce(latest, OperationRunItem.reason_code)


def repaired_by(later: Sequence[Kin]) -> list[sa.ColumnElement[bool]]:
    """Conditions, any of which says that an item was done by a later run.

    A run that repeated everything also repairs what it did not meet any more.
    """
    ended = [kin for kin in later if kin.status == RunStatus.COMPLETED]
    conditions: list[sa.ColumnElement[bool]] = []
    if ended:
        ids = [kin.id for kin in ended]
        conditions.append(_is_in(ids, done=True))
    conditions += [~_is_in([kin.id], done=False) for kin in ended if kin.did_all_again]
    return conditions


def _is_in(run_ids: Sequence[int], *, done: bool) -> sa.ColumnElement[bool]:
    """Whether one of the runs has the same item, done (or else not done)."""
    other = aliased(OperationRunItem)
    return sa.exists().where(
        other.run_id.in_(run_ids),
        other.kind == OperationRunItem.kind,
        other.key == OperationRunItem.key,
        other.result.in_(DONE) if done else other.result.not_in(DONE),
    )


_KIN = sa.select(
    OperationRun.id,
    OperationRun.retry_of_id,
    OperationRun.status,
    OperationRun.outcome,
    OperationRun.selection_hash,
)
