"""Backup schedules: added, changed, paused, run now, deleted; and how each stands."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from opsapp import runs
from opsapp.audit import Actor, record
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import (
    BackupSchedule,
    BackupSet,
    BackupSlot,
    Frequency,
    OperationRun,
    RunOutcome,
    SlotState,
    Tenant,
)
from opsapp.models.base import write
from opsapp.operations.backup_schedule_retry import BackupScheduleRetry
from opsapp.operations.backup_schedule_run_now import BackupScheduleRunNow
from opsapp.refusals import NotFound, Refused
from opsapp.runs.initiator import Initiator
from opsapp.services.names import checked_name
from opsapp.services.schedule_due import reschedule

MOST_KEPT = 10_000
MOST_DAYS = 3650
MOST_SCHEDULES = 100  # of a tenant
SLOTS_SHOWN = 20
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LIMITS = {
    "minute": (0, 59, "Enter a minute from 0 to 59."),
    "hour": (0, 23, "Enter an hour from 0 to 23."),
    "weekday": (0, 6, "Choose a day of the week."),
    "monthday": (1, 31, "Enter a day from 1 to 31."),
    "keep_count": (1, MOST_KEPT, f"Keep 1 to {MOST_KEPT:,} sets, or leave it empty."),
    "keep_days": (1, MOST_DAYS, f"Keep sets for 1 to {MOST_DAYS:,} days, or leave it empty."),
}


@dataclass(frozen=True)
class Plan:
    """What a person decides of a schedule; see BackupSchedule."""

    name: str
    frequency: Frequency
    minute: int = 0
    hour: int = 0
    weekday: int = 0
    monthday: int = 1
    collections: Sequence[str] | None = None
    keep_count: int | None = None
    keep_days: int | None = None


@dataclass(frozen=True)
class Line:
    """A schedule with its latest slots, newest first, and the runs that were made for them."""

    schedule: BackupSchedule
    slots: Sequence[BackupSlot]
    runs: dict[int, OperationRun]
    sets: int

    @property
    def last(self) -> BackupSlot | None:
        return self.slots[0] if self.slots else None

    @property
    def last_run(self) -> OperationRun | None:
        return self.runs.get(self.last.run_id or 0) if self.last else None

    @property
    def missed(self) -> list[BackupSlot]:
        """Those missed since the last one that was started."""
        found: list[BackupSlot] = []
        for slot in self.slots:
            if slot.state == SlotState.STARTED and found:
                break
            if slot.state == SlotState.MISSED:
                found.append(slot)
        return found

    @property
    def failed(self) -> BackupSlot | None:
        """The newest slot, when it did not make a backup: what “Retry” repeats."""
        last, run = self.last, self.last_run
        if last is None:
            return None
        if last.state != SlotState.STARTED:
            return last
        has_failed = run is not None and run.outcome in (RunOutcome.FAILED, RunOutcome.CANCELLED)
        return last if has_failed else None


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
    plan = _checked(plan)
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
    plan = _checked(plan)
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


def _checked(plan: Plan) -> Plan:
    name = checked_name(plan.name)
    for field, (least, most, message) in _LIMITS.items():
        value = getattr(plan, field)
        if value is not None and not least <= value <= most:
            raise Refused(message, field)
    strange = [key for key in plan.collections or () if key not in CATALOGUE]
    if strange:
        raise Refused(f"Unknown policy type: {', '.join(strange)}.", "collections")
    chosen = sorted(set(plan.collections)) if plan.collections else None
    return Plan(**{**asdict(plan), "name": name, "collections": chosen})
