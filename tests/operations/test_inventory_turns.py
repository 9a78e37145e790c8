"""Two syncs of one tenant at a time, a database that fails, a Graph that does not answer."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from opsapp.extensions import db
from opsapp.inventory.store import CollectionStore
from opsapp.models import (
    CollectionState,
    ItemResult,
    OperationRun,
    OperationRunEvent,
    Policy,
    PolicyVersion,
    RunOutcome,
    RunStatus,
    Tenant,
)
from opsapp.models.base import write
from opsapp.runs import cancel, ensure_run, finalize, update_run
from opsapp.runs.execution import Execution
from opsapp.runs.reasons import REASONS
from opsapp.runs.result import RunResult
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.operations.test_inventory_sync import items_of, wifi
from tests.support.performing import Perform

CONFIG = "deviceConfigurations"
OTHER = "namedLocations"
OBJECTS = 40


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


def in_parallel(app: Flask, *actions: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        with app.app_context():
            try:
                action()
            except BaseException as error:  # noqa: BLE001 - raised in the test below
                errors.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert errors == []


def test_overlapping_syncs_lose_nothing_and_invent_nothing(
    app: Flask, simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    for number in range(OBJECTS):
        simulator.add_object(simulated.slug, CONFIG, wifi(f"P{number}"))
    simulator.set_faults(delay_ms=20, max_page=10)
    for _ in range(2):  # the first time everything is new, the second time nothing is
        in_parallel(
            app,
            lambda: perform("inventory.sync", {"types": [CONFIG]}),
            lambda: perform("inventory.sync", {"types": [CONFIG, OTHER]}),
        )
    db.session.rollback()
    runs = db.session.scalars(sa.select(OperationRun)).all()
    assert [run.outcome for run in runs] == [RunOutcome.SUCCEEDED] * 4
    policies = db.session.scalars(sa.select(Policy)).all()
    assert len(policies) == OBJECTS
    assert [policy.gone_at for policy in policies] == [None] * OBJECTS
    assert {policy.version for policy in policies} == {1}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion)) == OBJECTS
    states = db.session.scalars(sa.select(CollectionState)).all()
    assert {state.reading_run_id for state in states} == {None}


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.COMPLETED])
def test_the_turn_of_a_run_that_is_not_running_is_over(
    simulator: Simulator,
    simulated: SimulatedTenant,
    tenant: Tenant,
    perform: Perform,
    status: RunStatus,
) -> None:
    simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    first = perform("inventory.sync", {"types": [CONFIG]})
    if status == RunStatus.QUEUED:
        first = ensure_run(tenant, "inventory.sync", {"types": [OTHER]})
    with write() as session:
        session.get_one(CollectionState, (tenant.id, CONFIG)).reading_run_id = first.id
    again = perform("inventory.sync", {"types": [CONFIG]})
    assert again.outcome == RunOutcome.SUCCEEDED


def test_it_says_for_whom_it_waits(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, perform: Perform
) -> None:
    other = update_run(ensure_run(tenant, "inventory.sync", {"types": [CONFIG, OTHER]}), "running")
    key, other_id = (tenant.id, CONFIG), other.id
    with write() as session:
        session.add(CollectionState(tenant_id=key[0], collection=CONFIG, reading_run_id=other_id))

    def the_other_ends(*_: object) -> None:
        cancel(db.session.get_one(OperationRun, other_id), "Olga")
        finalize(other_id, RunResult.cancelled())

    monkeypatch.setattr(Execution, "wait", the_other_ends)
    run = perform("inventory.sync", {"types": [CONFIG]})
    assert run.outcome == RunOutcome.SUCCEEDED
    told = db.session.scalars(
        sa.select(OperationRunEvent.message).where(
            OperationRunEvent.run_id == run.id, OperationRunEvent.kind == "waiting"
        )
    ).all()
    assert told == [f"Run {other_id} reads Device configuration profiles now."]


def test_a_database_that_fails_is_no_fault_of_an_object(
    monkeypatch: pytest.MonkeyPatch,
    simulator: Simulator,
    simulated: SimulatedTenant,
    perform: Perform,
) -> None:
    simulator.add_object(simulated.slug, CONFIG, wifi("P"))
    real = CollectionStore.save

    def fail_once(*args, **kwargs):
        monkeypatch.setattr(CollectionStore, "save", real)
        raise OperationalError("INSERT", {}, ConnectionError("terminating connection"))

    monkeypatch.setattr(CollectionStore, "save", fail_once)
    run = perform("inventory.sync", {"types": [CONFIG]})
    assert (run.status, run.attempt) == (RunStatus.QUEUED, 2)
    assert items_of(run.id) == {}
    assert run.wait_reason == REASONS["db.unavailable"].message


def test_what_does_not_answer_is_not_asked_for_every_collection(
    monkeypatch: pytest.MonkeyPatch,
    simulator: Simulator,
    simulated: SimulatedTenant,
    perform: Perform,
) -> None:
    monkeypatch.setattr(Execution, "wait", lambda *_: None)  # retries without their pauses
    simulator.set_faults(rules=[{"path": "/beta/", "status": 503}])
    run = perform("inventory.sync")
    assert (run.outcome, run.reason_code) == (RunOutcome.FAILED, "graph.unavailable")
    items = items_of(run.id).values()
    assert len(items) == run.summary_counts["total"] == run.summary_counts["failed"]
    assert {item.result for item in items} == {ItemResult.FAILED}
    asked = [item for item in items if not item.message.startswith("Not attempted")]
    assert len(asked) == 2
