"""Schedules that are due: each slot is dealt with once, however many processes look.

A slot, its run and the schedule's next slot are written in one transaction that holds the
schedule's row, so there is never a slot without its run, nor two of them.
"""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp import runs
from opsapp.backup.slots import Recurrence, next_slot, slots_until
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import BackupSchedule, BackupSlot, OperationRun, SlotState, Tenant
from opsapp.models.base import write
from opsapp.models.upsert import insert_or_ignore
from opsapp.operations.backup_schedule_scheduled import BackupScheduleScheduled
from opsapp.operations.backup_scheduling import initiator_of
from opsapp.runs.initiator import answerable, audit
from opsapp.runs.opening import insert_unless_active
from opsapp.runs.service import new_run_values

logger = logging.getLogger(__name__)

AT_ONCE = 100  # schedules in one tick
SHOWN_MISSED = 100  # missed slots that are written down one by one
MISSED = "OpsApp was not running."
SUSPENDED = "The tenant is suspended."


def start_due(now: datetime | None = None) -> int:
    """Starts the latest slot of each schedule that is due; returns how many runs were started.

    Earlier ones that passed meanwhile are written down as missed.
    """
    now = now or utcnow()
    query = (
        sa.select(BackupSchedule.id)
        .where(BackupSchedule.next_slot_at <= now, BackupSchedule.paused_at.is_(None))
        .order_by(BackupSchedule.next_slot_at)
        .limit(AT_ONCE)
    )
    due = db.session.scalars(query).all()
    db.session.rollback()
    started = 0
    for schedule_id in due:
        try:
            started += _start(schedule_id, now)
        except Exception:
            db.session.rollback()
            logger.exception("a schedule could not be started", extra={"schedule": schedule_id})
    return started


def _start(schedule_id: int, now: datetime) -> bool:
    with write() as session:
        run_id = _deal_with(session, schedule_id, now)
    if run_id is None:
        return False
    # Without Redis, reconcile hands it over later.
    runs.dispatch(db.session.get_one(OperationRun, run_id), give_up=False)
    return True


def _deal_with(session: Session, schedule_id: int, now: datetime) -> int | None:
    schedule = session.get(
        BackupSchedule,
        schedule_id,
        with_for_update={"of": BackupSchedule},
        populate_existing=True,
    )
    if schedule is None or schedule.paused_at or not schedule.next_slot_at:
        return None
    if schedule.next_slot_at > now:
        return None  # somebody else was faster
    recurrence, zone = Recurrence.of(schedule), ZoneInfo(schedule.tenant.timezone)
    slots = slots_until(recurrence, zone, schedule.next_slot_at, now)
    schedule.next_slot_at = next_slot(recurrence, zone, slots[-1])
    for missed in slots[:-1][-SHOWN_MISSED:]:
        _add_slot(session, schedule, missed, SlotState.MISSED, MISSED)
    if schedule.tenant.suspended_at is not None:
        _add_slot(session, schedule, slots[-1], SlotState.REFUSED, SUSPENDED)
        return None
    slot_id = _add_slot(session, schedule, slots[-1], SlotState.STARTED)
    if slot_id is None:
        return None
    run_id = _insert_run(session, schedule.tenant, schedule, slots[-1])
    session.execute(sa.update(BackupSlot).where(BackupSlot.id == slot_id).values(run_id=run_id))
    return run_id


def _add_slot(
    session: Session,
    schedule: BackupSchedule,
    slot_at: datetime,
    state: SlotState,
    note: str | None = None,
) -> int | None:
    """Its id; None when that slot has been dealt with already."""
    row = insert_or_ignore(session, BackupSlot).values(
        schedule_id=schedule.id, slot_at=slot_at, state=state, note=note, created_at=utcnow()
    )
    slot_id: int | None = session.scalar(row.returning(BackupSlot.id))
    return slot_id


def _insert_run(
    session: Session, tenant: Tenant, schedule: BackupSchedule, slot_at: datetime
) -> int | None:
    inputs = {"schedule": schedule.id, "scheduled_for": slot_at.isoformat()}
    initiator = initiator_of(schedule)
    values = new_run_values(tenant, BackupScheduleScheduled.type, inputs, initiator)
    run_id = insert_unless_active(session, values)
    if run_id is not None:
        audit(session, answerable(initiator), "run.started", values | {"id": run_id})
    return run_id
