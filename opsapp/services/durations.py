"""How long work usually takes, from its own recent past."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import OperationRun, RunOutcome

SAMPLE = 30
LEAST = 3  # fewer are no habit

Usual = Mapping[tuple[int, str], float]


def usual_seconds(runs: Iterable[OperationRun]) -> Usual:
    """By tenant id and type of ``runs``: what nine of ten recent successes took at most.

    One query; pairs with too few successes are left out.
    """
    pairs = sorted({(run.tenant_id, run.type) for run in runs})
    if not pairs:
        return {}
    samples = [_recent_successes(*pair) for pair in pairs]
    rows = db.session.execute(sa.union_all(*samples) if len(samples) > 1 else samples[0])
    taken: dict[tuple[int, str], list[float]] = {}
    for tenant_id, type_, started_at, completed_at in rows:
        taken.setdefault((tenant_id, type_), []).append((completed_at - started_at).total_seconds())
    return {pair: _ninth_decile(times) for pair, times in taken.items() if len(times) >= LEAST}


def _recent_successes(tenant_id: int, type_: str) -> sa.Select[int, str, datetime, datetime]:
    recent = (
        sa.select(
            OperationRun.tenant_id,
            OperationRun.type,
            OperationRun.started_at,
            OperationRun.completed_at,
        )
        .where(
            OperationRun.tenant_id == tenant_id,
            OperationRun.type == type_,
            OperationRun.outcome == RunOutcome.SUCCEEDED,
            OperationRun.started_at.is_not(None),
        )
        .order_by(OperationRun.id.desc())
        .limit(SAMPLE)
        .subquery()
    )
    return sa.select(recent.c.tenant_id, recent.c.type, recent.c.started_at, recent.c.completed_at)


def _ninth_decile(values: list[float]) -> float:
    return sorted(values)[(len(values) * 9 - 1) // 10]
