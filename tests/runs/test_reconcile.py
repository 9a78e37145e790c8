"""What no callback tells is healed by looking: at leases in the database, at jobs in the queue.

Nobody waits here: rows are moved in time instead.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client
from flask import Flask
from redis import Redis
from rq import Queue

from opsapp import run_totals, runs
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, QueueState, Tick
from opsapp.operations import REGISTRY
from opsapp.runs import queue, reconcile
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import settle_lost
from tests.runs.conftest import EnsureDrill
from tests.support.run_looks import (
    ago,
    begin,
    edit,
    events,
    kinds,
    last_event,
    lose_redis,
    state,
    use_redis,
)

QUEUED = ("queued", "pending", None)
RUNNING = ("running", "pending", None)
LOST = ("completed", "failed", "worker.lost")
QUEUE_LOST = ("completed", "failed", "queue.lost")
WHILE = 11  # seconds; longer than any grace

MakeExpired = Callable[..., OperationRun]


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return Redis.from_url(redis_url)


@pytest.fixture
def jobs(redis: Redis) -> Callable[[], list[str]]:
    """The ids of the jobs that wait in the queue."""
    return lambda: Queue(queue.QUEUE_NAME, connection=redis).job_ids


@pytest.fixture
def expired(ensure: EnsureDrill) -> MakeExpired:
    """A claimed run whose worker was last heard of too long ago."""

    def make(
        kind: str = "plain", /, staged: RunResult | None = None, **inputs: Any
    ) -> OperationRun:
        run = ensure(kind, **inputs)
        execution = begin(run)
        if staged:
            execution.stage(staged)
        edit(run, lease_expires_at=ago(1))
        return run

    return make


@pytest.fixture
def missing(ensure: EnsureDrill, redis: Redis) -> OperationRun:
    """A dispatched run whose job Redis has lost; nobody has looked yet."""
    run = runs.dispatch(ensure())
    edit(run, dispatched_at=ago(WHILE))
    redis.flushall()
    return run


class TestExpiredLease:
    def test_the_staged_result_stands(self, expired: MakeExpired) -> None:
        run = expired(staged=RunResult.of_items({"total": 1, "succeeded": 1}, ()))
        assert reconcile() == {"lease_expired": 1}
        assert state(run) == ("completed", "succeeded", None)
        assert kinds(run) == ["queued", "terminal"]

    def test_a_cancel_that_was_asked_for_is_honoured(self, expired: MakeExpired) -> None:
        run = runs.cancel(expired("resumable"), "Olga")
        assert reconcile() == {"lease_expired": 1}
        assert state(run) == ("completed", "cancelled", "run.cancelled_by_user")
        assert last_event(run).actor == "Olga"

    def test_what_can_go_on_is_handed_back_and_dispatched(
        self, expired: MakeExpired, jobs: Callable[[], list[str]]
    ) -> None:
        run = expired("resumable")
        token, started = run.dispatch_token, run.started_at
        assert reconcile() == {"lease_expired": 1, "dispatched": 1}
        assert state(run) == QUEUED
        assert run.dispatch_token != token
        assert (run.attempt, run.started_at) == (2, started)
        assert jobs() == [queue.job_id_of(run.id, run.dispatch_token)] == [run.job_id]
        assert kinds(run) == ["queued"], "nobody is told while it is handed back"
        assert events(run)[-2:] == ["handed_back", "dispatched"]

    def test_what_cannot_go_on_fails(self, expired: MakeExpired) -> None:
        run = expired()
        assert reconcile() == {"lease_expired": 1}
        assert state(run) == LOST
        assert last_event(run).data == {"reason_code": "worker.lost", "worker": "worker-1"}
        assert kinds(run) == ["queued", "terminal"]
        assert reconcile() == {}

    def test_a_renewed_lease_is_left_alone(self, expired: MakeExpired) -> None:
        run = expired()
        edit(run, lease_expires_at=utcnow() + timedelta(seconds=5))
        assert reconcile() == {}
        assert state(run) == RUNNING

    def test_it_is_given_up_after_three_attempts(self, expired: MakeExpired) -> None:
        run = expired("resumable")
        for attempt in (2, 3):
            reconcile()
            assert (state(run), run.attempt) == (QUEUED, attempt)
            begin(run)
            edit(run, lease_expires_at=ago(1))
        assert reconcile() == {"lease_expired": 1}
        assert (state(run), run.attempt) == (LOST, 3)
        assert events(run).count("completed") == 1

    def test_redis_is_not_needed_for_that(
        self, app: Flask, expired: MakeExpired, tmp_path: Path
    ) -> None:
        first, second = expired(name="1"), expired("resumable", name="2")
        lose_redis(app, tmp_path)
        assert reconcile() == {"lease_expired": 2}
        assert (state(first), state(second)) == (LOST, QUEUED)
        assert second.dispatched_at is None

    def test_one_that_cannot_be_healed_does_not_stop_the_others(
        self, expired: MakeExpired, caplog: pytest.LogCaptureFixture
    ) -> None:
        first, broken, last = (expired(name=name) for name in "123")
        edit(broken, staged_result={"outcome": "unheard of"})
        assert reconcile() == {"lease_expired": 2}
        assert (state(first), state(broken), state(last)) == (LOST, RUNNING, LOST)
        assert [r.__dict__["run_id"] for r in caplog.records if r.levelname == "ERROR"] == [
            broken.id
        ]


class TestNeverDispatched:
    def test_only_after_some_seconds(
        self, ensure: EnsureDrill, jobs: Callable[[], list[str]]
    ) -> None:
        run = ensure()
        edit(run, updated_at=ago(4))
        assert reconcile() == {}
        assert (jobs(), run.dispatched_at) == ([], None)
        edit(run, updated_at=ago(6))
        assert reconcile() == {"dispatched": 1}
        assert (jobs(), kinds(run)) == ([run.job_id], ["queued"])
        assert run.dispatched_at is not None
        assert reconcile() == {}

    def test_it_waits_for_redis(
        self, app: Flask, ensure: EnsureDrill, tmp_path: Path, redis_url: str
    ) -> None:
        run = ensure()
        edit(run, updated_at=ago(WHILE))
        lose_redis(app, tmp_path)
        assert reconcile() == {}
        assert state(run) == QUEUED
        use_redis(app, redis_url)
        assert reconcile() == {"dispatched": 1}

    def test_redis_may_go_between_the_look_and_the_push(
        self, ensure: EnsureDrill, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def enqueue(_: queue.Message) -> None:
            raise redis_client.exceptions.TimeoutError

        run = ensure()
        edit(run, updated_at=ago(WHILE))
        monkeypatch.setattr(queue, "enqueue", enqueue)
        assert reconcile() == {}
        assert (state(run), run.dispatched_at) == (QUEUED, None)
        monkeypatch.undo()
        assert reconcile() == {"dispatched": 1}

    def test_what_no_version_here_knows_fails(
        self, ensure: EnsureDrill, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run, other = ensure(), ensure("brief")
        for one in (run, other):
            edit(one, updated_at=ago(WHILE))
        monkeypatch.delitem(REGISTRY, run.type)
        assert reconcile() == {"dispatched": 1}
        assert state(run) == ("completed", "failed", "queue.dispatch_failed")
        assert other.dispatched_at is not None


class TestLost:
    def test_absent_twice_some_seconds_apart(self, missing: OperationRun) -> None:
        assert reconcile() == {}
        assert missing.missing_since is not None
        assert reconcile() == {}
        edit(missing, missing_since=ago(9))
        assert reconcile() == {}
        assert state(missing) == QUEUED
        edit(missing, missing_since=ago(WHILE))
        assert reconcile() == {"lost": 1}
        assert state(missing) == QUEUE_LOST
        assert kinds(missing) == ["queued", "terminal"]

    def test_one_that_had_begun_goes_on(self, missing: OperationRun, redis: Redis) -> None:
        """It was handed back half done: to say that nothing was done would be a lie."""
        edit(missing, started_at=ago(WHILE), missing_since=ago(WHILE))
        token = missing.dispatch_token
        assert reconcile() == {"lost": 1}
        assert state(missing) == QUEUED
        assert (missing.attempt, missing.context["interruptions"]) == (2, 1)
        assert missing.dispatch_token != token

    def test_one_that_had_begun_and_was_interrupted_too_often_says_by_what(
        self, missing: OperationRun
    ) -> None:
        context = {"interruptions": 2, "interrupted_by": "worker.killed"}
        edit(missing, started_at=ago(WHILE), missing_since=ago(WHILE), context=context)
        assert reconcile() == {"lost": 1}
        assert state(missing) == ("completed", "failed", "worker.killed")

    def test_seen_again_in_between(self, missing: OperationRun) -> None:
        reconcile()
        edit(missing, missing_since=ago(WHILE))
        queue.enqueue(queue.message_of(missing))
        assert reconcile() == {}
        assert (state(missing), missing.missing_since) == (QUEUED, None)

    def test_an_unreachable_redis_loses_nothing(
        self, app: Flask, missing: OperationRun, tmp_path: Path
    ) -> None:
        lose_redis(app, tmp_path)
        assert reconcile() == {}
        assert missing.missing_since is None
        edit(missing, missing_since=ago(WHILE))
        assert reconcile() == {}
        assert state(missing) == QUEUED

    @pytest.mark.parametrize("where", ["waiting", "handed over", "in progress"])
    def test_wherever_redis_holds_it_it_is_not_lost(
        self, ensure: EnsureDrill, redis: Redis, where: str
    ) -> None:
        run = runs.dispatch(ensure())
        edit(run, dispatched_at=ago(WHILE), missing_since=ago(WHILE))
        self.move(redis, run, where, until=ago(-60))
        assert reconcile() == {}
        assert (state(run), run.missing_since) == (QUEUED, None)

    def test_a_worker_that_rq_hears_no_more_of_holds_nothing(
        self, ensure: EnsureDrill, redis: Redis
    ) -> None:
        run = runs.dispatch(ensure())
        edit(run, dispatched_at=ago(WHILE), missing_since=ago(WHILE))
        self.move(redis, run, "in progress", until=ago(1))
        assert reconcile() == {"lost": 1}

    @staticmethod
    def move(redis: Redis, run: OperationRun, where: str, until: Any) -> None:
        """As RQ does between taking a job from the queue and its end."""
        rq = Queue(queue.QUEUE_NAME, connection=redis)
        if where != "waiting":
            redis.lmove(rq.key, rq.intermediate_queue_key)
        if where == "in progress":
            redis.delete(rq.intermediate_queue_key)
            execution = f"{run.job_id}:execution"
            redis.zadd(rq.started_job_registry.key, {execution: until.timestamp()})

    def test_a_run_dispatched_after_the_look_is_not_missed(
        self, ensure: EnsureDrill, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run, real = ensure(), queue.contents

        def contents() -> queue.QueueContents:
            found = real()
            runs.dispatch(run)
            return found

        monkeypatch.setattr(queue, "contents", contents)
        assert reconcile() == {}
        assert (state(run), run.missing_since) == (QUEUED, None)
        assert run.dispatched_at is not None

    def test_claimed_while_we_looked(
        self, missing: OperationRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The worker takes the job from Redis before we look, and claims the run before we act."""
        edit(missing, missing_since=ago(WHILE))
        monkeypatch.setattr(
            sys.modules[reconcile.__module__],
            "settle_lost",
            lambda *args: bool(begin(missing)) and settle_lost(*args),
        )
        assert reconcile() == {}
        assert state(missing) == RUNNING


class TestHolds:
    def test_a_held_run_is_left_alone(self, ensure: EnsureDrill) -> None:
        waiting = [
            (Hold.GRAPH, ago(-60)),
            (Hold.PAUSED, ago(-60)),
            (Hold.APPROVAL, None),
            (Hold.APPROVAL, ago(-60)),
            (Hold.CONFIRMATION, ago(60)),
        ]
        long_ago = {"dispatched_at": ago(WHILE), "missing_since": ago(WHILE)}
        held = []
        for number, (hold, not_before) in enumerate(waiting):
            for name, dispatched in (("never", {}), ("before", long_ago)):
                run = ensure(name=f"{number} {name}")
                edit(run, updated_at=ago(WHILE), hold=hold, not_before=not_before, **dispatched)
                held.append((run, hold, run.dispatch_token))
        assert reconcile() == {}
        for run, hold, token in held:
            assert (state(run), run.hold, run.dispatch_token) == (QUEUED, hold, token)

    @pytest.mark.parametrize("hold", [Hold.GRAPH, Hold.PAUSED, Hold.APPROVAL])
    def test_a_due_hold_ends_and_the_run_is_dispatched(
        self, ensure: EnsureDrill, jobs: Callable[[], list[str]], hold: Hold
    ) -> None:
        run = ensure()
        begin(run)
        runs.hand_back(run.id, run.dispatch_token, "Wait.", hold=hold, not_before=ago(1))
        token = run.dispatch_token
        assert reconcile() == {"released": 1}
        assert (state(run), run.hold, run.wait_reason) == (QUEUED, None, None)
        assert run.dispatch_token != token
        assert jobs() == [run.job_id]
        assert events(run)[-3:] == ["held", "released", "dispatched"]
        begin(run)

    def test_a_due_hold_waits_for_redis(
        self, app: Flask, ensure: EnsureDrill, tmp_path: Path
    ) -> None:
        run = ensure()
        edit(run, hold=Hold.GRAPH, not_before=ago(1))
        lose_redis(app, tmp_path)
        assert reconcile() == {}
        assert (state(run), run.hold) == (QUEUED, Hold.GRAPH)


class TestReport:
    def test_rounds_that_healed_something_are_kept_the_latest_first(
        self, expired: MakeExpired
    ) -> None:
        expired()
        reconcile(by="worker-7")
        tick = db.session.get_one(Tick, "reconcile")
        assert tick.ran_by == "worker-7"
        first = {"at": tick.ran_at.isoformat(), "by": "worker-7", "healed": {"lease_expired": 1}}
        assert tick.report == {"rounds": [first]}
        reconcile(by="worker-8")
        db.session.refresh(tick)
        assert (tick.ran_by, tick.report) == ("worker-8", {"rounds": [first]})
        expired()
        reconcile(by="worker-9")
        db.session.refresh(tick)
        assert [round_["by"] for round_ in tick.report["rounds"]] == ["worker-9", "worker-7"]

    def test_only_the_latest_rounds_are_kept(
        self, expired: MakeExpired, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(reconcile.__globals__, "ROUNDS_KEPT", 2)
        for number in range(3):
            expired()
            reconcile(by=f"worker-{number}")
        report = db.session.get_one(Tick, "reconcile", populate_existing=True).report
        assert [round_["by"] for round_ in report["rounds"]] == ["worker-2", "worker-1"]

    def test_what_was_healed_is_added_up_for_ever(self, expired: MakeExpired) -> None:
        for _ in range(2):
            expired()
            reconcile()
        assert (
            run_totals.everything(db.session())[run_totals.REAPER, '{"reason_code": "worker.lost"}']
            == 2
        )

    def test_a_quiet_one_reports_nothing(self, ensure: EnsureDrill) -> None:
        ensure()
        before = utcnow()
        assert reconcile() == {}
        tick = db.session.get_one(Tick, "reconcile")
        assert tick.report == {}
        assert tick.ran_at >= before

    def test_the_queue_as_it_was_seen(
        self, app: Flask, ensure: EnsureDrill, tmp_path: Path
    ) -> None:
        for name in "12":
            runs.dispatch(ensure(name=name))
        reconcile(by="worker-7")
        seen = db.session.get_one(QueueState, queue.QUEUE_NAME)
        assert (seen.depth, seen.reachable, seen.measured_by) == (2, True, "worker-7")
        first = seen.measured_at
        lose_redis(app, tmp_path)
        reconcile(by="worker-8")
        db.session.refresh(seen)
        assert (seen.depth, seen.reachable, seen.measured_by) == (None, False, "worker-8")
        assert seen.measured_at > first
