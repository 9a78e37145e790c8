"""``flask backups`` and ``flask schedules``."""

import json

import pytest

from opsapp.extensions import db
from opsapp.models import BackupSchedule, BackupSet, OperationRun
from opsapp.models.base import write
from tests.support.backup_files import made_set
from tests.support.inventory_rows import catalog, simple


@pytest.fixture
def queue_url(redis_url):
    return redis_url


@pytest.fixture
def backup(app, inventory):
    inventory.policy("Baseline", catalog(simple("device_a", "x")))
    with app.app_context():
        return made_set(inventory.tenant_id)


@pytest.fixture
def schedule(data):
    return data("schedules", "add", "--tenant", "contoso", "--name", "Nightly", "--every", "day",
                "--at", "02:30", "--keep-count", 3)  # fmt: skip


def test_create_starts_a_run(app, data, flask):
    made = data(
        *("backups", "create", "--tenant", "contoso", "--name", "Monday", "--note", "Mine"),
        *("--type", "deviceConfigurations", "--keep-open"),
        role="operator",
    )
    assert (made["id"], made["status"], made["created"]) == (None, "queued", True)
    with app.app_context():
        run = db.session.get_one(OperationRun, made["run_id"])
        assert run.type == "backup_set.create"
        assert run.inputs == {
            "name": "Monday",
            "note": "Mine",
            "types": ["deviceConfigurations"],
            "keep_open": True,
        }
    refused = flask("backups", "create", "--tenant", "contoso", "--name", "Monday", role="readonly")
    assert refused.exit_code == 1
    assert flask("backups", "create", "--tenant", "contoso", "--name", " ").exit_code == 1


def test_list_and_show(data, flask, backup):
    (listed,) = data("backups", "list", "--tenant", "contoso", role="readonly")
    assert (listed["id"], listed["state"], listed["item_count"]) == (backup, "complete", 1)
    assert data("backups", "list", role="outsider") == []
    shown = data("backups", "show", backup, role="readonly")
    assert [item["name"] for item in shown["items"]] == ["Baseline"]
    assert shown["tenant"] == "contoso"
    text = flask("backups", "show", backup).stdout
    assert "is complete: 1 item." in text
    for role, number in (("outsider", backup), ("readonly", 4711)):
        assert flask("backups", "show", number, role=role).exit_code == 1


def test_a_complete_set_takes_no_more(flask, backup):
    added = flask("backups", "add", backup, "--policy", 1)
    assert (added.exit_code, "never changes" in added.stderr) == (1, True)
    closed = flask("backups", "close", backup)
    assert (closed.exit_code, "never changes" in closed.stderr) == (1, True)


def test_close_and_add_of_an_open_set(app, data, inventory):
    policy = inventory.policy("Baseline")
    with app.app_context(), write() as session:
        opened = BackupSet(
            tenant_id=inventory.tenant_id, name="Open", created_by="Ana", keep_open=True
        )
        session.add(opened)
        session.flush()
        set_id = opened.id
    run = data("backups", "add", set_id, "--policy", policy)
    assert run["status"] == "queued"
    with app.app_context():
        inputs = db.session.get_one(OperationRun, run["run_id"]).inputs
        assert inputs == {"set": set_id, "policies": [policy]}


def test_delete_wants_the_name(app, data, flask, backup):
    wrong = flask("backups", "delete", backup, "--confirm", "Other")
    assert (wrong.exit_code, "is called" in wrong.stderr) == (1, True)
    with app.app_context():
        name = db.session.get_one(BackupSet, backup).name
    assert flask("backups", "delete", backup, "--confirm", name, role="operator").exit_code == 1
    assert data("backups", "delete", backup, "--confirm", name, role="manager")["deleted"]
    with app.app_context():
        assert db.session.get(BackupSet, backup) is None


def test_a_schedule_from_its_beginning_to_its_end(data, flask, schedule):
    assert schedule["when"] == "Every day at 02:30"
    assert schedule["next_slot_at"].endswith("02:30:00Z")
    number = schedule["id"]
    paused = data("schedules", "pause", number, role="manager")
    assert (paused["next_slot_at"], paused["paused_at"] is not None) == (None, True)
    assert data("schedules", "resume", number)["next_slot_at"] is not None
    assert data("schedules", "run-now", number, role="operator")["status"] == "queued"
    assert flask("schedules", "retry", number).exit_code == 1
    assert data("schedules", "show", number, role="readonly")["slots"] == []
    assert [one["name"] for one in data("schedules", "list", "--tenant", "contoso")] == ["Nightly"]
    assert flask("schedules", "delete", number, "--confirm", "Other").exit_code == 1
    assert data("schedules", "delete", number, "--confirm", "Nightly")["deleted"]
    assert json.loads(flask("schedules", "list", "--tenant", "contoso", "--json").stdout) == []


def test_schedules_take_a_manager_and_a_real_time(app, flask, schedule):
    for role in ("readonly", "operator"):
        for command in ("pause", "resume"):
            assert flask("schedules", command, schedule["id"], role=role).exit_code == 1
    assert flask("schedules", "pause", schedule["id"], role="outsider").exit_code == 1
    add = ("schedules", "add", "--tenant", "contoso", "--name", "N", "--every", "day", "--at")
    assert flask(*add, "25:00").exit_code == 1
    assert flask(*add, "noon").exit_code == 2
    assert flask(*add, "12:00", role="operator").exit_code == 1
    with app.app_context():
        assert db.session.get(BackupSchedule, schedule["id"]).paused_at is None


def test_the_time_zone_of_a_tenant(data, flask, schedule):
    changed = data("tenants", "change", "contoso", "--timezone", "Asia/Tokyo")
    assert changed["timezone"] == "Asia/Tokyo"
    assert data("schedules", "show", schedule["id"])["next_slot_at"].endswith("17:30:00Z")
    assert flask("tenants", "change", "contoso", "--timezone", "Mars/Base").exit_code == 1
