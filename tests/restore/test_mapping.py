"""The mapping rows of a restore: what it names outside of itself, and what stands for it."""

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.database import utcnow
from opsapp.models import (
    DirectoryGroup,
    MappingChoice,
    RestoreAction,
    RestoreItem,
    RestoreMapping,
    RestoreRun,
    SavedMapping,
)
from opsapp.models.base import write
from opsapp.restore.mapping import refresh
from tests.support.backup_rows import backup_group, backup_set, draft
from tests.support.cast import Cast
from tests.support.inventory_rows import Inventory, add_tenant, to_all_devices, to_group

GONE = "0f0f0f0f-0000-4000-8000-00000000000f"


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def other(app: Flask, cast: Cast) -> Inventory:
    """The tenant that is restored into."""
    made = add_tenant(app, "fabrikam")
    made.number = 500  # ids of its own
    made.tenant(groups_synced_at=utcnow())
    return made


def rows(app: Flask, restore_id: int) -> dict[tuple[str, str], RestoreMapping]:
    """Brings the rows up to date, and gives them."""
    with app.app_context(), write() as session:
        refresh(session, session.get_one(RestoreRun, restore_id))
    with app.app_context(), write() as session:
        query = sa.select(RestoreMapping).where(RestoreMapping.restore_id == restore_id)
        found = {(row.kind, row.source_id): row for row in session.scalars(query)}
        session.expunge_all()
        return found


def choose(app: Flask, restore_id: int, kind: str, source_id: str, **values: object) -> None:
    with app.app_context(), write() as session:
        row = session.get_one(RestoreMapping, (restore_id, kind, source_id))
        for name, value in values.items():
            setattr(row, name, value)


def save(app: Flask, source: int, target: int, source_id: str, **values: object) -> None:
    with app.app_context(), write() as session:
        keys = {"source_tenant_id": source, "target_tenant_id": target, "kind": "groups"}
        session.add(SavedMapping(**keys, source_id=source_id, updated_by="Test", **values))


def test_in_the_same_tenant_everything_is_itself(app, cast, inventory):
    staff = inventory.group("Staff")
    inventory.group("Staff")  # a namesake does not matter
    tag = inventory.policy("Europe", collection="roleScopeTags", key="3")
    policy = inventory.policy(
        "Baseline", {"roleScopeTagIds": ["0", "3"]}, [to_group(staff), to_all_devices()]
    )
    made = backup_set(app, cast.tenant_id, [policy, tag])
    restore = draft(app, made, cast.tenant_id)
    found = rows(app, restore)
    assert set(found) == {("groups", staff)}  # the tag is restored with it
    assert (found["groups", staff].target_id, found["groups", staff].origin) == (staff, "id")


def test_what_a_preview_found_cannot_be_restored_can_be_mapped(app, cast, inventory, other):
    tag = inventory.policy("Europe", collection="roleScopeTags", key="3")
    policy = inventory.policy("Baseline", {"roleScopeTagIds": ["0", "3"]}, key="p")
    made = backup_set(app, cast.tenant_id, [policy, tag])
    restore = draft(app, made, other.tenant_id)
    assert not rows(app, restore)
    for target_id, named in (("9", set()), (None, {("roleScopeTags", "3")})):
        with app.app_context(), write() as session:
            held = sa.select(RestoreItem).filter_by(restore_id=restore, source_id="3")
            item = session.scalars(held).one()
            item.action, item.target_id = RestoreAction.CANNOT, target_id
        assert set(rows(app, restore)) == named


def test_a_tag_that_is_not_restored_is_mapped(app, cast, inventory):
    tag = inventory.policy("Europe", collection="roleScopeTags", key="3")
    policy = inventory.policy("Baseline", {"roleScopeTagIds": ["0", "3"]}, key="p")
    made = backup_set(app, cast.tenant_id, [policy, tag])
    found = rows(app, draft(app, made, cast.tenant_id, only=["p"]))
    assert found["roleScopeTags", "3"].target_id == "3"
    assert found["roleScopeTags", "3"].source_name == "Europe"


def test_a_tag_of_another_tenant_is_never_taken_for_its_number(app, cast, inventory, other):
    tag = inventory.policy("Europe", collection="roleScopeTags", key="3")
    policy = inventory.policy("Baseline", {"roleScopeTagIds": ["3"]}, key="p")
    other.policy("Asia", collection="roleScopeTags", key="3")
    made = backup_set(app, cast.tenant_id, [policy, tag])
    restore = draft(app, made, other.tenant_id, only=["p"])
    assert rows(app, restore)["roleScopeTags", "3"].choice is None
    other.policy("Europe", collection="roleScopeTags", key="9")
    row = rows(app, restore)["roleScopeTags", "3"]
    assert (row.choice, row.target_id, row.origin) == (MappingChoice.MAP, "9", "name")


def test_groups_by_name_duplicates_and_missing_ones(app, cast, inventory, other):
    sales, twice, none = (inventory.group(name) for name in ("Sales", "Twice", "None"))
    policy = inventory.policy("Baseline", {}, [to_group(key) for key in (sales, twice, none)])
    there = other.group("Sales")
    for name in ("Sales ", "Twice", "Twice"):
        other.group(name)
    other.group("None", removed=True)
    made = backup_set(app, cast.tenant_id, [policy])
    found = rows(app, draft(app, made, other.tenant_id))
    told = {row.source_name: (row.target_id, row.note) for row in found.values()}
    assert told == {
        "Sales": (there, None),
        "Twice": (None, "2 groups of this name."),
        "None": (None, "No group of this name."),
    }


def test_a_group_that_the_source_lost_is_known_by_the_set(app, cast, inventory, other):
    policy = inventory.policy("Baseline", {}, [to_group(GONE)])
    made = backup_set(app, cast.tenant_id, [policy])
    backup_group(app, made, GONE, "Kiosks", mail_nickname="kiosks")
    there = other.group("Kiosk devices", mail_nickname="kiosks")
    row = rows(app, draft(app, made, other.tenant_id))["groups", GONE]
    assert (row.source_name, row.target_id, row.origin) == ("Kiosks", there, "mail_nickname")


def test_what_was_chosen_stays(app, cast, inventory, other):
    staff = inventory.group("Staff")
    made = backup_set(app, cast.tenant_id, [inventory.policy("P", {}, [to_group(staff)])])
    other.group("Staff")
    wanted = other.group("Everybody")
    restore = draft(app, made, other.tenant_id)
    rows(app, restore)
    choose(
        app, restore, "groups", staff, choice=MappingChoice.MAP, target_id=wanted, origin="chosen"
    )
    save(app, cast.tenant_id, other.tenant_id, staff, choice=MappingChoice.SKIP)
    row = rows(app, restore)["groups", staff]
    assert (row.target_id, row.target_name, row.origin) == (wanted, "Everybody", "chosen")


def test_what_was_chosen_and_is_gone_is_said(app, cast, inventory, other):
    staff = inventory.group("Staff")
    made = backup_set(app, cast.tenant_id, [inventory.policy("P", {}, [to_group(staff)])])
    wanted = other.group("Everybody")
    restore = draft(app, made, other.tenant_id)
    rows(app, restore)
    values = {"choice": MappingChoice.MAP, "target_id": wanted, "target_name": "Everybody"}
    choose(app, restore, "groups", staff, origin="chosen", **values)
    with app.app_context(), write() as session:
        session.execute(sa.update(DirectoryGroup).values(removed_at=utcnow()))
    row = rows(app, restore)["groups", staff]
    assert row.choice is None
    assert row.note == "“Everybody”, chosen before, is gone. No group of this name."


def test_saved_choices_come_before_suggestions(app, cast, inventory, other):
    staff = inventory.group("Staff")
    made = backup_set(app, cast.tenant_id, [inventory.policy("P", {}, [to_group(staff)])])
    other.group("Staff")
    save(app, cast.tenant_id, other.tenant_id, staff, choice=MappingChoice.SKIP)
    row = rows(app, draft(app, made, other.tenant_id))["groups", staff]
    assert (row.choice, row.target_id, row.origin) == (MappingChoice.SKIP, None, "saved")


def test_what_an_earlier_restore_made_gives_way_to_the_thing_itself(app, cast, inventory):
    staff, made_then = inventory.group("Staff"), inventory.group("Staff")
    made = backup_set(app, cast.tenant_id, [inventory.policy("P", {}, [to_group(staff)])])
    values = {"choice": MappingChoice.MAP, "target_id": made_then, "is_made": True}
    save(app, cast.tenant_id, cast.tenant_id, staff, **values)
    restore = draft(app, made, cast.tenant_id)
    assert rows(app, restore)["groups", staff].target_id == staff
    with app.app_context(), write() as session:
        gone = DirectoryGroup.graph_id == staff
        session.execute(sa.update(DirectoryGroup).where(gone).values(removed_at=utcnow()))
    row = rows(app, restore)["groups", staff]
    assert (row.target_id, row.origin) == (made_then, "saved")


def test_rows_that_nothing_needs_go(app, cast, inventory, other):
    staff = inventory.group("Staff")
    made = backup_set(app, cast.tenant_id, [inventory.policy("P", {}, [to_group(staff)])])
    restore = draft(app, made, other.tenant_id)
    assert len(rows(app, restore)) == 1
    with app.app_context(), write() as session:
        session.execute(sa.delete(RestoreItem))
    assert rows(app, restore) == {}
