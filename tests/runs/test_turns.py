"""Whose turn it is, and what the limits keep waiting."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from opsapp import runs
from opsapp.config import Settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, Tenant, User
from opsapp.runs.claiming import claim
from opsapp.runs.turns import Turn, is_waiting, may_run, next_run, standing_of
from tests.runs.conftest import EnsureDrill
from tests.support.cast import Cast
from tests.support.inventory_rows import add_tenant
from tests.support.run_looks import ago, begin, edit, state

Queued = Callable[..., OperationRun]


@pytest.fixture
def queued(tenant: Tenant, operator: User) -> Queued:
    """A drill that waits in the queue since ``age`` seconds."""

    def make(
        name: str,
        kind: str = "plain",
        *,
        of: Tenant = tenant,
        age: float = 60,
        nightly: bool = False,
    ) -> OperationRun:
        inputs = {"trace": "/dev/null", "name": name}
        run = runs.ensure_run(of, f"drill.{kind}", inputs, "Schedule" if nightly else operator)
        edit(run, dispatched_at=ago(age))
        return run

    return make


@pytest.fixture
def other(app: Flask, cast: Cast, app_context: None) -> Tenant:
    made = add_tenant(app, "fabrikam")
    db.session.rollback()
    return db.session.get_one(Tenant, made.tenant_id)


def limit(app: Flask, runs_at_once: int) -> None:
    settings: Settings = app.extensions["opsapp.settings"]
    changed = settings.model_copy(update={"tenant_concurrency": runs_at_once})
    app.extensions["opsapp.settings"] = changed


def order(*made: OperationRun) -> list[str]:
    """The names of the runs in the order in which workers without limits would take them."""
    found = []
    for _ in made:
        turn = next_run(0)
        assert turn is not None
        run = db.session.get_one(OperationRun, turn.run_id)
        found.append(run.inputs["name"])
        begin(run).finish(_done())
    assert next_run(0) is None
    return found


def _done() -> Any:
    from opsapp.models import RunOutcome
    from opsapp.runs.result import RunResult

    return RunResult(RunOutcome.SUCCEEDED)


def test_who_waited_longest_comes_first(queued: Queued) -> None:
    made = [queued("second", age=20), queued("first", age=30), queued("third", age=10)]
    assert order(*made) == ["first", "second", "third"]


def test_interactive_work_comes_before_nightly_work(queued: Queued) -> None:
    made = [queued("nightly", age=90, nightly=True), queued("clicked", age=5)]
    assert order(*made) == ["clicked", "nightly"]


def test_tenants_take_turns_however_much_one_of_them_brings(queued: Queued, other: Tenant) -> None:
    flood = [queued(f"flood {n}", age=90 - n) for n in range(4)]
    late = [queued(f"late {n}", of=other, age=5 - n) for n in range(2)]
    assert order(*flood, *late) == ["flood 0", "late 0", "flood 1", "late 1", "flood 2", "flood 3"]


def test_the_tenant_with_fewer_running_comes_first(queued: Queued, other: Tenant) -> None:
    begin(queued("running"))
    queued("same tenant", age=90)
    quiet = queued("quiet tenant", of=other, age=5)
    assert next_run(0) == Turn(quiet.id, quiet.dispatch_token)


def test_a_run_whose_dispatcher_has_not_noted_it_yet_counts_when_its_job_is_here(
    ensure: EnsureDrill,
) -> None:
    run = ensure()
    assert next_run(0) is None
    assert next_run(run.id) == Turn(run.id, run.dispatch_token)


def test_held_runs_have_no_turn(queued: Queued) -> None:
    run = queued("held")
    assert is_waiting(Turn(run.id, run.dispatch_token))
    assert not is_waiting(Turn(run.id, "another token"))
    edit(run, hold=Hold.APPROVAL)
    assert next_run(run.id) is None
    assert not is_waiting(Turn(run.id, run.dispatch_token))


class TestTheLimitOfATenant:
    def test_keeps_the_rest_waiting_in_the_queue(
        self, app: Flask, queued: Queued, other: Tenant
    ) -> None:
        limit(app, 2)
        for number in range(2):
            begin(queued(f"running {number}"))
        waits, elsewhere = queued("waits"), queued("elsewhere", of=other)
        assert next_run(waits.id) == Turn(elsewhere.id, elsewhere.dispatch_token)
        assert not may_run(waits.id)
        assert may_run(elsewhere.id)
        standing = standing_of(waits)
        assert (standing.running_in_tenant, standing.limit, standing.is_at_limit) == (2, 2, True)
        begin(elsewhere)
        assert next_run(waits.id) is None

    def test_holds_when_two_workers_chose_at_once(self, app: Flask, queued: Queued) -> None:
        limit(app, 1)
        first, second = queued("first"), queued("second")
        assert may_run(first.id)
        assert may_run(second.id)
        begin(first)
        token = second.dispatch_token
        assert not claim(second.id, token, "worker-2", utcnow())
        assert state(second) == ("queued", "pending", None)
        assert second.dispatched_at is None, "the tick hands it over again"
        assert second.dispatch_token != token

    def test_ends_when_a_run_ends(self, app: Flask, queued: Queued) -> None:
        limit(app, 1)
        execution = begin(queued("running"))
        waits = queued("waits")
        assert not may_run(waits.id)
        execution.finish(_done())
        assert may_run(waits.id)


def test_one_run_that_writes_at_a_time(queued: Queued, other: Tenant) -> None:
    writing = queued("writing", "writing")
    begin(writing)
    waits, reads = queued("waits", "writing"), queued("reads")
    elsewhere = queued("elsewhere", "writing", of=other)
    assert [may_run(run.id) for run in (waits, reads, elsewhere)] == [False, True, True]
    assert standing_of(waits).writing_run_id == writing.id
    assert standing_of(reads).writing_run_id is None


def test_what_graph_told_one_run_holds_for_all_of_its_tenant(
    queued: Queued, other: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opsapp.operations import REGISTRY

    until = ago(-600)
    parked = queued("parked")
    edit(parked, hold=Hold.GRAPH, not_before=until)
    mine, theirs = queued("mine"), queued("theirs", of=other)
    assert may_run(mine.id), "drills have no use for Graph"
    monkeypatch.setattr(type(REGISTRY["drill.plain"]), "uses_graph", True)
    assert [may_run(run.id) for run in (mine, theirs)] == [False, True]
    assert standing_of(mine).graph_until == until
    assert standing_of(theirs).graph_until is None
    edit(parked, not_before=ago(1))
    assert may_run(mine.id)


def test_where_a_run_stands(queued: Queued, other: Tenant) -> None:
    mine = queued("mine", age=30)
    queued("earlier", age=40)
    queued("earlier elsewhere", of=other, age=50)
    queued("later", age=5)
    queued("nightly", age=99, nightly=True)
    standing = standing_of(mine)
    assert (standing.ahead, standing.ahead_in_tenant, standing.running_in_tenant) == (2, 1, 0)
