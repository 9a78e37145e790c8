"""Real workers take what the ledger says is next, and keep to its limits."""

import pytest
import sqlalchemy as sa

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import OperationRun, Tenant, User
from opsapp.runs.pauses import pause, resume
from tests.support.inventory_rows import add_tenant
from tests.support.processes import wait_until
from tests.workers.rig import Rig


def start_in(rig: Rig, tenant_id: int, name: str, user: str | None = None, **inputs: object) -> int:
    """A drill of the system in a tenant, or of ``user``."""
    inputs = {"trace": str(rig.folder / "trace"), "name": name, "items": 1, **inputs}
    tenant = db.session.get_one(Tenant, tenant_id)
    person = db.session.get_one(User, rig.cast[user].id) if user else None
    kind = inputs.pop("kind", "plain")
    return runs.start(tenant, f"drill.{kind}", inputs, person).id


def in_order(run_ids: list[int]) -> list[int]:
    db.session.rollback()
    started = sa.select(OperationRun.id).where(OperationRun.id.in_(run_ids))
    return list(db.session.scalars(started.order_by(OperationRun.started_at)))


@pytest.fixture
def other(rig: Rig) -> int:
    made = add_tenant(rig.app, "fabrikam").tenant_id
    db.session.rollback()
    return made


def test_one_worker_serves_tenants_in_turns_and_people_first(rig: Rig, other: int) -> None:
    mine = rig.cast.tenant_id
    flood = [start_in(rig, mine, f"flood{n}") for n in range(5)]
    late = [start_in(rig, other, f"late{n}") for n in range(2)]
    clicked = start_in(rig, mine, "clicked", "operator")
    rig.start_worker()
    for run_id in (*flood, *late, clicked):
        assert rig.wait_for(run_id).outcome == "succeeded"
    assert in_order([*flood, *late, clicked]) == [
        clicked, late[0], flood[0], late[1], *flood[1:],
    ]  # fmt: skip


def test_a_full_tenant_waits_while_others_go_on(rig: Rig, other: int) -> None:
    """Two workers, one place in the tenant: the second worker is free for others at once."""
    for _ in range(2):
        rig.start_worker(tenant_concurrency=1)
    mine = rig.cast.tenant_id
    first = start_in(rig, mine, "first", end="gate")
    rig.wait_for_trace(first, "ending")
    waits = [start_in(rig, mine, f"waits{n}") for n in range(3)]
    assert rig.wait_for(start_in(rig, other, "elsewhere")).outcome == "succeeded"
    assert {rig.run(run_id).status.value for run_id in waits} == {"queued"}
    assert runs.reconcile() == {}, "they are in the queue, and not lost"
    rig.trace(first).write("open")
    for run_id in waits:
        run = rig.wait_for(run_id)
        assert (run.outcome, run.attempt) == ("succeeded", 1)


def test_a_pause_keeps_workers_from_it_and_a_resume_lets_them(rig: Rig) -> None:
    rig.start_worker()
    first = rig.start(end="gate")
    rig.wait_for_trace(first, "ending")
    waiting = rig.start()
    pause(None, "maintenance", None)
    during = rig.start()
    rig.trace(first).write("open")
    assert rig.wait_for(first).outcome == "succeeded", "what runs goes on"
    assert [rig.run(run_id).hold.value for run_id in (waiting, during)] == ["paused"] * 2
    wait_until(lambda: rig.queue().count == 0, what="the worker has passed the parked job")
    resume(None, None)
    for run_id in (waiting, during):
        run = rig.wait_for(run_id)
        assert (run.outcome, run.attempt) == ("succeeded", 1)
        assert rig.notifications(run_id) == ["queued", "terminal"]
