"""Schedules that are due: one run a slot, missed ones written down, refused ones too."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.audit import Actor
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import BackupSchedule, BackupSlot, Frequency, OperationRun, SlotState, Tenant
from opsapp.models.base import write
from opsapp.refusals import Refused
from opsapp.services import schedule_due, schedules, tenants
from opsapp.services.schedule_plan import Plan
from tests.support.cast import Cast

ANA = Actor("ana@example.test")
HOURLY = Plan("Nightly", Frequency.HOURLY, minute=0)


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def queue_url(redis_url: str) -> str:
    return redis_url


@pytest.fixture
def tenant(app_context: None, cast: Cast) -> Tenant:
    return db.session.get_one(Tenant, cast.tenant_id)


@pytest.fixture
def schedule(tenant: Tenant) -> BackupSchedule:
    return schedules.add(ANA, tenant, HOURLY)


def due_since(schedule: BackupSchedule, hours: int) -> datetime:
    """Sets the clock of the schedule back: its next slot was that many hours ago."""
    slot = utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    with write() as session:
        session.get_one(BackupSchedule, schedule.id).next_slot_at = slot
    return slot


def slots() -> list[BackupSlot]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(BackupSlot).order_by(BackupSlot.slot_at)))


def runs_made() -> list[OperationRun]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(OperationRun).order_by(OperationRun.id)))


def test_a_due_slot_becomes_one_run(schedule: BackupSchedule) -> None:
    slot_at = due_since(schedule, 0)
    assert schedule_due.start_due() == 1
    (run,), (slot,) = runs_made(), slots()
    assert (slot.slot_at, slot.state, slot.run_id) == (slot_at, SlotState.STARTED, run.id)
    assert (run.type, run.initiator_name) == ("backup_schedule.scheduled", "Schedule: Nightly")
    assert run.inputs == {"schedule": schedule.id, "scheduled_for": slot_at.isoformat()}
    assert run.dispatched_at is not None
    assert schedule_due.start_due() == 0
    assert len(runs_made()) == 1
    assert db.session.get_one(BackupSchedule, schedule.id).next_slot_at > utcnow()


def test_many_ticks_at_once_make_one_run(app: Flask, schedule: BackupSchedule) -> None:
    due_since(schedule, 0)

    def tick(_: int) -> int:
        with app.app_context():
            return schedule_due.start_due()

    with ThreadPoolExecutor(6) as pool:
        started = list(pool.map(tick, range(6)))
    assert sum(started) == 1
    assert len(runs_made()) == len(slots()) == 1


def test_after_an_outage_the_latest_is_caught_up_and_the_others_are_missed(
    schedule: BackupSchedule,
) -> None:
    due_since(schedule, 3)
    assert schedule_due.start_due() == 1
    states = [slot.state for slot in slots()]
    assert states == [SlotState.MISSED] * 3 + [SlotState.STARTED]
    assert len(runs_made()) == 1
    line = schedules.line_of(schedule)
    assert len(line.missed) == 3


def test_a_slot_that_was_dealt_with_is_never_run_again(schedule: BackupSchedule) -> None:
    due_since(schedule, 0)
    schedule_due.start_due()
    due_since(schedule, 0)  # as if the schedule had been set back
    assert schedule_due.start_due() == 0
    assert len(runs_made()) == 1


def test_a_suspended_tenants_slot_is_refused(schedule: BackupSchedule, tenant: Tenant) -> None:
    tenants.suspend(ANA, tenant)
    due_since(schedule, 0)
    assert schedule_due.start_due() == 0
    (slot,) = slots()
    assert (slot.state, slot.note) == (SlotState.REFUSED, "The tenant is suspended.")
    assert runs_made() == []
    tenants.resume(ANA, db.session.get_one(Tenant, tenant.id))
    run = schedules.retry(schedules.find(schedule.id), None)
    assert run.type == "backup_schedule.retry"
    assert (slots()[0].state, slots()[0].run_id) == (SlotState.STARTED, run.id)


def test_a_paused_schedule_is_never_due_nor_missed(schedule: BackupSchedule) -> None:
    schedules.pause(ANA, schedule)
    assert schedules.find(schedule.id).next_slot_at is None
    assert schedule_due.start_due(utcnow() + timedelta(days=3)) == 0
    schedules.resume(ANA, schedule)
    assert schedules.find(schedule.id).next_slot_at > utcnow()
    assert slots() == []


def test_run_now_is_a_run_of_its_own_at_each_click(schedule: BackupSchedule) -> None:
    one, two = schedules.run_now(schedule, None), schedules.run_now(schedule, None)
    assert one.id != two.id
    assert slots() == []


def test_nothing_to_retry_is_refused(schedule: BackupSchedule) -> None:
    with pytest.raises(Refused, match="did not fail"):
        schedules.retry(schedule, None)


def test_another_time_zone_moves_the_next_slot(tenant: Tenant) -> None:
    schedule = schedules.add(ANA, tenant, Plan("Daily", Frequency.DAILY, hour=3))
    before = schedule.next_slot_at
    tenants.change(
        ANA, tenant, name=tenant.name, is_production=False, timezone="Pacific/Kiritimati"
    )
    after = schedules.find(schedule.id).next_slot_at
    assert after is not None
    assert after != before
    assert after.hour == 13
    with pytest.raises(Refused):
        tenants.change(ANA, tenant, name=tenant.name, is_production=False, timezone="Mars/Base")


def test_a_name_is_taken_once(schedule: BackupSchedule, tenant: Tenant) -> None:
    with pytest.raises(Refused, match="already"):
        schedules.add(ANA, tenant, HOURLY)
    other = schedules.add(ANA, tenant, Plan("Weekly", Frequency.WEEKLY))
    with pytest.raises(Refused, match="already"):
        schedules.change(ANA, other, HOURLY)
    assert schedules.find(other.id).name == "Weekly"


@pytest.mark.parametrize(
    "wrong",
    [{"minute": 60}, {"hour": 24}, {"monthday": 0}, {"keep_count": 0}, {"collections": ["x"]}],
)
def test_what_makes_no_sense_is_refused(tenant: Tenant, wrong: dict[str, object]) -> None:
    with pytest.raises(Refused):
        schedules.add(ANA, tenant, Plan(**({"name": "N", "frequency": Frequency.DAILY} | wrong)))
