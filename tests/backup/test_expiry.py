"""What a schedule no longer keeps."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.audit import Actor
from opsapp.backup.expiry import expire
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    AuditEvent,
    BackupSchedule,
    BackupSet,
    Frequency,
    RestoreRun,
    RestoreStatus,
)
from opsapp.models.base import write
from tests.support.inventory_rows import Inventory

SCHEDULE = Actor("Schedule: Nightly")
NewSet = Callable[..., int]


@pytest.fixture
def schedule_id(app_context: None, inventory: Inventory) -> int:
    return add_schedule(inventory, "Nightly")


def add_schedule(inventory: Inventory, name: str) -> int:
    with write() as session:
        made = BackupSchedule(
            tenant_id=inventory.tenant_id,
            name=name,
            frequency=Frequency.DAILY,
            created_by="Ana",
        )
        session.add(made)
        session.flush()
        return made.id


@pytest.fixture
def made(inventory: Inventory, schedule_id: int) -> NewSet:
    """A set of the schedule that was made that many days ago."""

    def make(days: int, *, complete: bool = True, schedule: int | None = schedule_id) -> int:
        moment = utcnow() - timedelta(days=days)
        with write() as session:
            backup = BackupSet(
                tenant_id=inventory.tenant_id,
                name=f"{days} days",
                created_by="Schedule: Nightly",
                schedule_id=schedule,
                created_at=moment,
                completed_at=moment if complete else None,
            )
            session.add(backup)
            session.flush()
            return backup.id

    return make


def keep(schedule_id: int, now: datetime | None = None, **limits: int) -> set[int]:
    """Applies the limits; returns the ids of the sets that are left."""
    with write() as session:
        schedule = session.get_one(BackupSchedule, schedule_id)
        for name, value in limits.items():
            setattr(schedule, name, value)
        expire(session, schedule, SCHEDULE, now or utcnow())
    return set(db.session.scalars(sa.select(BackupSet.id)))


def test_nothing_goes_without_limits(schedule_id: int, made: NewSet) -> None:
    sets = {made(400), made(2), made(1)}
    assert keep(schedule_id) == sets


def test_the_newest_stay_by_number(schedule_id: int, made: NewSet) -> None:
    made(4), made(3)
    left = {made(2), made(1)}
    assert keep(schedule_id, keep_count=2) == left
    lines = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "backup.expired"))
    assert [line.actor for line in lines] == ["Schedule: Nightly"] * 2


def test_what_is_too_old_goes_but_never_the_newest(schedule_id: int, made: NewSet) -> None:
    made(90)
    newest = made(60)
    assert keep(schedule_id, keep_days=30) == {newest}


def test_others_and_what_was_not_completed_are_left_alone(
    inventory: Inventory, schedule_id: int, made: NewSet
) -> None:
    other = add_schedule(inventory, "Other")
    left = {
        made(9, schedule=None),
        made(9, schedule=other),
        made(9, complete=False),
    }
    made(8)
    left.add(made(1))
    assert keep(schedule_id, keep_count=1) == left


@pytest.mark.parametrize(
    ("status", "stays"), [(RestoreStatus.PREVIEWED, True), (RestoreStatus.COMPLETED, False)]
)
def test_one_that_a_restore_uses_stays_until_that_has_ended(
    app: Flask,
    inventory: Inventory,
    schedule_id: int,
    made: NewSet,
    status: RestoreStatus,
    stays: bool,
) -> None:
    used, newest = made(9), made(1)
    with write() as session:
        session.add(
            RestoreRun(
                tenant_id=inventory.tenant_id, backup_set_id=used, status=status, created_by="Ana"
            )
        )
    assert keep(schedule_id, keep_count=1) == ({used, newest} if stays else {newest})
