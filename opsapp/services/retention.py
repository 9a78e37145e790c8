"""Old runs are deleted daily: who has any, what would go, and starting it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from opsapp import retention, runs
from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Tenant, Tick, WorkerHeartbeat
from opsapp.models.base import write
from opsapp.models.upsert import insert_or_ignore
from opsapp.operations.runs_purge import RunsPurge, types_to_purge
from opsapp.retention import OldRuns

TICK_NAME = "retention"
INITIATOR = "Schedule: Retention"
TENANTS_AT_ONCE = 20
COUNT_LIMIT = 1000
WORKERS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Preview:
    """What deleting old runs would do now. ``going`` is counted up to ``COUNT_LIMIT`` + 1.

    ``before`` is None when runs are kept for ever.
    """

    days: int
    before: datetime | None = None
    going: int = 0
    kept: Counter[str] = field(default_factory=Counter)


def preview(tenant: Tenant) -> Preview:
    days = current_settings().retention_days
    before = retention.midnight_before(days)
    if before is None:
        return Preview(days)
    old = OldRuns(tenant.id, before, types_to_purge())
    ids = [row.id for row in old.batch(db.session(), 0, COUNT_LIMIT + 1)]
    kept = Counter({retention.TYPE: old.count_of_other_types(db.session())})
    if not ids:
        return Preview(days, before, 0, kept)
    verdict = old.judge(db.session(), set(ids), old.needed(db.session()))
    going = min(len(verdict.going), COUNT_LIMIT + 1)
    return Preview(days, before, going, kept + verdict.kept)


def start_due(by: str) -> int:
    """Starts the purge of the next tenants that were not looked at today; returns of how many.

    Once a day for each tenant, however many processes call this: the place in the list of tenants
    moves in the transaction that reads it. Suspended tenants are left alone.
    """
    before = retention.midnight_before(current_settings().retention_days)
    if before is None:
        return 0
    started = 0
    for tenant_id in _next_tenants(by):
        tenant = db.session.get(Tenant, tenant_id)
        if tenant is None or not _has_any(OldRuns(tenant_id, before, types_to_purge())):
            continue
        run = runs.ensure_run(tenant, RunsPurge.type, {}, INITIATOR)
        if run.is_new:
            runs.dispatch(run, give_up=False)  # without Redis, reconcile hands it over later
        started += run.is_new
    return started


def _next_tenants(by: str) -> Sequence[int]:
    today = utcnow().date().isoformat()
    row = db.session.get(Tick, TICK_NAME, populate_existing=True)
    db.session.rollback()
    if row is not None and row.report.get("done") == today:
        return []
    with write() as session:
        session.execute(insert_or_ignore(session, Tick).values(name=TICK_NAME, report={}))
        row = session.get_one(Tick, TICK_NAME, with_for_update=True, populate_existing=True)
        if row.report.get("done") == today:
            return []
        after = row.report.get("after", 0) if row.report.get("day") == today else 0
        ids = session.scalars(
            sa.select(Tenant.id)
            .where(Tenant.id > after, Tenant.suspended_at.is_(None))
            .order_by(Tenant.id)
            .limit(TENANTS_AT_ONCE)
        ).all()
        row.ran_at, row.ran_by = utcnow(), by
        row.report = {"day": today, "after": ids[-1]} if ids else {"done": today}
        if not ids:
            session.execute(
                sa.delete(WorkerHeartbeat).where(
                    WorkerHeartbeat.heartbeat_at < utcnow() - WORKERS_KEPT
                )
            )
    return ids


def _has_any(old: OldRuns) -> bool:
    """Whether at least one of them may go."""
    after_id, needed = 0, None
    while ids := [row.id for row in old.batch(db.session(), after_id, COUNT_LIMIT)]:
        needed = needed or old.needed(db.session())
        if old.judge(db.session(), set(ids), needed).going:
            return True
        after_id = max(ids)
    return False
