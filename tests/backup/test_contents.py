"""Putting policies and groups into a set, and closing it."""

from typing import Any

import pytest
import sqlalchemy as sa

from opsapp.backup import contents
from opsapp.extensions import db
from opsapp.models import BackupGroup, BackupItem, BackupSet, PolicyVersion
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from tests.backup.conftest import NewSet
from tests.support.inventory_rows import Inventory, add_tenant, catalog, simple, to_group
from tests.support.queries import counted


def items_of(set_id: int) -> dict[str, BackupItem]:
    query = sa.select(BackupItem).where(BackupItem.set_id == set_id)
    return {item.name: item for item in db.session.scalars(query)}


def groups_of(set_id: int) -> dict[str, BackupGroup]:
    query = sa.select(BackupGroup).where(BackupGroup.set_id == set_id)
    return {group.graph_id: group for group in db.session.scalars(query)}


def add(set_id: int, *policies: int) -> None:
    with write() as session:
        contents.add_policies(session, set_id, policies)


def close(set_id: int) -> BackupSet:
    with write() as session:
        return contents.close(session, set_id)


def changed(name: str) -> dict[str, Any]:
    return catalog(simple("device_a", name))


def test_an_item_is_the_current_version(
    app_context: None, inventory: Inventory, new_set: NewSet
) -> None:
    inventory.policy("Old name", key="p")
    policy = inventory.policy("Baseline", changed("x"), [to_group("g")], key="p")
    set_id = new_set()
    add(set_id, policy)
    item = items_of(set_id)["Baseline"]
    version = db.session.scalars(
        sa.select(PolicyVersion).where(PolicyVersion.policy_id == policy, PolicyVersion.number == 2)
    ).one()
    assert (item.policy_id, item.version, item.graph_id) == (policy, 2, "p")
    assert item.content.content["name"] == "Baseline"
    assert item.compare_sha256 == version.compare_sha256
    assert (item.assignment_count, item.platform) == (1, "Windows")


def test_an_object_read_again_replaces_its_item(
    app_context: None, inventory: Inventory, new_set: NewSet
) -> None:
    policy = inventory.policy("Baseline", changed("x"), key="p")
    set_id = new_set()
    add(set_id, policy)
    before = items_of(set_id)["Baseline"].id
    inventory.policy("Baseline", changed("y"), key="p")
    add(set_id, policy)
    db.session.expire_all()
    item = items_of(set_id)["Baseline"]
    assert (item.id, item.version) == (before, 2)


def test_what_is_gone_or_another_tenants_is_left_out(
    app: Any, app_context: None, inventory: Inventory, new_set: NewSet
) -> None:
    gone = inventory.policy("Gone", gone=True)
    other = add_tenant(app, "fabrikam").policy("Other")
    here = inventory.policy("Here")
    set_id = new_set()
    add(set_id, gone, other, here)
    assert set(items_of(set_id)) == {"Here"}


def test_groups_named_are_kept_as_the_directory_knows_them(
    app_context: None, inventory: Inventory, new_set: NewSet
) -> None:
    group = inventory.group("All staff", membership_rule="user.x", mail_nickname="staff")
    excluded = inventory.group("Guests")
    inventory.group("Not named")
    access = {"conditions": {"users": {"includeGroups": [excluded]}}}
    set_id = new_set()
    add(
        set_id,
        inventory.policy("Baseline", assignments=[to_group(group), to_group("never-seen")]),
        inventory.policy("Access", access, collection="conditionalAccessPolicies"),
    )
    assert close(set_id).item_count == 2
    groups = groups_of(set_id)
    assert set(groups) == {group, excluded}
    assert (groups[group].display_name, groups[group].membership_rule) == ("All staff", "user.x")
    assert groups[group].mail_nickname == "staff"


def test_a_complete_set_takes_nothing_more(
    app_context: None, inventory: Inventory, new_set: NewSet
) -> None:
    policy = inventory.policy("Baseline")
    set_id = new_set()
    add(set_id, policy)
    close(set_id)
    with pytest.raises(Refused) as refused:
        add(set_id, policy)
    assert refused.value.reason_code == "backup.complete"
    with pytest.raises(NotFound):
        add(set_id + 1, policy)


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(BackupSet).values(name="Other"),
        sa.update(BackupItem).values(name="Other"),
        sa.delete(BackupItem),
    ],
)
def test_the_database_itself_refuses_changes_of_a_complete_set(
    app_context: None, inventory: Inventory, new_set: NewSet, statement: sa.Executable
) -> None:
    set_id = new_set()
    add(set_id, inventory.policy("Baseline"))
    close(set_id)
    with pytest.raises(sa.exc.DBAPIError, match="never changes"), write() as session:
        session.execute(statement)
    with write() as session:
        session.delete(session.get_one(BackupSet, set_id))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BackupItem)) == 0


def test_many_policies_take_few_statements(
    app: Any, app_context: None, inventory: Inventory, new_set: NewSet
) -> None:
    policies = [inventory.policy(f"Policy {n}") for n in range(60)]
    set_id = new_set()
    with counted(app) as statements:
        add(set_id, *policies)
    assert len(items_of(set_id)) == 60
    assert len(statements) <= 6
