"""backup_schedule.*: the sets that schedules make, and what they delete afterwards."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.audit import CLI
from opsapp.backup import contents
from opsapp.backup.contents import SetComplete
from opsapp.extensions import db
from opsapp.models import (
    BackupOrigin,
    BackupSchedule,
    BackupSet,
    BackupSlot,
    Frequency,
    OperationRun,
    SlotState,
    Tenant,
)
from opsapp.models.base import write
from opsapp.operations.backup_scheduling import ScheduleGone
from opsapp.operations.base import InvalidInputs
from opsapp.runs import finalize
from opsapp.services import schedule_due, schedules
from opsapp.services.schedule_plan import Plan
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.graph_content import wifi
from tests.support.performing import Perform
from workers import jobs

CONFIG = "deviceConfigurations"
SLOT = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def schedule(simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant) -> BackupSchedule:
    simulator.add_object(simulated.slug, CONFIG, wifi("Wi-Fi"))
    with write() as session:
        session.get_one(Tenant, tenant.id).timezone = "Asia/Tokyo"
    plan = Plan("Nightly", Frequency.DAILY, hour=10, collections=[CONFIG], keep_count=2)
    return schedules.add(CLI, tenant, plan)


def sets() -> list[BackupSet]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(BackupSet).order_by(BackupSet.id)))


def do(run: OperationRun) -> OperationRun:
    run_id, token = run.id, run.dispatch_token
    jobs.run_operation(run_id, token)
    finalize(run_id, None, token=token)
    db.session.rollback()
    return db.session.get_one(OperationRun, run_id)


def test_a_slot_makes_a_set_named_after_it(
    app: Flask, schedule: BackupSchedule, perform: Perform
) -> None:
    with write() as session:
        session.get_one(BackupSchedule, schedule.id).next_slot_at = SLOT
    assert schedule_due.start_due(SLOT) == 1
    run = do(db.session.scalars(sa.select(OperationRun)).one())
    assert run.outcome == "succeeded"
    (made,) = sets()
    assert (made.name, made.origin) == ("Nightly, 2026-03-29 10:00", BackupOrigin.SCHEDULE)
    assert (made.schedule_id, made.created_by) == (schedule.id, "Schedule: Nightly")
    assert (made.collections, made.item_count) == ([CONFIG], 1)
    inputs = {"schedule": schedule.id, "scheduled_for": SLOT.isoformat()}
    with pytest.raises(InvalidInputs, match="has had its run"):
        perform("backup_schedule.scheduled", inputs)
    assert len(sets()) == 1


def test_a_time_that_is_none_of_the_schedule_makes_nothing(
    schedule: BackupSchedule, perform: Perform
) -> None:
    inputs = {"schedule": schedule.id, "scheduled_for": SLOT.isoformat()}
    with pytest.raises(ScheduleGone):
        perform("backup_schedule.scheduled", inputs)
    assert sets() == []


def test_sets_beyond_the_number_go_after_the_next_complete_one(
    schedule: BackupSchedule, perform: Perform
) -> None:
    for number in range(4):
        perform("backup_schedule.run_now", {"schedule": schedule.id, "nonce": str(number)})
    left = sets()
    assert len(left) == 2
    assert all("(run now)" in made.name for made in left)


def test_a_failed_slot_is_made_again(
    app: Flask, schedule: BackupSchedule, simulator: Simulator, perform: Perform
) -> None:
    with write() as session:
        session.add(
            BackupSlot(schedule_id=schedule.id, slot_at=SLOT, state=SlotState.REFUSED, note="No.")
        )
    run = do(schedules.retry(schedules.find(schedule.id), None))
    assert (run.type, run.outcome) == ("backup_schedule.retry", "succeeded")
    assert [made.name for made in sets()] == ["Nightly, 2026-03-29 10:00 (again)"]
    assert schedules.line_of(schedules.find(schedule.id)).failed is None


def test_a_schedule_that_was_deleted_makes_nothing_more(
    schedule: BackupSchedule, perform: Perform
) -> None:
    number = schedule.id
    schedules.delete(CLI, schedule)
    with pytest.raises(ScheduleGone):
        perform("backup_schedule.run_now", {"schedule": number, "nonce": "x"})
    assert sets() == []


def test_the_sets_of_a_deleted_schedule_stay_complete(
    schedule: BackupSchedule, perform: Perform
) -> None:
    perform("backup_schedule.run_now", {"schedule": schedule.id, "nonce": "x"})
    schedules.delete(CLI, schedules.find(schedule.id))
    (made,) = sets()
    with pytest.raises(SetComplete), write() as session:
        contents.add_policies(session, made.id, [1])
