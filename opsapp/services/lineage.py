"""The family of a run: what it repeats, and what repeats it, through ``retry_of_id``."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import OperationRun
from opsapp.runs.lineage import family

SHOWN = 20


@dataclass(frozen=True)
class Family:
    """The runs of a family by age, those nearest to the run asked for; ``more`` are left out."""

    runs: Sequence[OperationRun]
    more: bool


def family_of(run: OperationRun) -> Family:
    """The first run of the chain and everything that was started to repeat it. Two queries."""
    ids = [kin.id for kin in family(db.session(), run)]
    half = SHOWN // 2
    older = [each for each in ids if each <= run.id][-half:]
    younger = [each for each in ids if each > run.id][:half]
    shown = [*older, *younger]
    rows = db.session.scalars(
        sa.select(OperationRun).where(OperationRun.id.in_(shown)).order_by(OperationRun.id)
    ).all()
    return Family(rows, len(ids) > len(shown))
