"""policy.capture_snapshot: chosen policies, read whole now."""

from typing import Any

import pytest

from opsapp.models import Tenant
from opsapp.models.base import write
from opsapp.operations import operation_of
from opsapp.operations.base import InvalidInputs
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.graph_content import catalog_policy, current, items_of, policy_named, wifi
from tests.support.performing import Perform

CATALOG = "configurationPolicies"
CONFIG = "deviceConfigurations"
SCRIPTS = "deviceShellScripts"
CAPTURE = "policy.capture_snapshot"


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def made(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> dict[str, dict[str, Any]]:
    rows = {
        "Catalog": simulator.add_object(simulated.slug, CATALOG, catalog_policy("Catalog", 30)),
        "Wi-Fi": simulator.add_object(simulated.slug, CONFIG, wifi("Wi-Fi")),
        "Script": simulator.add_object(
            simulated.slug, SCRIPTS, {"displayName": "Script", "scriptContent": "ZWNobw=="}
        ),
    }
    perform("inventory.sync", {"types": [CATALOG, CONFIG, SCRIPTS]})
    return rows


def ids(*names: str) -> dict[str, Any]:
    return {"policies": ",".join(str(policy_named(name).id) for name in names)}


def test_what_changed_becomes_a_version_and_the_rest_is_unchanged(
    made: dict[str, Any], simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.change_object(simulated.slug, CONFIG, made["Wi-Fi"]["id"], ssid="Guests")
    run = perform(CAPTURE, ids("Catalog", "Wi-Fi", "Script"))
    assert run.outcome == "succeeded"
    assert (run.summary_counts["total"], run.summary_counts["unchanged"]) == (3, 2)
    version = current(policy_named("Wi-Fi"))
    assert (version.number, version.run_id) == (2, run.id)
    assert version.content.content["ssid"] == "Guests"
    assert len(current(policy_named("Catalog")).content.content["settings"]) == 30
    assert version.changes
    sync = perform("inventory.sync", {"types": [CATALOG, CONFIG, SCRIPTS]})
    assert sync.summary_counts["unchanged"] == 3


def test_one_that_is_gone_is_marked_so(
    made: dict[str, Any], simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.add_object(simulated.slug, CONFIG, wifi("There"))
    perform("inventory.sync", {"types": [CONFIG]})
    for name, key in (("Wi-Fi", CONFIG), ("Script", SCRIPTS), ("Catalog", CATALOG)):
        simulator.remove_object(simulated.slug, key, made[name]["id"])
    run = perform(CAPTURE, ids("Wi-Fi", "Script", "Catalog", "There"))
    assert run.outcome == "succeeded"
    assert all(policy_named(name).gone_at is not None for name in made)
    assert policy_named("There").gone_at is None
    assert "no longer exists" in items_of(run.id)[made["Wi-Fi"]["id"]].message


def test_an_unknown_policy_is_a_failed_item(made: dict[str, Any], perform: Perform) -> None:
    run = perform(CAPTURE, {"policies": [policy_named("Wi-Fi").id, 999_999]})
    assert run.outcome == "partially_succeeded"
    assert items_of(run.id)["999999"].reason_code == "item.validation_failed"


def test_one_that_cannot_be_read_does_not_keep_the_others_back(
    made: dict[str, Any], simulator: Simulator, perform: Perform
) -> None:
    path = f"{SCRIPTS}/{made['Script']['id']}"
    simulator.set_faults(rules=[{"path": path, "status": 403}])
    run = perform(CAPTURE, ids("Script", "Wi-Fi"))
    assert run.outcome == "partially_succeeded"
    assert items_of(run.id)[made["Script"]["id"]].result == "failed"
    assert items_of(run.id)[made["Wi-Fi"]["id"]].result == "unchanged"
    assert policy_named("Script").gone_at is None


@pytest.mark.parametrize("given", [{}, {"policies": ""}, {"policies": "a"}, {"ids": "1"}])
def test_bad_inputs_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputs):
        operation_of(CAPTURE).clean_inputs(given)


def test_another_tenants_policy_is_none_of_this_one(
    made: dict[str, Any], tenant: Tenant, perform: Perform
) -> None:
    policy_id = policy_named("Wi-Fi").id
    with write() as session:
        other = Tenant(slug="other", name="Other", entra_tenant_id="other")
        session.add(other)
        session.flush()
        policy_named("Wi-Fi").tenant_id = other.id
    run = perform(CAPTURE, {"policies": [policy_id]})
    assert run.outcome == "failed"
    assert policy_named("Wi-Fi").version == 1
