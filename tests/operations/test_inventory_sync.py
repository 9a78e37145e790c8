"""inventory.sync: reads everything, keeps what changed, loses nothing, says what it could not."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import (
    CollectionState,
    Completeness,
    ItemResult,
    Policy,
    PolicyAssignment,
    PolicyVersion,
    RunOutcome,
    Tenant,
)
from opsapp.models.base import write
from opsapp.operations import operation_of
from opsapp.operations.base import InvalidInputs
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.graph_content import (
    catalog_policy,
    current,
    items_of,
    policy_named,
    to_group,
    wifi,
)
from tests.support.performing import Perform

CONFIG = "deviceConfigurations"
CATALOG = "configurationPolicies"


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


def state_of(tenant: Tenant, key: str) -> CollectionState:
    return db.session.get_one(CollectionState, (tenant.id, key))


def test_reads_settings_beyond_the_first_page(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.add_object(simulated.slug, CATALOG, catalog_policy("Many settings", 1203))
    run = perform("inventory.sync", {"types": [CATALOG]})
    assert run.outcome == RunOutcome.SUCCEEDED
    content = current(policy_named("Many settings")).content.content
    assert [setting["id"] for setting in content["settings"]] == [str(n) for n in range(1203)]


def test_second_sync_of_an_untouched_tenant_makes_no_version(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    for number in range(3):
        simulator.add_object(simulated.slug, CONFIG, wifi(f"Profile {number}"))
    first = perform("inventory.sync")
    second = perform("inventory.sync")
    assert first.summary_counts["unchanged"] == 0
    assert second.summary_counts == {
        "total": 4,  # the tenant's own settings are the fourth
        "processed": 4,
        "succeeded": 4,
        "unchanged": 4,
        "failed": 0,
        "skipped": 0,
    }
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion)) == 4


def test_changed_content_and_changed_assignments_each_make_a_version(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    made = simulator.add_object(simulated.slug, CONFIG, wifi("Profile"))
    group = simulator.add_group(simulated.slug, displayName="Staff")
    perform("inventory.sync", {"types": [CONFIG]})
    simulator.change_object(simulated.slug, CONFIG, made["id"], ssid="Guests")
    perform("inventory.sync", {"types": [CONFIG]})
    simulator.change_object(simulated.slug, CONFIG, made["id"], assignments=[to_group(group["id"])])
    perform("inventory.sync", {"types": [CONFIG]})
    policy = policy_named("Profile")
    assert policy.version == 3
    assert policy.assignment_count == 1
    versions = db.session.scalars(sa.select(PolicyVersion).order_by(PolicyVersion.number)).all()
    assert [v.content.content["ssid"] for v in versions] == ["Office", "Guests", "Guests"]
    assert [len(v.assignments.content) for v in versions] == [0, 0, 1]
    targeted = db.session.scalars(sa.select(PolicyAssignment)).one()
    assert (targeted.target, targeted.group_id) == ("group", group["id"])


def test_only_a_complete_listing_marks_a_policy_as_gone(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    made = [simulator.add_object(simulated.slug, CONFIG, wifi(f"P{n}")) for n in range(5)]
    perform("inventory.sync", {"types": [CONFIG]})
    simulator.remove_object(simulated.slug, CONFIG, made[0]["id"])
    simulator.set_permissions(simulated.slug, revoke=["DeviceManagementConfiguration.Read.All"])
    simulator.set_permissions(
        simulated.slug, revoke=["DeviceManagementConfiguration.ReadWrite.All"]
    )
    forbidden = perform("inventory.sync", {"types": [CONFIG]})
    assert forbidden.outcome == RunOutcome.FAILED
    assert forbidden.reason_code == "graph.consent_missing"
    assert state_of(tenant, CONFIG).completeness == Completeness.FORBIDDEN
    assert "DeviceManagementConfiguration.Read.All" in state_of(tenant, CONFIG).message
    assert policy_named("P0").gone_at is None

    simulator.set_permissions(simulated.slug, grant=["DeviceManagementConfiguration.Read.All"])
    complete = perform("inventory.sync", {"types": [CONFIG]})
    assert complete.outcome == RunOutcome.SUCCEEDED
    assert policy_named("P0").gone_at is not None
    assert policy_named("P1").gone_at is None
    assert state_of(tenant, CONFIG).completeness == Completeness.COMPLETE


def test_a_policy_that_comes_back_is_no_longer_gone(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    made = simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    perform("inventory.sync", {"types": [CONFIG]})
    simulator.remove_object(simulated.slug, CONFIG, made["id"])
    perform("inventory.sync", {"types": [CONFIG]})
    assert policy_named("P").gone_at is not None
    simulator.add_object(simulated.slug, CONFIG, wifi("P", id=made["id"]))
    perform("inventory.sync", {"types": [CONFIG]})
    policy = policy_named("P")
    assert policy.gone_at is None
    assert policy.version == 1


def test_one_unreadable_object_never_loses_the_others(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    made = [simulator.add_object(simulated.slug, CONFIG, wifi(f"P{n}")) for n in range(30)]
    bad = made[7]["id"]
    simulator.set_faults(rules=[{"path": f"{bad}/assignments", "status": 400}])
    run = perform("inventory.sync", {"types": [CONFIG]})
    assert run.outcome == RunOutcome.PARTIALLY_SUCCEEDED
    assert run.reason_code == "run.partial"
    assert (run.summary_counts["total"], run.summary_counts["succeeded"]) == (30, 29)
    item = items_of(run.id)[bad]
    assert (item.result, item.reason_code) == (ItemResult.FAILED, "graph.payload_rejected")
    assert item.name == "P7"
    assert item.request_id
    assert run.failure_summary[0]["count"] == 1
    # it was listed: the collection is complete, and the object is not taken for gone
    assert state_of(tenant, CONFIG).completeness == Completeness.COMPLETE


def test_an_unreadable_object_seen_before_is_not_taken_for_gone(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    made = simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    perform("inventory.sync", {"types": [CONFIG]})
    simulator.set_faults(rules=[{"path": f"{made['id']}/assignments", "status": 400}])
    run = perform("inventory.sync", {"types": [CONFIG]})
    assert run.outcome == RunOutcome.FAILED
    assert policy_named("P").gone_at is None
    item = items_of(run.id)[made["id"]]
    assert (item.name, item.policy_id) == ("P", policy_named("P").id)


def test_hostile_names_are_stored_as_far_as_a_database_can(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    hostile = "<script>\u202e\0" + "x" * 400
    simulator.add_object(simulated.slug, CONFIG, wifi(hostile, description="\0"))
    run = perform("inventory.sync", {"types": [CONFIG]})
    assert run.outcome == RunOutcome.SUCCEEDED
    policy = db.session.scalars(sa.select(Policy)).one()
    assert policy.name == "<script>\u202e\N{REPLACEMENT CHARACTER}" + "x" * 290
    assert current(policy).content.content["displayName"] == hostile


def test_a_forbidden_collection_is_one_failed_item_and_the_rest_goes_on(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    simulator.set_permissions(
        simulated.slug, revoke=["Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"]
    )
    run = perform("inventory.sync")
    assert run.outcome == RunOutcome.PARTIALLY_SUCCEEDED
    items = items_of(run.id)
    assert items["conditionalAccessPolicies"].kind == "collection"
    assert items["conditionalAccessPolicies"].reason_code == "graph.consent_missing"
    assert items["namedLocations"].reason_code == "graph.consent_missing"
    assert all(item.duration_ms is not None for item in items.values())
    assert (run.summary_counts["total"], run.summary_counts["failed"]) == (6, 4)
    assert state_of(tenant, CONFIG).completeness == Completeness.COMPLETE


def test_an_excluded_collection_is_not_read_at_all(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    with write() as session:
        session.add(
            CollectionState(
                tenant_id=tenant.id,
                collection=CONFIG,
                object_count=0,
                excluded_at=utcnow(),
                excluded_by="Ana",
            )
        )
    simulator.clear_requests()
    run = perform("inventory.sync", {"types": [CONFIG]})
    assert run.outcome == RunOutcome.SUCCEEDED
    assert run.summary_counts["skipped"] == 1
    asked = [entry["path"] for entry in simulator.requests(simulated.slug)]
    assert not [path for path in asked if CONFIG in path]


def test_wrong_secret_fails_the_whole_run_with_its_reason(
    perform: Perform, tenant: Tenant, settings
) -> None:
    from opsapp.crypto import encrypt

    with write() as session:
        row = session.get_one(Tenant, tenant.id)
        row.client_secret_encrypted = encrypt(settings, "not the secret")
    run = perform_failing(perform)
    assert (run.outcome, run.reason_code) == (RunOutcome.FAILED, "graph.unauthenticated")
    assert "not the secret" not in json.dumps(run.failure_summary)


def test_no_app_registration_is_said_so(perform: Perform, tenant: Tenant) -> None:
    with write() as session:
        row = session.get_one(Tenant, tenant.id)
        row.client_secret_encrypted = row.client_id = None
    run = perform_failing(perform)
    assert run.reason_code == "tenant.disconnected"


def perform_failing(perform: Perform) -> Any:
    """A job that fails also raises, so that RQ knows; the run is what we look at."""
    from opsapp.models import OperationRun

    with pytest.raises(Exception):  # noqa: B017 - whatever it is, RQ only logs it
        perform("inventory.sync", {"types": [CONFIG]})
    db.session.rollback()
    return db.session.scalars(sa.select(OperationRun).order_by(OperationRun.id.desc())).first()


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ({}, {}),
        ({"types": ""}, {}),
        ({"types": "namedLocations, deviceConfigurations"}, {"types": [CONFIG, "namedLocations"]}),
        ({"types": [CONFIG, CONFIG]}, {"types": [CONFIG]}),
    ],
)
def test_inputs_have_one_canonical_form(raw: dict[str, Any], clean: dict[str, Any]) -> None:
    assert operation_of("inventory.sync").clean_inputs(raw) == clean


@pytest.mark.parametrize("raw", [{"types": ["nonsense"]}, {"colour": "red"}])
def test_unknown_inputs_are_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputs):
        operation_of("inventory.sync").clean_inputs(raw)


def test_every_collection_of_an_empty_tenant_is_read_and_complete(
    tenant: Tenant, perform: Perform
) -> None:
    run = perform("inventory.sync")
    assert run.outcome == RunOutcome.SUCCEEDED
    states = db.session.scalars(sa.select(CollectionState)).all()
    assert {state.collection for state in states} == set(CATALOGUE)
    assert {state.completeness for state in states} == {Completeness.COMPLETE}
