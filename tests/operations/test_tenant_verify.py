"""tenant.verify: token, organization, each permission granted or missing."""

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import (
    OperationRunItem,
    PermissionState,
    RunOutcome,
    Tenant,
    TenantPermission,
)
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.performing import Perform


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


def states() -> dict[str, PermissionState]:
    rows = db.session.scalars(sa.select(TenantPermission))
    return {row.permission: row.state for row in rows}


def test_every_check_has_a_duration(perform: Perform) -> None:
    run = perform("tenant.verify")
    items = db.session.scalars(sa.select(OperationRunItem).filter_by(run_id=run.id)).all()
    assert {"token", "organization"} < {item.key for item in items}
    assert all(item.duration_ms is not None for item in items)


def test_everything_granted(perform: Perform, tenant: Tenant) -> None:
    run = perform("tenant.verify")
    assert run.outcome == RunOutcome.SUCCEEDED
    assert set(states().values()) == {PermissionState.GRANTED}
    row = db.session.get_one(Tenant, tenant.id)
    assert row.verified_at is not None
    assert row.organization_name


def test_a_missing_permission_is_named_and_makes_the_run_partial(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.set_permissions(
        simulated.slug, revoke=["Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"]
    )
    run = perform("tenant.verify")
    assert run.outcome == RunOutcome.PARTIALLY_SUCCEEDED
    assert run.failure_summary[0]["code"] == "graph.consent_missing"
    assert "Policy.Read.All" in run.failure_summary[0]["message"]
    assert states()["Policy.Read.All"] == PermissionState.MISSING


def test_a_permission_to_write_includes_reading(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.set_permissions(
        simulated.slug,
        revoke=["DeviceManagementApps.Read.All"],
        grant=["DeviceManagementApps.ReadWrite.All"],
    )
    perform("tenant.verify")
    assert states()["DeviceManagementApps.Read.All"] == PermissionState.GRANTED


def test_a_permission_granted_later_is_seen_at_the_next_verification(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.set_permissions(simulated.slug, revoke=["GroupMember.Read.All"])
    perform("tenant.verify")
    simulator.set_permissions(simulated.slug, grant=["GroupMember.Read.All"])
    run = perform("tenant.verify")
    assert run.outcome == RunOutcome.SUCCEEDED


def test_a_permission_that_only_restores_need_fails_nothing(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    simulator.set_permissions(
        simulated.slug,
        revoke=["DeviceManagementApps.ReadWrite.All", "Policy.ReadWrite.ConditionalAccess"],
        grant=["DeviceManagementApps.Read.All", "Policy.Read.All"],
    )
    run = perform("tenant.verify")
    assert run.outcome == RunOutcome.SUCCEEDED
    found = states()
    for permission in ("DeviceManagementApps", "Policy"):
        assert found[f"{permission}.Read.All"] == PermissionState.GRANTED
    lacking = {name for name, state in found.items() if state != PermissionState.GRANTED}
    assert lacking == {"DeviceManagementApps.ReadWrite.All", "Policy.ReadWrite.ConditionalAccess"}
    assert {found[name] for name in lacking} == {PermissionState.MISSING_TO_RESTORE}
