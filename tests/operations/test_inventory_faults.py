"""inventory.sync against a service that throttles, fails and hangs up."""

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, OperationRunEvent, Policy, RunOutcome, RunStatus
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.operations.test_inventory_sync import CATALOG, CONFIG, catalog_policy, wifi
from tests.support import valkey
from tests.support.performing import Perform

SCRIPTS = "deviceManagementScripts"


@pytest.fixture
def filled(simulator: Simulator, simulated: SimulatedTenant) -> int:
    for number in range(12):
        simulator.add_object(simulated.slug, CONFIG, wifi(f"P{number}"))
    for number in range(6):
        simulator.add_object(simulated.slug, CATALOG, catalog_policy(f"C{number}", 30))
    for number in range(6):
        script = {"displayName": f"S{number}", "fileName": "s.ps1", "scriptContent": "ZXhpdA=="}
        simulator.add_object(simulated.slug, SCRIPTS, script)
    return 24


def test_429_every_fifth_call_503s_and_resets_do_not_lose_anything(
    simulator: Simulator, filled: int, perform: Perform
) -> None:
    simulator.set_faults(
        every_nth_429=5, retry_after=1, share_503=0.05, share_reset=0.02, seed=4711
    )
    run = perform("inventory.sync", {"types": [CONFIG, CATALOG, SCRIPTS]})
    counts = run.summary_counts
    if run.outcome == RunOutcome.PARTIALLY_SUCCEEDED:  # then with exact reasons
        codes = {failure["code"] for failure in run.failure_summary}
        assert codes <= {"graph.throttled", "graph.unavailable", "graph.timeout"}
    else:
        assert run.outcome == RunOutcome.SUCCEEDED
        assert counts["total"] == filled
    assert counts["succeeded"] + counts["failed"] == counts["total"]
    stored = db.session.scalar(sa.select(sa.func.count()).select_from(Policy))
    assert stored == counts["succeeded"]


def test_a_long_retry_after_parks_the_run_visibly(
    simulator: Simulator, filled: int, perform: Perform, redis_url: str
) -> None:
    simulator.set_faults(rules=[{"path": CATALOG, "status": 429, "retry_after": 900}])
    run = perform("inventory.sync", {"types": [CONFIG, CATALOG]})
    assert run.status == RunStatus.QUEUED
    assert run.hold == Hold.GRAPH
    assert run.not_before is not None
    assert "Microsoft Graph" in (run.wait_reason or "")
    assert run.attempt == 2
    kinds = db.session.scalars(
        sa.select(OperationRunEvent.kind).where(OperationRunEvent.run_id == run.id)
    ).all()
    assert "held" in kinds

    simulator.clear_faults()
    resumed = resume(redis_url, run.id)
    assert resumed.outcome == RunOutcome.SUCCEEDED
    assert resumed.summary_counts["total"] == 18


def resume(redis_url: str, run_id: int) -> OperationRun:
    """Goes on as the tick would after the wait: hold cleared, budgets free again, same run."""
    from opsapp.models.base import write
    from opsapp.runs import finalize
    from workers import jobs

    valkey.empty(redis_url)
    with write() as session:
        row = session.get_one(OperationRun, run_id)
        row.hold = row.not_before = None
        token = row.dispatch_token
    jobs.run_operation(run_id, token)
    finalize(run_id, None, token=token)
    db.session.rollback()
    return db.session.get_one(OperationRun, run_id)


def test_what_a_resumed_run_had_finished_is_not_read_again(
    simulator: Simulator,
    simulated: SimulatedTenant,
    filled: int,
    perform: Perform,
    redis_url: str,
) -> None:
    simulator.set_faults(rules=[{"path": SCRIPTS, "status": 429, "retry_after": 900}])
    run = perform("inventory.sync", {"types": [CONFIG, SCRIPTS]})
    assert run.hold == Hold.GRAPH
    simulator.clear_faults()
    simulator.clear_requests()
    resume(redis_url, run.id)
    asked = " ".join(entry["path"] for entry in simulator.requests(simulated.slug))
    assert SCRIPTS in asked
    assert CONFIG not in asked
