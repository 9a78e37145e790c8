"""Retrying what failed of a sync: exactly that is read again, and what was read stays read."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import OperationRun, OperationRunItem, Policy, RunRepair, Tenant, User
from opsapp.operations import collection_sync
from opsapp.operations.object_keeper import ObjectKeeper
from opsapp.runs import finalize
from opsapp.runs.selection import offer_of
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.operations.test_inventory_faults import SCRIPTS
from tests.operations.test_inventory_sync import CATALOG, CONFIG
from tests.support.graph_content import catalog_policy, wifi
from tests.support.performing import Perform

SCRIPT = {"displayName": "S", "fileName": "s.ps1", "scriptContent": "ZXhpdA=="}
Retry = Callable[..., OperationRun]


@pytest.fixture
def retry(app: Flask, perform: Perform) -> Retry:
    """Starts a retry and does it in this process."""
    from workers import jobs

    def do(run: OperationRun, **how: str) -> OperationRun:
        new = runs.retry(run, None, **({"failed_only": True} | how))
        run_id, token = new.id, new.dispatch_token
        jobs.run_operation(run_id, token)
        finalize(run_id, None, token=token)
        db.session.rollback()
        return db.session.get_one(OperationRun, run_id)

    return do


def results(run: OperationRun) -> dict[tuple[str, str], str]:
    rows = db.session.scalars(sa.select(OperationRunItem).where(OperationRunItem.run_id == run.id))
    return {(row.kind, row.name or row.key): row.result.value for row in rows}


def asked(simulator: Simulator, simulated: SimulatedTenant) -> list[str]:
    return [entry["path"] for entry in simulator.requests(simulated.slug)]


def test_objects_that_could_not_be_read(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform, retry: Retry
) -> None:
    ids = [
        simulator.add_object(simulated.slug, CATALOG, catalog_policy(f"C{number}", 3))["id"]
        for number in range(4)
    ]
    simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    simulator.set_faults(rules=[{"path": f"{ids[1]}/settings", "status": 403}])
    run = perform("inventory.sync", {"types": [CONFIG, CATALOG]})
    assert (run.outcome, run.summary_counts["failed"]) == ("partially_succeeded", 1)
    assert (offer_of(run).retryable, offer_of(run).needs_you) == (0, 1)
    simulator.clear_faults()
    simulator.clear_requests()
    new = retry(run)
    assert new.outcome == "succeeded"
    assert results(new) == {(CATALOG, "C1"): "succeeded"}
    paths = asked(simulator, simulated)
    assert not any(CONFIG in path for path in paths)
    assert not any(other in path for path in paths for other in (ids[0], ids[2], ids[3]))
    assert db.session.get_one(RunRepair, run.id).open == 0
    assert {policy.gone_at for policy in db.session.scalars(sa.select(Policy))} == {None}


def test_a_collection_whose_list_broke_off_goes_on_with_what_is_missing(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform, retry: Retry
) -> None:
    for number in range(3):
        simulator.add_object(simulated.slug, CONFIG, wifi(f"P{number}"))
    simulator.set_faults(rules=[{"path": CONFIG, "status": 403}])
    run = perform("inventory.sync", {"types": [CONFIG, SCRIPTS]})
    ((kind, _), result), *_ = results(run).items()
    assert (kind, result) == ("collection", "failed")
    assert (offer_of(run).retryable, offer_of(run).needs_you) == (0, 1)
    simulator.clear_faults()
    new = retry(run)
    assert new.outcome == "succeeded"
    kinds = sorted(kind for kind, _ in results(new))
    assert kinds == ["collection", CONFIG, CONFIG, CONFIG]
    assert db.session.get_one(RunRepair, run.id).open == 0


def test_an_object_that_is_gone_meanwhile_is_dealt_with(
    simulator: Simulator, simulated: SimulatedTenant, perform: Perform, retry: Retry
) -> None:
    graph_id = simulator.add_object(simulated.slug, CATALOG, catalog_policy("C", 3))["id"]
    simulator.add_object(simulated.slug, CATALOG, catalog_policy("D", 3))
    perform("inventory.sync", {"types": [CATALOG]})
    simulator.set_faults(rules=[{"path": f"{graph_id}/settings", "status": 403}])
    run = perform("inventory.sync", {"types": [CATALOG]})
    simulator.clear_faults()
    simulator.remove_object(simulated.slug, CATALOG, graph_id)
    new = retry(run)
    assert new.outcome == "succeeded"
    (item,) = db.session.scalars(
        sa.select(OperationRunItem).where(OperationRunItem.run_id == new.id)
    )
    assert (item.key, item.message) == (graph_id, "It no longer exists in the tenant.")
    policy = db.session.scalars(sa.select(Policy).where(Policy.graph_id == graph_id)).one()
    assert policy.gone_at is not None


def test_a_cancelled_sync_goes_on_where_it_was_cancelled(
    simulator: Simulator,
    simulated: SimulatedTenant,
    perform: Perform,
    retry: Retry,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collection_sync, "OBJECTS_AT_ONCE", 2)
    for number in range(5):
        simulator.add_object(simulated.slug, CONFIG, wifi(f"P{number}"))
    simulator.add_object(simulated.slug, SCRIPTS, SCRIPT)
    run = _cancelled_after_two(perform, monkeypatch)
    assert (run.outcome, run.cancel_reason) == ("cancelled", "wrong tenant")
    left = [key for key, result in results(run).items() if result == "skipped"]
    assert sorted(kind for kind, _ in left) == ["collection", "collection", CONFIG, CONFIG, CONFIG]
    assert run.summary_counts["succeeded"] == 2
    assert run.summary_counts["failed"] == 0
    new = retry(run)
    assert new.outcome == "succeeded"
    done = [key for key, result in results(new).items() if result == "succeeded"]
    assert sorted(kind for kind, _ in done) == ["collection"] * 2 + [CONFIG] * 3 + [SCRIPTS]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Policy)) == 6


def _cancelled_after_two(perform: Perform, monkeypatch: pytest.MonkeyPatch) -> OperationRun:
    """Somebody asks to cancel when the first two objects are kept."""
    real = ObjectKeeper.keep

    def keep(self, outcomes, began, in_flight=0):
        real(self, outcomes, began, in_flight)
        run = db.session.get_one(OperationRun, self._ctx.run_id)
        assert run.summary_counts.get("in_flight") == 2
        runs.cancel(run, db.session.scalar(sa.select(User)), reason="wrong tenant")
        self._ctx._lease.cancel_requested.set()  # what its heartbeat finds out within a second

    with monkeypatch.context() as patch:
        patch.setattr(ObjectKeeper, "keep", keep)
        return perform("inventory.sync", {"types": [CONFIG, SCRIPTS]})
