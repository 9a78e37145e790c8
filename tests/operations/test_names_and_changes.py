"""What a sync adds: names of groups and settings, and who made the changes it found."""

from typing import Any

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.inventory import audit_log
from opsapp.models import DirectoryGroup, OperationRunEvent, SettingDefinition, SettingName
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.graph_content import (
    catalog_policy,
    current,
    policy_named,
    to_group,
    versions_of,
    wifi,
)
from tests.support.performing import Perform

CONFIG = "deviceConfigurations"
CATALOG = "configurationPolicies"
INPUTS = {"types": [CONFIG]}
UNKNOWN = "11111111-2222-4333-8444-555555555555"


def groups() -> dict[str, DirectoryGroup]:
    return {group.graph_id: group for group in db.session.scalars(sa.select(DirectoryGroup))}


def events_of(run_id: int) -> list[str]:
    query = sa.select(OperationRunEvent.message).where(OperationRunEvent.run_id == run_id)
    return [str(message) for message in db.session.scalars(query)]


def asked_for_names(simulator: Simulator) -> int:
    return sum("getByIds" in str(entry["path"]) for entry in simulator.requests())


def test_groups_that_are_assigned_to_are_named_once(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    staff = simulator.add_group(simulated.slug, displayName="Staff")["id"]
    content = wifi("P", assignments=[to_group(staff), to_group(UNKNOWN)])
    simulator.add_object(simulated.slug, CONFIG, content)
    simulator.clear_requests()
    perform("inventory.sync", INPUTS)
    found = groups()
    assert found[staff].display_name == "Staff"
    assert found[staff].removed_at is None
    assert found[UNKNOWN].removed_at is not None
    assert asked_for_names(simulator) == 1
    perform("inventory.sync", INPUTS)
    assert asked_for_names(simulator) == 1


def test_groups_that_only_a_content_names_are_named_too(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    admins = simulator.add_group(simulated.slug, displayName="Admins")["id"]
    users = {"includeUsers": ["All"], "excludeGroups": [admins]}
    content = {"displayName": "MFA", "conditions": {"users": users}, "grantControls": None}
    simulator.add_object(simulated.slug, "conditionalAccessPolicies", content)
    perform("inventory.sync", {"types": ["conditionalAccessPolicies"]})
    assert groups()[admins].display_name == "Admins"


def test_without_the_permission_groups_stay_ids_and_the_run_says_so(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    staff = simulator.add_group(simulated.slug, displayName="Staff")["id"]
    simulator.add_object(simulated.slug, CONFIG, wifi("P", assignments=[to_group(staff)]))
    simulator.set_permissions(
        simulated.slug, revoke=["GroupMember.Read.All", "GroupMember.ReadWrite.All"]
    )
    run = perform("inventory.sync", INPUTS)
    assert run.outcome == "succeeded"
    assert groups() == {}
    assert any("Groups are shown by id" in message for message in events_of(run.id))


def test_who_changed_a_policy_and_when(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    row = simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    simulator.add_object(simulated.slug, CONFIG, wifi("Untouched"))
    perform("inventory.sync", INPUTS)
    simulator.change_object(simulated.slug, CONFIG, row["id"], ssid="Guests")
    simulator.change_object(simulated.slug, CONFIG, row["id"], ssid="Visitors")
    perform("inventory.sync", INPUTS)
    policy = policy_named("P")
    assert policy.version == 2
    changes = current(policy).changes
    assert len(changes) == 2
    assert changes[0]["at"] >= changes[1]["at"]
    assert all(simulated.slug in change["actor"] for change in changes)
    assert all(change["activity"] for change in changes)
    assert policy_named("Untouched").version == 1


def test_each_change_is_told_with_one_version(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    row = simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    perform("inventory.sync", INPUTS)
    for ssid in ("one", "two"):
        simulator.change_object(simulated.slug, CONFIG, row["id"], ssid=ssid)
        perform("inventory.sync", INPUTS)
    told = [version.changes for version in versions_of(policy_named("P"))]
    assert [len(changes) for changes in told[1:]] == [1, 1]
    assert told[1] != told[2]


def test_many_changes_are_told_some_versions_at_a_time(
    simulator: Simulator,
    simulated: SimulatedTenant,
    perform: Perform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_log, "_VERSIONS_AT_ONCE", 2)
    names = ("One", "Two", "Three")
    rows = [simulator.add_object(simulated.slug, CONFIG, wifi(name)) for name in names]
    perform("inventory.sync", INPUTS)
    for row in rows:
        simulator.change_object(simulated.slug, CONFIG, row["id"], ssid="Guests")
    perform("inventory.sync", INPUTS)
    assert all(current(policy_named(name)).changes for name in names)


def test_a_log_that_may_not_be_read_is_said_and_asked_again(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.set_faults(rules=[{"path": "auditEvents", "status": 403}])
    row = simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    run = perform("inventory.sync", INPUTS)
    assert run.outcome == "succeeded"
    assert any("Who changed what is not known" in message for message in events_of(run.id))
    assert current(policy_named("P")).changes is None
    simulator.clear_faults()
    simulator.change_object(simulated.slug, CONFIG, row["id"], ssid="Guests")
    perform("inventory.sync", INPUTS)
    assert current(policy_named("P")).changes


def test_an_unchanged_sync_does_not_ask_the_log(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    perform("inventory.sync", INPUTS)
    simulator.clear_requests()
    perform("inventory.sync", INPUTS)
    assert not [entry for entry in simulator.requests() if "auditEvents" in str(entry["path"])]


FIREWALL = "vendor_msft_firewall_mdmstore_domainprofile_"


def choice(name: str, value: str) -> dict[str, Any]:
    family = "#microsoft.graph.deviceManagementConfiguration"
    definition = FIREWALL + name
    return {
        "settingInstance": {
            "@odata.type": f"{family}ChoiceSettingInstance",
            "settingDefinitionId": definition,
            "choiceSettingValue": {"value": f"{definition}_{value}", "children": []},
        }
    }


def test_settings_get_the_names_that_intune_gives_them(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    settings = [choice("enablefirewall", "true"), choice("defaultinboundaction", "1")]
    for name in ("One", "Two"):
        simulator.add_object(simulated.slug, CATALOG, catalog_policy(name) | {"settings": settings})
    simulator.clear_requests()
    perform("inventory.sync", {"types": [CATALOG]})
    known = {row.definition_id: row for row in db.session.scalars(sa.select(SettingDefinition))}
    assert known[f"{FIREWALL}enablefirewall"].label == "Enable Domain Network Firewall"
    named = sa.select(SettingName.label).where(SettingName.key == f"{FIREWALL}enablefirewall")
    assert db.session.scalar(named) == "Enable Domain Network Firewall"
    inbound = known[f"{FIREWALL}defaultinboundaction"]
    assert inbound.options[f"{FIREWALL}defaultinboundaction_1"] == "Block"
    assert asked_for_definitions(simulator) == 1  # both policies hold the same settings
    simulator.add_object(simulated.slug, CATALOG, catalog_policy("Three") | {"settings": settings})
    perform("inventory.sync", {"types": [CATALOG]})
    assert asked_for_definitions(simulator) == 1


def asked_for_definitions(simulator: Simulator) -> int:
    return sum("settingDefinitions" in str(entry["query"]) for entry in simulator.requests())
