"""How long work usually takes, from its own recent past."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from opsapp.extensions import db
from opsapp.models import OperationRun, RunOutcome

SAMPLE = 30
LEAST = 3  # fewer are no habit

Usual = Mapping[tuple[int, str], float]


def usual_seconds(runs: Iterable[OperationRun]) -> Usual:
    """By tenant id and type of ``runs``: what nine of ten recent successes took at most.

    One query; pairs with too few successes are left out.
    """
    ids = [run.id for run in runs]
    if not ids:
        return {}
    taken: dict[tuple[int, str], list[float]] = {}
    for tenant_id, type_, began, ended in db.session.execute(_SAMPLES, {"ids": ids}):
        if began and ended:
            taken.setdefault((tenant_id, type_), []).append((ended - began).total_seconds())
    return {pair: _ninth_decile(times) for pair, times in taken.items() if len(times) >= LEAST}


def _samples() -> sa.Select[int, str, datetime | None, datetime | None]:
    """The last successes of the same tenant and type as each of the runs ``ids``."""
    asked, earlier = aliased(OperationRun), aliased(OperationRun)
    pairs = (
        sa.select(asked.tenant_id, asked.type)
        .where(asked.id.in_(sa.bindparam("ids", expanding=True)))
        .distinct()
        .cte("pairs")
    )
    oldest = (
        sa.select(earlier.id)
        .where(_is_success_of(earlier, pairs))
        .order_by(earlier.id.desc())
        .offset(SAMPLE - 1)
        .limit(1)
        .scalar_subquery()
    )
    since = sa.select(pairs, sa.func.coalesce(oldest, 0).label("oldest")).cte("since")
    return sa.select(
        OperationRun.tenant_id,
        OperationRun.type,
        OperationRun.started_at,
        OperationRun.completed_at,
    ).join(since, sa.and_(_is_success_of(OperationRun, since), OperationRun.id >= since.c.oldest))


def _is_success_of(run: Any, pair: sa.CTE) -> sa.ColumnElement[bool]:
    return sa.and_(
        run.tenant_id == pair.c.tenant_id,
        run.type == pair.c.type,
        run.outcome == RunOutcome.SUCCEEDED,
        run.started_at.is_not(None),
    )


_SAMPLES = _samples()


def _ninth_decile(values: list[float]) -> float:
    return sorted(values)[(len(values) * 9 - 1) // 10]
