"""Pause and resume: what is queued is parked and says why; what runs goes on."""

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import AuditEvent, Hold, OperationRun, Tenant, User
from opsapp.refusals import Refused
from opsapp.runs.claiming import claim
from opsapp.runs.pauses import in_force, pause, resume
from tests.runs.conftest import EnsureDrill
from tests.support.cast import Cast
from tests.support.inventory_rows import add_tenant
from tests.support.run_looks import ago, begin, edit, events, kinds, state

QUEUED = ("queued", "pending", None)


@pytest.fixture
def other(app: Flask, cast: Cast, app_context: None) -> Tenant:
    made = add_tenant(app, "fabrikam")
    db.session.rollback()
    return db.session.get_one(Tenant, made.tenant_id)


def start(tenant: Tenant, user: User | None, name: str) -> OperationRun:
    return runs.start(tenant, "drill.plain", {"trace": "/dev/null", "name": name}, user)


def look(run: OperationRun) -> tuple[Hold | None, str | None]:
    db.session.rollback()
    return run.hold, run.wait_reason


def test_a_pause_parks_what_is_queued_and_leaves_what_runs(
    tenant: Tenant, operator: User, other: Tenant
) -> None:
    running, waiting = start(tenant, operator, "running"), start(tenant, operator, "waiting")
    begin(running)
    elsewhere = start(other, None, "elsewhere")
    pause(tenant, "change freeze", operator)
    why = "Its tenant was paused by Operator Person: change freeze"
    assert look(waiting) == (Hold.PAUSED, why)
    assert events(waiting)[-1] == "held"
    assert state(running) == ("running", "pending", None)
    assert look(elsewhere) == (None, None)


def test_what_is_started_during_a_pause_is_parked_and_not_dispatched(
    tenant: Tenant, operator: User
) -> None:
    pause(None, "maintenance", operator)
    run = start(tenant, operator, "new")
    assert look(run) == (Hold.PAUSED, "The queue was paused by Operator Person: maintenance")
    assert (run.dispatched_at, kinds(run)) == (None, [])
    assert not claim(run.id, run.dispatch_token, "worker-1", ago(-30))
    assert runs.reconcile() == {}
    resume(None, operator)
    assert look(run) == (None, None)
    assert run.dispatched_at is not None
    assert kinds(run) == ["queued"]
    begin(run)


def test_a_job_that_was_in_the_queue_finds_its_run_parked(
    ensure: EnsureDrill, tenant: Tenant, operator: User
) -> None:
    run = ensure()
    token = run.dispatch_token
    pause(tenant, "freeze", operator)
    assert not claim(run.id, token, "worker-1", ago(-30))
    resume(tenant, operator)
    assert not claim(run.id, token, "worker-1", ago(-30)), "it was handed over under a new token"
    begin(run)


def test_a_claim_that_meets_a_pause_parks_the_run(
    ensure: EnsureDrill, tenant: Tenant, operator: User
) -> None:
    pause(tenant, "freeze", operator)
    run = ensure()
    edit(run, hold=None, wait_reason=None)  # it was made in the same moment, without seeing it
    assert not claim(run.id, run.dispatch_token, "worker-1", ago(-30))
    assert look(run)[0] == Hold.PAUSED


def test_two_pauses_must_both_be_lifted(tenant: Tenant, operator: User) -> None:
    run = start(tenant, operator, "waiting")
    pause(tenant, "freeze", operator)
    pause(None, "maintenance", operator)
    assert [each.tenant_id for each in in_force(tenant.id)] == [None, tenant.id]
    resume(tenant, operator)
    assert look(run)[0] == Hold.PAUSED
    resume(None, operator)
    assert look(run)[0] is None
    assert in_force(tenant.id) == []


def test_the_tick_goes_on_with_what_a_resume_left(
    tenant: Tenant, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [start(tenant, operator, str(number)) for number in range(4)]
    pause(tenant, "freeze", operator)
    release = runs.pauses.release_resumed
    monkeypatch.setattr(runs.pauses, "release_resumed", lambda: release(1))
    resume(tenant, operator)
    assert sum(look(run)[0] is None for run in made) == 1
    assert runs.reconcile() == {"released": 3}
    assert all(look(run) == (None, None) and run.dispatched_at for run in made)


def test_a_paused_run_can_be_cancelled(tenant: Tenant, operator: User) -> None:
    run = start(tenant, operator, "waiting")
    pause(tenant, "freeze", operator)
    runs.cancel(run, operator, reason="not needed")
    assert state(run) == ("completed", "cancelled", "run.cancelled_by_user")
    assert (run.cancel_requested_by, run.cancel_reason) == ("Operator Person", "not needed")


def test_refusals(tenant: Tenant, operator: User) -> None:
    for reason in ("", "  \n ", "x" * 201):
        with pytest.raises(Refused, match="Say why"):
            pause(tenant, reason, operator)
    with pytest.raises(Refused, match="Contoso is not paused"):
        resume(tenant, operator)
    pause(None, "one", operator)
    with pytest.raises(Refused, match="The queue is paused already"):
        pause(None, "two", operator)


def test_both_are_audited(tenant: Tenant, operator: User) -> None:
    start(tenant, operator, "waiting")
    pause(tenant, "freeze", operator)
    resume(tenant, operator)
    found = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action.like("queue.%"))).all()
    assert [(each.action, each.actor, each.data) for each in found] == [
        ("queue.paused", operator.email, {"reason": "freeze", "runs": 1}),
        ("queue.resumed", operator.email, {"reason": "freeze"}),
    ]
