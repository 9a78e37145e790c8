"""directory_groups.sync: the change feed, removed groups kept as removed, start-over on 410."""

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import DirectoryGroup, OperationRunEvent, RunOutcome, Tenant
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.performing import Perform

SYNC = "directory_groups.sync"


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


def cached() -> dict[str, DirectoryGroup]:
    return {group.display_name: group for group in db.session.scalars(sa.select(DirectoryGroup))}


def test_first_sync_takes_all_groups_a_later_one_only_changes(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    made = [simulator.add_group(simulated.slug, displayName=f"Group {n}") for n in range(230)]
    first = perform(SYNC)
    assert first.outcome == RunOutcome.SUCCEEDED
    assert first.summary_counts["total"] == 230
    assert len(cached()) == 230

    simulator.change_group(simulated.slug, made[3]["id"], displayName="Renamed")
    simulator.add_group(simulated.slug, displayName="New")
    second = perform(SYNC)
    assert second.summary_counts["total"] == 2
    assert {"Renamed", "New"} <= cached().keys()
    assert "Group 3" not in cached()


def test_removed_groups_are_kept_as_removed_and_may_return(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    made = simulator.add_group(simulated.slug, displayName="Temporary")
    perform(SYNC)
    simulator.remove_group(simulated.slug, made["id"])
    perform(SYNC)
    assert cached()["Temporary"].removed_at is not None


def test_an_expired_position_starts_over_and_finds_what_was_removed_meanwhile(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    gone = simulator.add_group(simulated.slug, displayName="Gone")
    simulator.add_group(simulated.slug, displayName="Stays")
    perform(SYNC)
    remembered = db.session.get_one(Tenant, tenant.id).groups_delta_link
    simulator.remove_group(simulated.slug, gone["id"], reason="deleted")
    simulator.reset_delta(simulated.slug)
    run = perform(SYNC)
    assert run.outcome == RunOutcome.SUCCEEDED
    assert cached()["Gone"].removed_at is not None
    assert cached()["Stays"].removed_at is None
    assert db.session.get_one(Tenant, tenant.id).groups_delta_link != remembered
    kinds = db.session.scalars(
        sa.select(OperationRunEvent.kind).where(OperationRunEvent.run_id == run.id)
    ).all()
    assert "resync" in kinds


def test_a_broken_walk_keeps_the_old_position(
    simulator: Simulator, simulated: SimulatedTenant, tenant: Tenant, perform: Perform
) -> None:
    simulator.add_group(simulated.slug, displayName="One")
    perform(SYNC)
    remembered = db.session.get_one(Tenant, tenant.id).groups_delta_link
    simulator.add_group(simulated.slug, displayName="Two")
    simulator.set_faults(rules=[{"path": "groups/delta", "status": 400}])
    with pytest.raises(Exception):  # noqa: B017
        perform(SYNC)
    db.session.rollback()
    assert db.session.get_one(Tenant, tenant.id).groups_delta_link == remembered
    assert "Two" not in cached()
    assert cached()["One"].removed_at is None
