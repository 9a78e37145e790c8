"""A sync of an unchanged tenant reads lists alone, and still misses no change."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import (
    CollectionState,
    ListedAssignments,
    Policy,
    PolicyAssignment,
    PolicyVersion,
    Tenant,
)
from opsapp.models.base import write
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
from tests.support.plain_graph import PlainGraph

CATALOG = "configurationPolicies"
CONFIG = "deviceConfigurations"
SCRIPTS = "deviceManagementScripts"
SCRIPT = {"displayName": "Script", "fileName": "a.ps1", "scriptContent": "V3JpdGUtSG9zdA=="}


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def group(simulator: Simulator, simulated: SimulatedTenant) -> str:
    return str(simulator.add_group(simulated.slug, displayName="Staff")["id"])


@pytest.fixture
def policies(
    simulator: Simulator, simulated: SimulatedTenant, group: str
) -> dict[str, dict[str, Any]]:
    """Assigned and unassigned ones of three types, by name."""
    made = {}
    for number in range(6):
        assigned = {"assignments": [to_group(group)]} if number % 2 else {}
        for key, content in (
            (CATALOG, catalog_policy(f"Catalog {number}", 2, **assigned)),
            (CONFIG, wifi(f"Wi-Fi {number}", **assigned)),
            (SCRIPTS, {**SCRIPT, "displayName": f"Script {number}", **assigned}),
        ):
            row = simulator.add_object(simulated.slug, key, content)
            made[str(content.get("name") or content["displayName"])] = {"key": key, **row}
    return made


INPUTS = {"types": [CATALOG, CONFIG, SCRIPTS]}


def requests_of(simulator: Simulator, simulated: SimulatedTenant) -> Counter[str]:
    """How often each path below the version was asked, parts of batches counted."""
    log = simulator.requests(simulated.slug)
    paths = [str(entry["path"]) for entry in log]
    return Counter(path for path in paths if path.startswith("/device"))


def state_of(tenant: Tenant, key: str) -> CollectionState:
    return db.session.get_one(CollectionState, (tenant.id, key))


def age(tenant: Tenant, key: str, hours: float) -> None:
    with write():
        state_of(tenant, key).full_read_at = utcnow() - timedelta(hours=hours)


@pytest.mark.usefixtures("policies")
def test_an_unchanged_tenant_costs_its_lists(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    first = perform("inventory.sync", INPUTS)
    assert [state_of(tenant, key).listed_assignments for key in INPUTS["types"]] == [
        ListedAssignments.TRUSTED
    ] * 3
    simulator.clear_requests()
    second = perform("inventory.sync", INPUTS)
    assert sum(requests_of(simulator, simulated).values()) == 3
    assert second.summary_counts["unchanged"] == first.summary_counts["total"] == 18
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion)) == 18


def test_what_changed_is_read_and_nothing_else(
    simulator: Simulator, simulated: SimulatedTenant, policies: dict[str, Any], perform: Perform
) -> None:
    perform("inventory.sync", INPUTS)
    changed = policies["Script 3"]
    simulator.change_object(
        simulated.slug, SCRIPTS, changed["id"], scriptContent="RXhpdA==", fileName="b.ps1"
    )
    simulator.add_object(simulated.slug, CONFIG, wifi("New"))
    simulator.clear_requests()
    run = perform("inventory.sync", INPUTS)
    assert run.summary_counts["unchanged"] == 17
    content = current(policy_named("Script 3")).content.content
    assert (content["scriptContent"], content["fileName"]) == ("RXhpdA==", "b.ps1")
    whole = [path for path in requests_of(simulator, simulated) if changed["id"] in path]
    assert whole == [f"/deviceManagement/{SCRIPTS}/{changed['id']}"]
    assert policy_named("New").version == 1


@pytest.mark.parametrize("name", ["Catalog 0", "Catalog 1", "Wi-Fi 2", "Wi-Fi 3", "Script 4"])
def test_assignments_alone_are_found_though_no_date_moves(
    name: str,
    simulator: Simulator,
    simulated: SimulatedTenant,
    policies: dict[str, Any],
    perform: Perform,
) -> None:
    perform("inventory.sync", INPUTS)
    before = current(policy_named(name))
    other = simulator.add_group(simulated.slug, displayName="Other")["id"]
    key = policies[name]["key"]
    member = "deviceManagementScriptAssignments" if key == SCRIPTS else "assignments"
    address = f"{CATALOGUE[key].path}/{policies[name]['id']}"
    with PlainGraph(simulator, simulated) as graph:
        dated = graph.get(address)["lastModifiedDateTime"]
        graph.post(f"{address}/assign", {member: [to_group(other)]})
        assert graph.get(address)["lastModifiedDateTime"] == dated
    run = perform("inventory.sync", INPUTS)
    assert run.summary_counts["unchanged"] == 17
    policy = policy_named(name)
    assert policy.version == 2
    now = current(policy)
    assert [row["target"]["groupId"] for row in now.assignments.content] == [other]
    assert now.content.content["displayName" if key != CATALOG else "name"] == name
    assert policy.changed_at == now.seen_at > before.seen_at
    query = sa.select(PolicyAssignment.group_id).where(PolicyAssignment.policy_id == policy.id)
    assert list(db.session.scalars(query)) == [other]


# As the service does: scope tags expand to nothing, update profiles refuse to.
SILENT_LISTS = {
    "roleScopeTags": ListedAssignments.DOUBTFUL,
    "windowsFeatureUpdateProfiles": ListedAssignments.REFUSED,
}


@pytest.mark.parametrize("key", SILENT_LISTS)
def test_a_list_that_does_not_tell_assignments_is_not_believed(
    key: str,
    simulator: Simulator,
    simulated: SimulatedTenant,
    tenant: Tenant,
    group: str,
    perform: Perform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(CATALOGUE, key, replace(CATALOGUE[key], try_expand=("assignments",)))
    inputs, judgement = {"types": [key]}, SILENT_LISTS[key]
    content = {"displayName": "Paris"}
    row = simulator.add_object(simulated.slug, key, {**content, "assignments": [to_group(group)]})
    perform("inventory.sync", inputs)
    assert state_of(tenant, key).listed_assignments == judgement
    assert len(current(policy_named("Paris")).assignments.content) == 1
    simulator.change_object(simulated.slug, key, row["id"], assignments=[])
    perform("inventory.sync", inputs)
    assert current(policy_named("Paris")).assignments.content == []
    assert state_of(tenant, key).listed_assignments == judgement


@pytest.mark.usefixtures("policies")
def test_everything_is_read_whole_now_and_then_and_on_demand(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    perform("inventory.sync", INPUTS)

    def settings_read(inputs: dict[str, Any]) -> int:
        simulator.clear_requests()
        run = perform("inventory.sync", inputs)
        assert run.summary_counts["unchanged"] == 18
        asked = requests_of(simulator, simulated)
        return sum(count for path, count in asked.items() if path.endswith("/settings"))

    age(tenant, CATALOG, 23.9)
    assert settings_read(INPUTS) == 0
    age(tenant, CATALOG, 24.1)
    assert settings_read(INPUTS) == 6
    assert utcnow() - (state_of(tenant, CATALOG).full_read_at or utcnow()) < timedelta(minutes=5)
    assert settings_read(INPUTS) == 0
    assert settings_read({**INPUTS, "full": "yes"}) == 6


@pytest.mark.usefixtures("policies")
def test_a_broken_full_reading_is_still_due(
    simulator: Simulator, tenant: Tenant, perform: Perform
) -> None:
    simulator.set_faults(max_page=4, next_link_base="https://elsewhere.example")
    run = perform("inventory.sync", INPUTS)
    assert run.outcome == "partially_succeeded"
    broken = state_of(tenant, CONFIG)
    assert (broken.full_read_at, broken.listed_assignments) == (None, None)
    simulator.clear_faults()
    perform("inventory.sync", INPUTS)
    assert state_of(tenant, CONFIG).full_read_at is not None


def test_an_object_that_came_back_is_read_again(
    simulator: Simulator, simulated: SimulatedTenant, policies: dict[str, Any], perform: Perform
) -> None:
    perform("inventory.sync", INPUTS)
    row = policies["Wi-Fi 1"]
    simulator.remove_object(simulated.slug, CONFIG, row["id"])
    perform("inventory.sync", INPUTS)
    assert policy_named("Wi-Fi 1").gone_at is not None
    simulator.add_object(simulated.slug, CONFIG, {**row["content"], "displayName": "Wi-Fi 1"})
    perform("inventory.sync", INPUTS)
    policy = db.session.scalars(
        sa.select(Policy).where(Policy.graph_id == row["id"], Policy.collection == CONFIG)
    ).one()
    assert policy.gone_at is None


def test_a_new_way_to_compare_makes_no_versions(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    perform("inventory.sync", {"types": [CONFIG]})
    with write() as session:
        session.execute(sa.update(PolicyVersion).values(compare_sha256="0" * 64))
    run = perform("inventory.sync", {"types": [CONFIG], "full": True})
    assert run.summary_counts["unchanged"] == 1
    policy = policy_named("P")
    assert [version.number for version in versions_of(policy)] == [1]
    assert current(policy).compare_sha256 != "0" * 64


def test_a_property_the_service_learned_is_no_change_until_it_says_something(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    row = simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    inputs = {"types": [CONFIG]}
    perform("inventory.sync", inputs)
    for learned, versions in ((False, 1), (False, 1), (True, 2), (False, 3)):
        simulator.change_object(simulated.slug, CONFIG, row["id"], learnedSince=learned)
        perform("inventory.sync", inputs)
        assert policy_named("P").version == versions
