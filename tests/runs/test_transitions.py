"""Each change of a run's state is one compare-and-set: whoever comes second changes nothing."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp import runs
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Hold, ItemResult, Notification, OperationRun, RunStatus, Tenant, User
from opsapp.models.base import write
from opsapp.operations import REGISTRY
from opsapp.operations.base import Item
from opsapp.refusals import NotAllowed, Refused
from opsapp.runs.claiming import claim
from opsapp.runs.items import result_of_items
from opsapp.runs.result import Failure, RunResult
from opsapp.runs.selection import stored
from opsapp.runs.transitions import (
    finalize,
    hand_back,
    release,
    settle_expired,
    settle_interrupted,
)
from tests.runs.conftest import EnsureDrill
from tests.support.cast import Cast
from tests.support.run_looks import ago, begin, edit, events, kinds, last_event, state

SUCCEEDED = ("completed", "succeeded", None)
CANCELLED = ("completed", "cancelled", "run.cancelled_by_user")
RUNNING = ("running", "pending", None)
QUEUED = ("queued", "pending", None)
LOST = ("completed", "failed", "worker.lost")
FAILURE = RunResult.failed("worker.lost")


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


def soon() -> Any:
    return utcnow() + timedelta(seconds=30)


def at_once(app: Flask, *actions: Callable[[], bool]) -> list[bool]:
    """What the actions answer when all are done at the same time, each on its own connection."""
    barrier = threading.Barrier(len(actions))

    def one(action: Callable[[], bool]) -> bool:
        with app.app_context():
            barrier.wait(timeout=30)
            return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(one, actions))


class TestClaim:
    @on_both
    def test_a_claim_starts_the_run(self, ensure: EnsureDrill) -> None:
        run = ensure()
        until = soon()
        assert claim(run.id, run.dispatch_token, "worker-1", until)
        assert state(run) == RUNNING
        assert (run.worker, run.lease_expires_at) == ("worker-1", until)
        assert run.job_id == f"run-{run.id}-{run.dispatch_token}"
        assert run.started_at == run.heartbeat_at == run.dispatched_at
        assert events(run) == ["created", "dispatched", "started"]
        assert kinds(run) == ["queued"], "the worker may be faster than the dispatcher"

    @pytest.mark.parametrize(
        "values",
        [
            {"dispatch_token": "another"},
            {"hold": Hold.GRAPH},
            {"hold": Hold.CONFIRMATION},
            {"status": RunStatus.RUNNING},
        ],
        ids=str,
    )
    def test_what_may_not_be_claimed(self, ensure: EnsureDrill, values: dict[str, Any]) -> None:
        run = ensure()
        token = run.dispatch_token
        edit(run, **values)
        before = state(run)
        assert not claim(run.id, token, "worker-1", soon())
        assert state(run) == before
        assert (run.worker, run.started_at, events(run), kinds(run)) == (
            None,
            None,
            ["created"],
            [],
        )

    def test_neither_an_ended_run_nor_none(self, ensure: EnsureDrill) -> None:
        run = runs.cancel(ensure(), "Olga")
        assert not claim(run.id, run.dispatch_token, "worker-1", soon())
        assert not claim(run.id + 1, run.dispatch_token, "worker-1", soon())
        assert state(run) == CANCELLED

    def test_a_second_claim_changes_nothing(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run, "first")
        started = run.started_at
        assert not claim(run.id, run.dispatch_token, "second", soon())
        assert (run.worker, run.started_at, events(run)) == (
            "first",
            started,
            ["created", "dispatched", "started"],
        )

    @on_both
    def test_two_workers_at_once(self, app: Flask, ensure: EnsureDrill) -> None:
        run = ensure()
        run_id, token = run.id, run.dispatch_token
        names = [f"worker-{number}" for number in range(4)]
        won = at_once(app, *[lambda n=n: claim(run_id, token, n, soon()) for n in names])
        assert sum(won) == 1
        db.session.rollback()
        assert run.worker == names[won.index(True)]
        assert events(run) == ["created", "dispatched", "started"]


class TestFinalize:
    def test_a_success(self, ensure: EnsureDrill, operator: User) -> None:
        run = ensure()
        begin(run)
        assert finalize(run.id, RunResult.of_items({"total": 2, "succeeded": 2}, ()))
        assert state(run) == SUCCEEDED
        assert run.summary_counts == {"total": 2, "succeeded": 2}
        assert run.completed_at is not None
        assert kinds(run) == ["queued", "terminal"]
        notified = db.session.scalars(sa.select(Notification.user_id)).all()
        assert set(notified) == {operator.id}

    @on_both
    def test_all_doors_at_once(self, app: Flask, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        run_id, token = run.id, run.dispatch_token
        edit(run, lease_expires_at=ago(1))
        won = at_once(
            app,
            lambda: finalize(run_id, RunResult.failed("worker.killed")),
            lambda: finalize(run_id, RunResult.failed("run.timeout"), token=token),
            lambda: settle_interrupted(run_id, token, "worker.shutdown"),
            lambda: settle_expired(run_id, token, "worker.lost"),
        )
        assert sum(won) == 1
        codes = ["worker.killed", "run.timeout", "worker.shutdown", "worker.lost"]
        assert state(run) == ("completed", "failed", codes[won.index(True)])
        assert events(run).count("completed") == 1
        assert kinds(run) == ["queued", "terminal"]

    @on_both
    def test_the_staged_result_wins(self, ensure: EnsureDrill) -> None:
        run = ensure()
        failures = (Failure("graph.conflict", "Changed.", 1),)
        counts = {"total": 2, "succeeded": 1, "failed": 1}
        begin(run).stage(RunResult.of_items(counts, failures))
        assert finalize(run.id, FAILURE)
        assert state(run) == ("completed", "partially_succeeded", "run.partial")
        assert run.summary_counts == counts
        assert run.failure_summary == [
            {"code": "graph.conflict", "message": "Changed.", "count": 1}
        ]

    def test_without_any_result_it_goes_on(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        assert not finalize(run.id, None)
        assert state(run) == RUNNING

    def test_only_under_the_token_and_in_the_status_expected(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        assert not finalize(run.id, FAILURE, token="another")
        assert not finalize(run.id, FAILURE, expected=(RunStatus.QUEUED,))
        assert not finalize(run.id + 1, FAILURE)
        assert state(run) == RUNNING
        assert finalize(run.id, FAILURE, token=run.dispatch_token, expected=(RunStatus.RUNNING,))
        assert state(run) == LOST

    def test_a_run_of_the_system_notifies_nobody(self, tenant: Tenant) -> None:
        for initiator in (None, "Schedule: Nightly"):
            inputs = {"trace": "/dev/null", "name": str(initiator)}
            run = runs.ensure_run(tenant, "drill.plain", inputs, initiator)
            begin(run)
            finalize(run.id, FAILURE)
            assert (state(run), kinds(run)) == (LOST, [])
            assert run.initiator_name == (initiator or "System")

    @on_both
    @pytest.mark.parametrize("message", ["nul \0 byte", "half a pair \ud83d", "long " * 200])
    def test_it_ends_whatever_stands_in_the_message(
        self, ensure: EnsureDrill, message: str
    ) -> None:
        begin(first := ensure(name="1")).stage(RunResult.failed("graph.forbidden", message))
        assert finalize(first.id, None)
        second = runs.update_run(
            ensure(name="2"), "completed", "failed", failures=[Failure("graph.forbidden", message)]
        )
        for run in (first, second):
            assert state(run) == ("completed", "failed", "graph.forbidden")
        assert len(first.failure_summary[0]["message"].encode()) <= 500, "fit for a page"
        titles = db.session.scalars(
            sa.select(Notification.title).where(Notification.kind == "terminal")
        ).all()
        assert all(t.startswith(f"Drill of Contoso failed: {message[:4]}") for t in titles)


class TestHandBack:
    @on_both
    def test_it_goes_back_under_a_new_token(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        token, started = run.dispatch_token, run.started_at
        assert hand_back(run.id, token, "The worker stops.")
        assert state(run) == QUEUED
        assert run.dispatch_token != token
        assert (run.attempt, run.started_at, run.wait_reason) == (2, started, "The worker stops.")
        gone = (run.worker, run.job_id, run.dispatched_at, run.lease_expires_at, run.heartbeat_at)
        assert gone == (None,) * 5
        assert events(run)[-1] == "handed_back"
        assert kinds(run) == ["queued"], "nobody is told"
        assert not claim(run.id, token, "worker-1", soon())
        begin(run)
        assert run.started_at == started
        finalize(run.id, FAILURE)
        assert kinds(run) == ["queued", "terminal"]

    def test_held_until_later(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        later = soon()
        assert hand_back(run.id, run.dispatch_token, "w" * 400, hold=Hold.GRAPH, not_before=later)
        assert (run.hold, run.not_before, run.wait_reason) == (Hold.GRAPH, later, "w" * 300)
        assert events(run)[-1] == "held"

    @on_both
    def test_the_reason_may_be_odd(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        assert hand_back(run.id, run.dispatch_token, "nul \0, half \ud83d", hold=Hold.GRAPH)
        assert state(run) == QUEUED

    @pytest.mark.parametrize("how", ["wrong token", "not claimed", "ended", "no such run"])
    def test_who_may_not_hand_back(self, ensure: EnsureDrill, how: str) -> None:
        run = ensure()
        if how != "not claimed":
            begin(run)
        if how == "ended":
            finalize(run.id, FAILURE)
        before, history = state(run), events(run)
        token = "another" if how == "wrong token" else run.dispatch_token
        assert not hand_back(run.id + (how == "no such run"), token, "?")
        assert (state(run), run.attempt, events(run)) == (before, 1, history)

    def test_whoever_was_asked_to_cancel_ends_instead(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        runs.cancel(run, "Olga")
        assert hand_back(run.id, run.dispatch_token, "The worker stops.")
        assert state(run) == CANCELLED
        assert last_event(run).actor == "Olga"

    def test_a_wait_that_is_over(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        hand_back(run.id, run.dispatch_token, "Wait.", hold=Hold.GRAPH, not_before=ago(1))
        token = run.dispatch_token
        assert not release(run.id, "another")
        assert release(run.id, token)
        assert not release(run.id, run.dispatch_token), "it is not held any more"
        assert (run.hold, run.not_before, run.wait_reason) == (None, None, None)
        assert run.dispatch_token != token
        assert events(run)[-1] == "released"


class TestSettle:
    def test_by_the_worker_that_has_it(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run, "worker-1")
        assert not settle_interrupted(run.id, run.dispatch_token, "worker.lost", worker="worker-2")
        assert state(run) == RUNNING
        assert settle_interrupted(run.id, run.dispatch_token, "worker.lost", worker="worker-1")
        assert state(run) == LOST

    def test_a_job_that_ended_before_its_claim(self, ensure: EnsureDrill) -> None:
        run = runs.dispatch(ensure())
        assert settle_interrupted(run.id, run.dispatch_token, "worker.killed", worker="worker-2")
        assert (state(run), run.attempt, run.dispatched_at) == (QUEUED, 2, None)

    def test_it_is_given_up_at_the_third(self, ensure: EnsureDrill) -> None:
        run = ensure("resumable")
        for _ in range(2):
            assert settle_interrupted(run.id, run.dispatch_token, "worker.killed")
            assert state(run) == QUEUED
        assert settle_interrupted(run.id, run.dispatch_token, "worker.killed")
        assert state(run) == ("completed", "failed", "worker.killed")
        assert run.attempt == 3

    def test_a_held_or_ended_run_is_none_of_its_business(self, ensure: EnsureDrill) -> None:
        run = ensure()
        edit(run, hold=Hold.APPROVAL)
        assert not settle_interrupted(run.id, run.dispatch_token, "worker.killed")
        runs.cancel(run, "Olga")
        assert not settle_interrupted(run.id, run.dispatch_token, "worker.killed")
        assert state(run) == CANCELLED

    def test_a_lease_that_was_renewed_meanwhile(self, ensure: EnsureDrill) -> None:
        run = ensure()
        begin(run)
        assert not settle_expired(run.id, run.dispatch_token, "worker.lost")
        edit(run, lease_expires_at=ago(1))
        assert not settle_expired(run.id, "another", "worker.lost")
        assert state(run) == RUNNING
        assert settle_expired(run.id, run.dispatch_token, "worker.lost")
        assert state(run) == LOST
        assert last_event(run).data["worker"] == "worker-1"


class TestCancel:
    def test_a_queued_run_at_once(self, ensure: EnsureDrill) -> None:
        run = runs.cancel(ensure(), "Olga")
        assert state(run) == CANCELLED
        assert last_event(run).actor == "Olga"
        assert kinds(run) == ["terminal"]

    def test_a_held_run_at_once(self, ensure: EnsureDrill) -> None:
        run = ensure()
        edit(run, hold=Hold.GRAPH, not_before=soon())
        assert state(runs.cancel(run, "Olga")) == CANCELLED
        assert run.hold is None

    @on_both
    def test_a_running_run_is_asked(self, ensure: EnsureDrill, operator: User) -> None:
        run = ensure()
        begin(run)
        runs.cancel(run, operator)
        asked_at = run.cancel_requested_at
        assert state(run) == RUNNING
        runs.cancel(run, "Olga")
        assert (run.cancel_requested_at, run.cancel_requested_by) == (asked_at, operator.name)
        assert events(run) == ["created", "dispatched", "started", "cancel_requested"]
        assert kinds(run) == ["queued"]

    def test_an_ended_run_is_refused(self, ensure: EnsureDrill) -> None:
        run = runs.fail_run(ensure(), "queue.lost")
        with pytest.raises(Refused, match="already ended"):
            runs.cancel(run, "Olga")
        assert run.cancel_requested_at is None


class TestUpdate:
    """For records that mirror their own state into the ledger."""

    def test_along_the_way(self, ensure: EnsureDrill) -> None:
        run = ensure()
        edit(run, hold=Hold.CONFIRMATION)
        runs.update_run(run, "running", summary_counts={"total": 5})
        assert (state(run), run.hold) == (RUNNING, None)
        assert run.started_at is not None
        runs.update_run(run, "running", summary_counts={"processed": 2})
        assert run.summary_counts == {"total": 5, "processed": 2}
        runs.update_run(run, "completed", "succeeded", {"processed": 5})
        assert state(run) == SUCCEEDED
        assert run.summary_counts == {"total": 5, "processed": 5}
        assert events(run) == ["created", "started", "completed"]

    def test_back_to_the_queue(self, ensure: EnsureDrill) -> None:
        run = runs.update_run(ensure(), "running")
        runs.update_run(run, "queued", summary_counts={"processed": 3})
        assert (state(run), run.attempt) == (QUEUED, 2)
        assert run.summary_counts == {"processed": 3}

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            ("completed", None),
            ("completed", "pending"),
            ("running", "succeeded"),
            ("queued", "failed"),
        ],
    )
    def test_what_does_not_exist(
        self, ensure: EnsureDrill, status: str, outcome: str | None
    ) -> None:
        run = ensure()
        with pytest.raises(Refused):
            runs.update_run(run, status, outcome)
        assert (state(run), events(run)) == (QUEUED, ["created"])

    @pytest.mark.parametrize("status", ["queued", "running", "completed"])
    def test_a_completed_run_stays(self, ensure: EnsureDrill, status: str) -> None:
        run = runs.cancel(ensure(), "Olga")
        outcome = "succeeded" if status == "completed" else None
        assert runs.update_run(run, status, outcome, {"total": 9}) is run
        assert (state(run), run.summary_counts) == (CANCELLED, {})

    @pytest.mark.parametrize(
        ("outcome", "failures", "reason"),
        [
            ("succeeded", [], None),
            ("partially_succeeded", [Failure("graph.conflict", "m", 2)], "run.partial"),
            ("failed", [Failure("graph.conflict", "m", 2)], "graph.conflict"),
            ("failed", [], "internal.unexpected"),
            ("cancelled", [], "run.cancelled_by_user"),
        ],
    )
    def test_each_ending_has_its_reason(
        self, ensure: EnsureDrill, outcome: str, failures: list[Failure], reason: str | None
    ) -> None:
        run = runs.update_run(ensure(), "completed", outcome, failures=failures)
        assert state(run) == ("completed", outcome, reason)
        assert run.failure_summary == [vars(failure) for failure in failures]

    def test_fail_run_takes_an_exception_or_a_code(self, ensure: EnsureDrill) -> None:
        first = runs.fail_run(ensure(name="1"), ZeroDivisionError("secret"))
        second = runs.fail_run(ensure(name="2"), "queue.lost")
        assert (first.reason_code, second.reason_code) == ("internal.unexpected", "queue.lost")
        assert "secret" not in str(first.failure_summary)


class TestRetry:
    @pytest.fixture
    def ended(self, ensure: EnsureDrill) -> OperationRun:
        return runs.fail_run(ensure(), "queue.lost")

    @on_both
    def test_a_new_run_that_names_the_old(self, ended: OperationRun, cast: Cast) -> None:
        manager = db.session.get_one(User, cast["manager"].id)
        new = runs.retry(ended, manager)
        assert new.is_new
        assert (new.retry_of_id, new.inputs, new.user_id) == (ended.id, ended.inputs, manager.id)
        assert new.dispatched_at is not None
        assert state(ended) == ("completed", "failed", "queue.lost")

    def test_twice_is_one_run(self, ended: OperationRun, operator: User) -> None:
        first = runs.retry(ended, operator)
        second = runs.retry(ended, operator)
        assert (second.id, second.is_new) == (first.id, False)

    def test_not_while_it_is_active(self, ensure: EnsureDrill, operator: User) -> None:
        with pytest.raises(Refused, match="still active"):
            runs.retry(ensure(), operator)

    def test_not_in_a_suspended_tenant(
        self, ended: OperationRun, tenant: Tenant, operator: User
    ) -> None:
        with write() as session:
            session.get_one(Tenant, tenant.id).suspended_at = utcnow()
        with pytest.raises(Refused) as refused:
            runs.retry(ended, operator)
        assert refused.value.reason_code == "tenant.suspended"
        assert _count() == 1

    @pytest.mark.parametrize("role", ["readonly", "outsider"])
    def test_not_without_the_right(self, ended: OperationRun, cast: Cast, role: str) -> None:
        with pytest.raises(NotAllowed):
            runs.retry(ended, db.session.get_one(User, cast[role].id))
        assert _count() == 1

    def test_not_what_this_version_does_not_know(
        self, ended: OperationRun, operator: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(REGISTRY, ended.type)
        with pytest.raises(Refused, match=r"drill\.plain"):
            runs.retry(ended, operator)

    def test_only_what_failed_when_nothing_did(self, ended: OperationRun, operator: User) -> None:
        with pytest.raises(Refused, match="Nothing of this run is left"):
            runs.retry(ended, operator, failed_only=True)
        assert _count() == 1

    def test_only_the_items_that_failed(self, tenant: Tenant, operator: User) -> None:
        run = _partial_sync(
            tenant,
            operator,
            [
                ("collection", "namedLocations", ItemResult.FAILED),
                ("configurationPolicies", "1", ItemResult.FAILED),
                ("configurationPolicies", "2", ItemResult.FAILED),
                ("deviceConfigurations", "3", ItemResult.SUCCEEDED),
                ("collection", "mobileApps", ItemResult.SKIPPED),
            ],
        )
        new = runs.retry(run, operator, failed_only=True)
        assert {(each.kind, each.key) for each in stored(db.session(), new.id)} == {
            ("collection", "namedLocations"),
            ("configurationPolicies", "1"),
            ("configurationPolicies", "2"),
        }
        assert (new.retry_of_id, new.inputs) == (run.id, {})
        runs.cancel(new, operator)
        assert runs.retry(run, operator).selection_hash is None, "without it, everything again"


def _partial_sync(
    tenant: Tenant, user: User, results: Sequence[tuple[str, str, ItemResult]]
) -> OperationRun:
    run = runs.ensure_run(tenant, "inventory.sync", {}, user)
    execution = begin(run)
    with execution.step() as step:
        for kind, key, result in results:
            reason = None if result == ItemResult.SUCCEEDED else "graph.forbidden"
            step.record(Item(kind, key, result, reason_code=reason))
    execution.stage(result_of_items(db.session(), execution.run))
    finalize(run.id, None)
    return run


def _count() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(OperationRun)) or 0
