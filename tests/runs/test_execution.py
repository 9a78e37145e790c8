"""A claimed run while a worker works on it: the fence, the heartbeat, and how items are counted."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp import runs
from opsapp.config import Settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun, OperationRunItem
from opsapp.operations.base import Item
from opsapp.runs import lease
from opsapp.runs.execution import Execution, RunCancelled, ShutdownRequested
from opsapp.runs.items import result_of_items
from opsapp.runs.lease import LostFence
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize, hand_back, new_token
from tests.runs.conftest import EnsureDrill
from tests.support import apps
from tests.support.processes import wait_until
from tests.support.run_looks import begin, edit, events, items, no_graph, state

OK, UNCHANGED, FAILED, SKIPPED = (
    ItemResult.SUCCEEDED,
    ItemResult.UNCHANGED,
    ItemResult.FAILED,
    ItemResult.SKIPPED,
)
NOBODYS = {"total": 0, "processed": 0, "succeeded": 0, "unchanged": 0, "failed": 0, "skipped": 0}


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def execution(ensure: EnsureDrill) -> Execution:
    return begin(ensure())


def thing(key: str, result: ItemResult = OK, kind: str = "thing") -> Item:
    reason = None if result in (OK, UNCHANGED) else "graph.conflict"
    return Item(kind, key, result, reason_code=reason)


def record(execution: Execution, *recorded: Item) -> None:
    with execution.step() as step:
        for item in recorded:
            step.record(item)


def counts(execution: Execution) -> dict[str, int]:
    db.session.rollback()
    return execution.run.summary_counts


def resume(execution: Execution) -> Execution:
    """The next attempt of the same run."""
    assert hand_back(execution.run_id, execution.token, "Interrupted.")
    return begin(execution.run)


class TestFence:
    WRITES: ClassVar[dict[str, Callable[[Execution], object]]] = {
        "step": lambda execution: record(execution, thing("late")),
        "event": lambda execution: execution.event("note", "Still here."),
        "stage": lambda execution: execution.stage(RunResult.cancelled()),
    }

    @on_both
    @pytest.mark.parametrize("how", WRITES)
    def test_under_another_token_nothing_is_written(self, execution: Execution, how: str) -> None:
        edit(execution.run, dispatch_token=new_token())
        self.assert_refused(execution, how)
        assert state(execution.run) == ("running", "pending", None)

    @pytest.mark.parametrize("how", WRITES)
    def test_of_a_run_that_has_ended_nothing_is_written(
        self, execution: Execution, how: str
    ) -> None:
        finalize(execution.run_id, RunResult.failed("worker.lost"))
        self.assert_refused(execution, how)
        assert state(execution.run) == ("completed", "failed", "worker.lost")

    def assert_refused(self, execution: Execution, how: str) -> None:
        run, history = execution.run, events(execution.run)
        before = (run.lease_expires_at, run.summary_counts, run.staged_result)
        with pytest.raises(LostFence):
            self.WRITES[how](execution)
        db.session.rollback()
        assert (run.lease_expires_at, run.summary_counts, run.staged_result) == before
        assert (items(run), events(run)) == ({}, history)
        with pytest.raises(LostFence):
            execution.checkpoint()

    def test_the_effects_inside_a_refused_step_do_not_happen(self, execution: Execution) -> None:
        edit(execution.run, dispatch_token=new_token())
        entered = []
        with pytest.raises(LostFence), execution.step():
            entered.append("inside")
        assert not entered

    def test_the_one_who_is_handed_the_run_is_let_through(self, execution: Execution) -> None:
        second = resume(execution)
        with pytest.raises(LostFence):
            record(execution, thing("1"))
        record(second, thing("2"))
        assert items(second.run) == {"2": "succeeded"}

    def test_a_step_that_raises_leaves_nothing(self, execution: Execution) -> None:
        with pytest.raises(ZeroDivisionError), execution.step() as step:
            step.record(thing("1"))
            step.set_total("things", 5)
            step.mark_done("a")
            raise ZeroDivisionError
        assert (items(execution.run), counts(execution)) == ({}, {})
        assert not execution.is_done("a")
        record(execution, thing("1"))

    def test_a_write_renews_the_lease(self, execution: Execution) -> None:
        edit(execution.run, lease_expires_at=utcnow() + timedelta(seconds=1))
        record(execution, thing("1"))
        assert execution.run.lease_expires_at > utcnow() + timedelta(seconds=20)

    def test_only_the_holder_of_the_token_begins(self, ensure: EnsureDrill) -> None:
        run = ensure()
        assert Execution.begin(run.id, "another", "worker-1", no_graph) is None
        begin(run)
        assert Execution.begin(run.id, run.dispatch_token, "worker-2", no_graph) is None

    def test_the_first_staged_result_counts(self, execution: Execution) -> None:
        execution.stage(RunResult.of_items({"succeeded": 1}, ()))
        execution.stage(RunResult.failed("run.timeout"))
        finalize(execution.run_id, None)
        assert state(execution.run) == ("completed", "succeeded", None)

    def test_a_shutdown_stops_at_the_next_checkpoint(self, execution: Execution) -> None:
        execution.checkpoint()
        execution.request_shutdown()
        with pytest.raises(ShutdownRequested):
            execution.checkpoint()


class TestCounting:
    @on_both
    def test_each_result(self, execution: Execution) -> None:
        record(execution, thing("1"), thing("2", UNCHANGED), thing("3", UNCHANGED))
        record(execution, thing("4", FAILED), thing("5", SKIPPED))
        assert counts(execution) == {
            "total": 5,
            "processed": 5,
            "succeeded": 3,
            "unchanged": 2,
            "failed": 1,
            "skipped": 1,
        }
        assert result_of_items(db.session(), execution.run).counts == counts(execution)

    def test_the_total_is_what_was_listed(self, execution: Execution) -> None:
        with execution.step() as step:
            step.set_total("apps", 3)
            step.set_total("scripts", 1)
        assert counts(execution) == NOBODYS | {"total": 4}
        with execution.step() as step:
            step.set_total("apps", 5)  # the listing goes on
            step.record(thing("1"))
        assert counts(execution)["total"] == 6
        assert result_of_items(db.session(), execution.run).counts["total"] == 6

    def test_the_total_is_never_less_than_what_was_done(self, execution: Execution) -> None:
        with execution.step() as step:
            step.set_total("apps", 1)
            for key in "123":
                step.record(thing(key))
        assert counts(execution) == NOBODYS | {"total": 3, "processed": 3, "succeeded": 3}

    @on_both
    def test_an_item_recorded_twice_counts_once(self, execution: Execution) -> None:
        record(execution, thing("1"), thing("1"), thing("2"))
        record(execution, thing("2", FAILED), thing("1", kind="other"))
        assert counts(execution) == NOBODYS | {"total": 3, "processed": 3, "succeeded": 3}
        assert result_of_items(db.session(), execution.run).counts == counts(execution)

    @on_both
    @pytest.mark.parametrize(
        "text", ["x" * 1000, "nul \0 byte", "half a pair \ud83d"], ids=["long", "nul", "half"]
    )
    def test_any_text_is_stored(self, execution: Execution, text: str) -> None:
        record(execution, Item(text, text, FAILED, text, "graph.conflict", text, text))
        execution.event("note", text)
        [item] = db.session.scalars(sa.select(OperationRunItem)).all()
        stored = (item.kind, item.key, item.name, item.message, item.request_id)
        longest = (64, 200, 300, 500, 64)
        assert [len(one) for one in stored] == [min(len(text), most) for most in longest]
        assert all(one.startswith(text[:3]) for one in stored)
        assert counts(execution)["failed"] == 1
        execution.stage(result_of_items(db.session(), execution.run))
        assert finalize(execution.run_id, None)

    def test_failures_are_summarised_by_reason(self, execution: Execution) -> None:
        with execution.step() as step:
            for key, code in enumerate(("graph.conflict", "graph.forbidden", "graph.forbidden")):
                step.record(Item("thing", str(key), FAILED, "", code, f"Message {key}."))
        result = result_of_items(db.session(), execution.run)
        assert (result.outcome, result.reason_code) == ("failed", "graph.forbidden")
        assert [(one.code, one.message, one.count) for one in result.failures] == [
            ("graph.forbidden", "Message 1.", 2),
            ("graph.conflict", "Message 0.", 1),
        ]


class TestResuming:
    @on_both
    def test_what_failed_is_tried_again_and_what_is_done_is_kept(
        self, execution: Execution
    ) -> None:
        with execution.step() as step:
            step.set_total("things", 10)
            step.record(thing("1"))
            step.record(thing("2", FAILED))
            step.record(thing("3", UNCHANGED))
            step.mark_done("first page")
        second = resume(execution)
        assert items(second.run) == {"1": "succeeded", "3": "unchanged"}
        assert counts(second) == {
            "total": 10,
            "processed": 2,
            "succeeded": 2,
            "unchanged": 1,
            "failed": 0,
            "skipped": 0,
        }
        assert second.is_done("first page")
        assert not second.is_done("second page")
        record(second, thing("2"), thing("3", UNCHANGED))
        assert counts(second)["processed"] == counts(second)["succeeded"] == 3
        assert counts(second)["total"] == 10

    def test_parts_done_in_all_attempts_are_remembered(self, execution: Execution) -> None:
        for part in ("a", "b"):
            with execution.step() as step:
                step.mark_done(part)
            execution = resume(execution)
        assert [execution.is_done(part) for part in "abc"] == [True, True, False]

    def test_the_first_attempt_forgets_nothing(self, ensure: EnsureDrill) -> None:
        run = ensure()
        edit(run, summary_counts={"total": 7})  # said by whoever made the run
        assert counts(begin(run)) == {"total": 7}


class TestHeartbeat:
    """A thread of its own; each test waits for what it does, not for a time to pass."""

    @pytest.fixture
    def settings(self, tmp_path: Path, database_url: str, queue_url: str) -> Settings:
        return apps.make_settings(
            tmp_path,
            database_url=database_url,
            redis_url=queue_url,
            heartbeat_seconds=0.05,
            lease_seconds=20,
        )

    @pytest.fixture(params=["renewing", "looking"])
    def either_way(
        self, request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It notices when it renews the lease, and when it only looks in between."""
        if request.param == "looking":
            monkeypatch.setattr(lease, "CANCEL_POLL_SECONDS", 0.02)
            slow = {"heartbeat_seconds": 60.0, "lease_seconds": 120.0}
            settings: Settings = app.extensions["opsapp.settings"]
            app.extensions["opsapp.settings"] = settings.model_copy(update=slow)

    def assert_raises_soon(self, execution: Execution, error: type[BaseException]) -> None:
        def stopped() -> bool:
            try:
                execution.checkpoint()
            except error:
                return True
            return False

        wait_until(stopped, what=error.__name__)

    @on_both
    def test_it_renews_the_lease(self, execution: Execution) -> None:
        run = execution.run
        edit(run, lease_expires_at=utcnow() + timedelta(seconds=1))
        first = run.heartbeat_at
        with execution.heartbeat():
            wait_until(lambda: self.seen(run).lease_expires_at > utcnow() + timedelta(seconds=10))
        assert run.heartbeat_at > first

    @staticmethod
    def seen(run: OperationRun) -> OperationRun:
        db.session.rollback()
        return run

    def test_it_ends_with_the_work(self, execution: Execution) -> None:
        with execution.heartbeat():
            assert self.threads() == 1
        assert self.threads() == 0

    @staticmethod
    def threads() -> int:
        return [thread.name for thread in threading.enumerate()].count("heartbeat")

    @on_both
    @pytest.mark.usefixtures("either_way")
    def test_it_notices_a_cancel(self, execution: Execution) -> None:
        with execution.heartbeat():
            execution.checkpoint()
            runs.cancel(execution.run, "Olga")
            self.assert_raises_soon(execution, RunCancelled)

    @pytest.mark.usefixtures("either_way")
    def test_it_notices_that_the_run_was_taken_over(self, execution: Execution) -> None:
        with execution.heartbeat():
            execution.checkpoint()
            hand_back(execution.run_id, execution.token, "Taken over.")
            self.assert_raises_soon(execution, LostFence)

    @pytest.mark.usefixtures("either_way")
    def test_it_notices_that_the_run_has_ended(self, execution: Execution) -> None:
        with execution.heartbeat():
            finalize(execution.run_id, RunResult.failed("worker.lost"))
            self.assert_raises_soon(execution, LostFence)

    def test_a_database_that_fails_for_a_moment(
        self, execution: Execution, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        real, failures = lease.locked, iter(range(3))

        def locked(*args: Any) -> OperationRun | None:
            if next(failures, None) is not None:
                raise sa.exc.OperationalError("SELECT", {}, Exception("gone"))
            return real(*args)

        run = execution.run
        edit(run, lease_expires_at=utcnow() + timedelta(seconds=1))
        monkeypatch.setattr(lease, "locked", locked)
        with execution.heartbeat(), caplog.at_level(logging.WARNING):
            wait_until(lambda: self.seen(run).lease_expires_at > utcnow() + timedelta(seconds=10))
        execution.checkpoint()
        assert [entry.message for entry in caplog.records] == ["heartbeat failed"] * 3

    def test_a_database_that_fails_for_the_length_of_a_lease(
        self, app: Flask, execution: Execution, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def locked(*_: Any) -> None:
            raise sa.exc.OperationalError("SELECT", {}, Exception("gone"))

        settings: Settings = app.extensions["opsapp.settings"]
        short = settings.model_copy(update={"lease_seconds": 0.2})
        app.extensions["opsapp.settings"] = short
        monkeypatch.setattr(lease, "locked", locked)
        with execution.heartbeat():
            self.assert_raises_soon(execution, LostFence)

    def test_a_long_wait_ends_with_a_cancel(self, execution: Execution) -> None:
        with execution.heartbeat():
            runs.cancel(execution.run, "Olga")
            began = time.monotonic()
            with pytest.raises(RunCancelled):
                execution.wait(60)
        assert time.monotonic() - began < 10

    def test_a_long_wait_ends_with_a_shutdown(self, execution: Execution) -> None:
        threading.Timer(0.05, execution.request_shutdown).start()
        began = time.monotonic()
        with pytest.raises(ShutdownRequested):
            execution.wait(60)
        assert time.monotonic() - began < 10

    def test_a_wait_that_nobody_disturbs(self, execution: Execution) -> None:
        began = time.monotonic()
        execution.wait(0.05)
        assert 0.05 <= time.monotonic() - began < 10
