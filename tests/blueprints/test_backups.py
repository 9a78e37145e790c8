"""The pages of backup sets."""

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from opsapp.extensions import db
from opsapp.models import (
    AuditEvent,
    BackupItem,
    BackupSet,
    BackupSetType,
    OperationRun,
    TypeCompleteness,
)
from opsapp.models.base import write
from tests.support.backup_files import made_set
from tests.support.inventory_rows import HOSTILE, LONG_NAME, catalog, simple, to_group

SETS = "/tenants/contoso/backups"


@pytest.fixture
def queue_url(redis_url):
    return redis_url


@pytest.fixture
def backup(app, inventory):
    staff = inventory.group("All staff")
    inventory.policy("Baseline", catalog(simple("device_a", "x")), [to_group(staff)])
    inventory.policy("Wi-Fi", collection="deviceConfigurations")
    with app.app_context():
        return made_set(inventory.tenant_id)


@pytest.fixture
def open_set(app, inventory):
    with app.app_context(), write() as session:
        made = BackupSet(
            tenant_id=inventory.tenant_id, name="Open", created_by="Ana", keep_open=True
        )
        session.add(made)
        session.flush()
        return made.id


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def text(soup):
    return " ".join(soup.get_text(" ").split())


def test_an_empty_list_says_so_and_only_who_may_sees_the_form(cast):
    shown = page(cast.client("operator"), SETS)
    assert "Nothing of this tenant has been backed up yet." in text(shown)
    assert shown.select_one("form[method=post] input[name=name]")
    assert not page(cast.client("readonly"), SETS).select_one("input[name=name]")


def test_a_backup_is_started(app, cast):
    client = cast.client("operator")
    answer = client.post(SETS, data={"name": "Monday", "types": ["deviceConfigurations"]})
    assert (answer.status_code, answer.location) == (303, SETS)
    with app.app_context():
        run = db.session.scalars(sa.select(OperationRun)).one()
        assert run.inputs == {"name": "Monday", "types": ["deviceConfigurations"]}
        assert run.type == "backup_set.create"
    shown = page(client, SETS)
    assert "The backup was started." in text(shown)
    assert shown.select_one(f"a[href='/monitoring/operations/{run.id}']")


@pytest.mark.parametrize(
    "fields", [{"name": " "}, {"name": "x" * 121}, {"name": "x", "types": "y"}]
)
def test_what_is_wrong_is_said_at_the_form(app, cast, fields):
    answer = cast.client("operator").post(SETS, data=fields)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    with app.app_context():
        assert db.session.scalars(sa.select(OperationRun)).all() == []


def test_the_list_filters_and_pages(app, cast, inventory):
    inventory.policy("Baseline")
    with app.app_context():
        for number in range(60):
            made_set(inventory.tenant_id, f"Set {number:02}")
    client = cast.client("readonly")
    first = page(client, f"{SETS}?sort=name")
    names = [row.get_text() for row in first.select("tbody .row-link")]
    assert (len(names), names[0]) == (50, "Set 00")
    second = page(client, first.select_one("a[rel=next]")["href"])
    assert len(second.select("tbody .row-link")) == 10
    found = page(client, f"{SETS}?q=Set+07")
    assert [row.get_text() for row in found.select("tbody .row-link")] == ["Set 07"]
    assert "Filters hide 60 backup sets" in text(page(client, f"{SETS}?q=nothing"))


def test_a_set_says_what_it_has_and_what_it_has_not(app, cast, inventory):
    inventory.policy("Baseline")
    with app.app_context(), write() as session:
        made = BackupSet(tenant_id=inventory.tenant_id, name="Monday", created_by="Ana")
        session.add(made)
        session.flush()
        missing = [
            {"graph_id": "g", "name": "C1", "reason_code": "graph.forbidden", "message": "No."}
        ]
        kinds = {
            "configurationPolicies": (TypeCompleteness.PARTIAL, missing),
            "conditionalAccessPolicies": (TypeCompleteness.FORBIDDEN, []),
            "deviceConfigurations": (TypeCompleteness.COMPLETE, []),
        }
        for key, (completeness, missed) in kinds.items():
            session.add(
                BackupSetType(
                    set_id=made.id,
                    collection=key,
                    completeness=completeness,
                    missing=missed,
                    reason_code="graph.forbidden" if "Access" in key else None,
                )
            )
        set_id = made.id
    shown = text(page(cast.client("readonly"), f"{SETS}/{set_id}"))
    assert "1 of 3 types complete; 1 incomplete: Settings catalog" in shown
    assert "1 forbidden: Conditional Access policies." in shown
    assert "C1 : No." in shown
    assert "was not finished" in shown


def test_items_are_found_and_readable(app, cast, backup):
    client = cast.client("readonly")
    shown = page(client, f"{SETS}/{backup}?q=base")
    (link,) = shown.select("tbody .row-link")
    assert link.get_text() == "Baseline"
    item = page(client, link["href"])
    assert "All staff" in text(item)
    assert "as it was when “Monday” was made" in text(item)
    assert client.get(f"{SETS}/{backup}/items/4711").status_code == 404
    assert client.get(f"{SETS}/4711").status_code == 404
    restore = shown.select_one(f"a[href='/tenants/contoso/restores/new?backup={backup}']")
    assert "Restore from this set" in restore.get_text()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_they_are(app, cast, inventory, name):
    inventory.policy(name)
    with app.app_context():
        set_id = made_set(inventory.tenant_id, name[:120])
    shown = page(cast.client("readonly"), f"{SETS}/{set_id}")
    assert shown.select_one("h1").get_text() == name[:120]
    assert len(LONG_NAME) > 100


def test_an_open_set_takes_policies_and_is_closed(app, cast, inventory, open_set):
    policy = inventory.policy("Baseline")
    client = cast.client("operator")
    found = page(client, f"{SETS}/{open_set}?find=base")
    assert found.select_one(f"input[name=policies][value='{policy}']")
    client.post(f"{SETS}/{open_set}/add", data={"policies": [policy]})
    with app.app_context():
        run = db.session.scalars(sa.select(OperationRun)).one()
        assert run.inputs == {"set": open_set, "policies": [policy]}
    client.post(f"{SETS}/{open_set}/close")
    assert "is at work on this backup set" in text(page(client, f"{SETS}/{open_set}"))
    client.post(f"/monitoring/operations/{run.id}/cancel")
    client.post(f"{SETS}/{open_set}/close")
    assert "The set is complete now." in text(page(client, f"{SETS}/{open_set}"))
    with app.app_context():
        assert db.session.get_one(BackupSet, open_set).completed_at is not None
        actions = db.session.scalars(sa.select(AuditEvent.action)).all()
        assert "backup.closed" in actions


def test_deleting_takes_the_name_and_the_role(app, cast, backup):
    address = f"{SETS}/{backup}/delete"
    assert cast.client("operator").post(address, data={"confirm": "Monday"}).status_code == 403
    assert cast.client("manager").post(address, data={"confirm": "No"}).status_code == 400
    assert cast.client("manager").post(address, data={"confirm": "Monday"}).location == SETS
    with app.app_context():
        assert db.session.get(BackupSet, backup) is None
        assert db.session.scalars(sa.select(BackupItem)).all() == []
