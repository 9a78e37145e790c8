"""Backup schedules: added, changed, paused, run now, deleted; and how each stands."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from opsapp import runs
from opsapp.audit import Actor, record
from opsapp.backup.rescheduling import reschedule
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    BackupSchedule,
    BackupSet,
    BackupSlot,
    OperationRun,
    SlotState,
    Tenant,
)
from opsapp.models.base import write
from opsapp.operations.backup_schedule_retry import BackupScheduleRetry
from opsapp.operations.backup_schedule_run_now import BackupScheduleRunNow
from opsapp.refusals import NotFound, Refused
from opsapp.runs.initiator import Initiator
from opsapp.services.schedule_lines import Line
from opsapp.services.schedule_plan import Plan, checked

MOST_SCHEDULES = 100  # of a tenant
SLOTS_SHOWN = 20


def lines(tenant: Tenant) -> list[Line]:
    """All schedules of the tenant by name, each with how it stands. Four queries and one each."""
    query = (
        sa.select(BackupSchedule)
        .where(BackupSchedule.tenant_id == tenant.id)
        .order_by(sa.func.lower(BackupSchedule.name))
    )
    return [line_of(schedule) for schedule in db.session.scalars(query)]


def line_of(schedule: BackupSchedule) -> Line:
    slots = db.session.scalars(
        sa.select(BackupSlot)
        .where(BackupSlot.schedule_id == schedule.id)
        .order_by(BackupSlot.slot_at.desc())
        .limit(SLOTS_SHOWN)
    ).all()
    ids = [slot.run_id for slot in slots if slot.run_id]
    found = db.session.scalars(sa.select(OperationRun).where(OperationRun.id.in_(ids)))
    counted = sa.select(sa.func.count()).where(BackupSet.schedule_id == schedule.id)
    return Line(schedule, slots, {run.id: run for run in found}, db.session.scalar(counted) or 0)


def find(schedule_id: int, tenant: Tenant | None = None) -> BackupSchedule:
    """The schedule of that id, of the tenant if one is given. Raises NotFound."""
    schedule = db.session.get(
        BackupSchedule, schedule_id, options=[joinedload(BackupSchedule.tenant)]
    )
    if schedule is None or (tenant is not None and schedule.tenant_id != tenant.id):
        raise NotFound(f"There is no schedule {schedule_id}.")
    return schedule


def add(actor: Actor, tenant: Tenant, plan: Plan) -> BackupSchedule:
    """Raises Refused for what makes no sense and for a name that is taken."""
    plan = checked(plan)
    with write() as session:
        count = sa.select(sa.func.count()).where(BackupSchedule.tenant_id == tenant.id)
        if (session.scalar(count) or 0) >= MOST_SCHEDULES:
            raise Refused(f"A tenant can have at most {MOST_SCHEDULES} schedules.")
        schedule = BackupSchedule(tenant_id=tenant.id, created_by=actor.name, **_columns(plan))
        session.add(schedule)
        _flush(session)
        reschedule(session, schedule, utcnow())
        _record(session, actor, "schedule.created", schedule, _columns(plan))
    return schedule


def change(actor: Actor, schedule: BackupSchedule, plan: Plan) -> None:
    """Raises as ``add``. The next slot is the first of the new times from now on."""
    plan = checked(plan)
    with write() as session:
        schedule = session.get_one(BackupSchedule, schedule.id, with_for_update=_OWN_ROW)
        before = {name: getattr(schedule, name) for name in _columns(plan)}
        changes = {
            name: [before[name], value]
            for name, value in _columns(plan).items()
            if value != before[name]
        }
        if not changes:
            return
        for name, value in _columns(plan).items():
            setattr(schedule, name, value)
        _flush(session)
        reschedule(session, schedule, utcnow())
        _record(session, actor, "schedule.changed", schedule, changes)


def pause(actor: Actor, schedule: BackupSchedule) -> None:
    """From now on it is never due; what would have been is not missed."""
    with write() as session:
        schedule = session.get_one(BackupSchedule, schedule.id, with_for_update=_OWN_ROW)
        if schedule.paused_at is None:
            schedule.paused_at, schedule.paused_by = utcnow(), actor.name
            reschedule(session, schedule, utcnow())
            _record(session, actor, "schedule.paused", schedule)


def resume(actor: Actor, schedule: BackupSchedule) -> None:
    with write() as session:
        schedule = session.get_one(BackupSchedule, schedule.id, with_for_update=_OWN_ROW)
        if schedule.paused_at is not None:
            schedule.paused_at = schedule.paused_by = None
            reschedule(session, schedule, utcnow())
            _record(session, actor, "schedule.resumed", schedule)


def delete(actor: Actor, schedule: BackupSchedule) -> None:
    """The schedule and its history; the sets it made stay."""
    with write() as session:
        schedule = session.get_one(BackupSchedule, schedule.id)
        _record(session, actor, "schedule.deleted", schedule)
        session.delete(schedule)


def run_now(schedule: BackupSchedule, initiator: Initiator) -> OperationRun:
    """A run of its own at each call. Raises as ``runs.start``."""
    inputs = {"schedule": schedule.id, "nonce": secrets.token_hex(8)}
    return runs.start(schedule.tenant, BackupScheduleRunNow.type, inputs, initiator)


def retry(schedule: BackupSchedule, initiator: Initiator) -> OperationRun:
    """Makes the backup of the newest slot again. Raises Refused when that one did not fail."""
    slot = line_of(schedule).failed
    if slot is None:
        raise Refused("The last backup of this schedule did not fail.")
    inputs = {
        "schedule": schedule.id,
        "scheduled_for": slot.slot_at.isoformat(),
        "nonce": secrets.token_hex(8),
    }
    run = runs.start(schedule.tenant, BackupScheduleRetry.type, inputs, initiator)
    with write() as session:  # the slot now stands as this run does
        row = session.get(BackupSlot, slot.id)
        if row is not None:
            row.state, row.run_id, row.note = SlotState.STARTED, run.id, None
    return run


_OWN_ROW = {"of": BackupSchedule}


def _columns(plan: Plan) -> dict[str, object]:
    collections = list(plan.collections) if plan.collections else None
    return asdict(plan) | {"collections": collections}


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError:
        raise Refused("There is already a schedule of that name.", "name") from None


def _record(
    session: Session,
    actor: Actor,
    action: str,
    schedule: BackupSchedule,
    data: Mapping[str, Any] | None = None,
) -> None:
    subject = f"#{schedule.id} {schedule.name}"
    record(session, actor, action, subject, tenant=schedule.tenant, data=dict(data or {}))
