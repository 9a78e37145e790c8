"""The pages of backup schedules, and the time zone they follow."""

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import BackupSchedule, BackupSlot, OperationRun, SlotState, Tenant
from opsapp.models.base import write

PAGE = "/tenants/contoso/schedules"
FIELDS = {
    "name": "Nightly",
    "frequency": "daily",
    "at": "02:30",
    "weekday": "0",
    "monthday": "1",
    "keep_count": "7",
}


@pytest.fixture
def queue_url(redis_url):
    return redis_url


@pytest.fixture
def schedule(app, cast):
    assert cast.client("manager").post(PAGE, data=FIELDS).location == PAGE
    with app.app_context():
        return db.session.scalars(sa.select(BackupSchedule.id)).one()


def shown(client, address=PAGE):
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def the(app, schedule_id):
    with app.app_context():
        found = db.session.get_one(BackupSchedule, schedule_id)
        db.session.expunge(found)
        return found


def test_none_yet(cast):
    assert "No backup is made by itself." in shown(cast.client("readonly"))


def test_one_is_added_and_shown(app, cast, schedule):
    assert (the(app, schedule).hour, the(app, schedule).keep_count) == (2, 7)
    text = shown(cast.client("readonly"))
    assert "Every day at 02:30. Keeps the newest 7 sets." in text
    assert "1 schedule, the next is due" in text
    assert "Run now" not in text
    assert "Run now" in shown(cast.client("operator"))


@pytest.mark.parametrize(
    "wrong",
    [{"at": "25:00"}, {"monthday": "32"}, {"keep_days": "0"}, {"name": " "}, {"types": "x"}],
)
def test_what_is_wrong_is_said_at_the_form(app, cast, wrong):
    answer = cast.client("manager").post(PAGE, data=FIELDS | wrong)
    assert (answer.status_code, "error-summary" in answer.text) == (422, True)
    with app.app_context():
        assert db.session.scalars(sa.select(BackupSchedule)).all() == []


def test_a_name_that_is_taken_is_refused(cast, schedule):
    answer = cast.client("manager").post(PAGE, data=FIELDS)
    assert (answer.status_code, "already a schedule of that name" in answer.text) == (422, True)


def test_it_is_changed_paused_resumed_and_deleted(app, cast, schedule):
    client = cast.client("manager")
    here = f"{PAGE}/{schedule}"
    client.post(here, data=FIELDS | {"frequency": "weekly", "weekday": "6", "keep_count": ""})
    changed = the(app, schedule)
    assert (changed.frequency, changed.weekday, changed.keep_count) == ("weekly", 6, None)
    assert "Every Sunday at 02:30" in shown(client, here)
    client.post(f"{here}/pause")
    assert the(app, schedule).next_slot_at is None
    assert "Paused" in shown(client)
    client.post(f"{here}/resume")
    assert the(app, schedule).next_slot_at is not None
    assert client.post(f"{here}/delete", data={"confirm": "x"}).status_code == 400
    client.post(f"{here}/delete", data={"confirm": "Nightly"})
    assert client.get(here).status_code == 404


def test_run_now_and_retry(app, cast, schedule):
    client = cast.client("operator")
    client.post(f"{PAGE}/{schedule}/run-now")
    assert "The backup was started." in shown(client)
    client.post(f"{PAGE}/{schedule}/retry")
    assert "did not fail" in shown(client)
    with app.app_context(), write() as session:
        session.add(
            BackupSlot(
                schedule_id=schedule, slot_at=utcnow(), state=SlotState.REFUSED, note="Suspended."
            )
        )
    assert "Refused" in shown(client)
    client.post(f"{PAGE}/{schedule}/retry")
    with app.app_context():
        types = db.session.scalars(sa.select(OperationRun.type).order_by(OperationRun.id)).all()
    assert types == ["backup_schedule.run_now", "backup_schedule.retry"]


def test_the_owner_sets_the_time_zone(app, cast, schedule):
    before = the(app, schedule).next_slot_at
    client = cast.client("owner")
    fields = {"name": "Contoso", "timezone": "Asia/Tokyo"}
    assert client.post("/tenants/contoso/settings", data=fields).status_code == 302
    assert the(app, schedule).next_slot_at != before
    with app.app_context():
        assert db.session.get_one(Tenant, cast.tenant_id).timezone == "Asia/Tokyo"
    assert "(Asia/Tokyo)" in shown(client)
    wrong = client.post("/tenants/contoso/settings", data=fields | {"timezone": "Mars/Base"})
    assert wrong.status_code == 422
