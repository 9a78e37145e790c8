"""What later runs made of the items of a run, and which items a retry was given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from opsapp.extensions import db
from opsapp.models import OperationRun, OperationRunItem, RunRepair, RunSelection, RunStatus
from opsapp.runs.lineage import DONE, family, later_than, repaired_by

FIRST_GIVEN = 20


@dataclass(frozen=True)
class Given:
    """What a retry was started for: how many items by reason code, and the first of them."""

    counts: Mapping[str, int]
    first: Sequence[RunSelection]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def repairs_of(runs: Iterable[OperationRun]) -> Mapping[int, RunRepair]:
    """By run id, for those that later runs repaired, tried again or took the place of."""
    ids = [run.id for run in runs]
    rows = db.session.scalars(sa.select(RunRepair).where(RunRepair.run_id.in_(ids)))
    return {row.run_id: row for row in rows}


def repaired_items(
    run: OperationRun, shown: Sequence[OperationRunItem]
) -> Mapping[int, int | None]:
    """By item id, for those of ``shown`` that later runs repaired: the run that did it first.

    None where the item was not met again by a run that did the whole work.
    """
    later = later_than(run.id, family(db.session(), run))
    conditions = repaired_by(later)
    if not conditions or not shown:
        return {}
    ended = [kin.id for kin in later if kin.status == RunStatus.COMPLETED]
    other = aliased(OperationRunItem)
    first = sa.select(sa.func.min(other.run_id)).where(
        other.run_id.in_(ended),
        other.kind == OperationRunItem.kind,
        other.key == OperationRunItem.key,
        other.result.in_(DONE),
    )
    rows = db.session.execute(
        sa.select(OperationRunItem.id, first.scalar_subquery()).where(
            OperationRunItem.id.in_([item.id for item in shown]),
            OperationRunItem.result.not_in(DONE),
            sa.or_(*conditions),
        )
    )
    return dict(rows.all())


def given_of(run: OperationRun) -> Given | None:
    """None for a run that was started for the whole work."""
    if run.selection_hash is None:
        return None
    mine = RunSelection.run_id == run.id
    counts = db.session.execute(
        sa.select(RunSelection.reason_code, sa.func.count())
        .where(mine)
        .group_by(RunSelection.reason_code)
        .order_by(sa.func.count().desc(), RunSelection.reason_code)
    )
    first = db.session.scalars(
        sa.select(RunSelection)
        .where(mine)
        .order_by(RunSelection.kind, RunSelection.key)
        .limit(FIRST_GIVEN)
    ).all()
    return Given(dict(counts.all()), first)
