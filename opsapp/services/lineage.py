"""The family of a run: what it repeats, and what repeats it, through ``retry_of_id``."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import OperationRun

DEEPEST = 30
SHOWN = 20


@dataclass(frozen=True)
class Family:
    """The runs of a family by age, those nearest to the run asked for; ``more`` are left out."""

    runs: Sequence[OperationRun]
    more: bool


def family_of(run: OperationRun) -> Family:
    """The first run of the chain and everything that was started to repeat it. Two queries."""
    family = _descendants(_first_of(run))
    members = sa.select(OperationRun).where(OperationRun.id.in_(sa.select(family.c.id)))
    half = SHOWN // 2
    older = members.where(OperationRun.id <= run.id).order_by(OperationRun.id.desc())
    younger = members.where(OperationRun.id > run.id).order_by(OperationRun.id)
    before = db.session.scalars(older.limit(half + 1)).all()
    after = db.session.scalars(younger.limit(half + 1)).all()
    more = len(before) > half or len(after) > half
    return Family([*before[:half][::-1], *after[:half]], more)


def _first_of(run: OperationRun) -> sa.ScalarSelect[int]:
    up = (
        sa.select(OperationRun.id, OperationRun.retry_of_id, sa.literal(0).label("depth"))
        .where(OperationRun.id == run.id)
        .cte("up", recursive=True)
    )
    up = up.union_all(
        sa.select(OperationRun.id, OperationRun.retry_of_id, up.c.depth + 1).where(
            OperationRun.id == up.c.retry_of_id, up.c.depth < DEEPEST
        )
    )
    return sa.select(up.c.id).order_by(up.c.depth.desc()).limit(1).scalar_subquery()


def _descendants(first: sa.ScalarSelect[int]) -> sa.CTE:
    down = (
        sa.select(OperationRun.id, sa.literal(0).label("depth"))
        .where(OperationRun.id == first)
        .cte("down", recursive=True)
    )
    return down.union_all(
        sa.select(OperationRun.id, down.c.depth + 1).where(
            OperationRun.retry_of_id == down.c.id, down.c.depth < 2 * DEEPEST
        )
    )
