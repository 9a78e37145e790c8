"""However a job ends, its run ends truthfully: the endings that leave the worker standing."""

from typing import Any

import pytest
from rq import Callback, Retry
from rq.command import send_stop_job_command
from rq.job import Job
from rq.serializers import JSONSerializer

from opsapp.models import OperationRun, RunOutcome, RunStatus
from tests.support.processes import wait_until
from tests.workers.rig import Rig

BROKEN = Callback("tests.support.drill.broken_callback")
ALL_DONE = {"total": 3, "processed": 3, "succeeded": 3, "unchanged": 0, "failed": 0, "skipped": 0}


def assert_ended(rig: Rig, run_id: int, outcome: str, reason: str | None) -> OperationRun:
    run = rig.wait_for(run_id)
    assert (run.outcome, run.reason_code) == (outcome, reason), rig.logs()
    assert rig.notifications(run_id).count("terminal") == 1
    assert rig.notifications(run_id).count("queued") <= 1
    assert rig.events(run_id).count("completed") == 1
    effects = rig.trace(run_id).lines("effect")
    assert len(effects) == len(set(effects)), "an effect was repeated"
    return run


ENDINGS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str | None]] = {
    # how: inputs, RQ options, outcome, reason
    "returns": ({"end": "return"}, {}, "succeeded", None),
    "returns with failed items": ({"fail": [1]}, {}, "partially_succeeded", "run.partial"),
    "returns, nothing succeeded": ({"fail": [0, 1, 2]}, {}, "failed", "graph.conflict"),
    "raises": ({"end": "raise"}, {}, "failed", "internal.unexpected"),
    "raises what has a reason": ({"end": "refuse"}, {}, "failed", "graph.forbidden"),
    "loses the database": ({"end": "lose_database"}, {}, "failed", "db.unavailable"),
    "raises, RQ retries": (
        {"end": "raise"},
        {"retry": Retry(max=2)},
        "failed",
        "internal.unexpected",
    ),
    "success callback raises": ({"end": "return"}, {"on_success": BROKEN}, "succeeded", None),
    "failure callback raises": (
        {"end": "refuse"},
        {"on_failure": BROKEN},
        "failed",
        "graph.forbidden",
    ),
    "function not importable": (
        {},
        {"function": "workers.jobs.no_such_function"},
        "failed",
        "worker.import_failed",
    ),
    "module not importable": (
        {},
        {"function": "workers.no_such_module.run"},
        "failed",
        "worker.import_failed",
    ),
    "SystemExit": ({"end": "sys_exit"}, {}, "failed", "internal.unexpected"),
    "os._exit(7)": ({"end": "exit_7"}, {}, "failed", "worker.killed"),
    "os._exit(0)": ({"end": "exit_0"}, {}, "failed", "worker.killed"),
    "SIGKILL": ({"end": "sigkill"}, {}, "failed", "worker.killed"),
    "SIGKILL, RQ retries": (
        {"end": "sigkill"},
        {"retry": Retry(max=1)},
        "failed",
        "worker.killed",
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_job_that_ends_by_itself(shared_rig: Rig, how: str) -> None:
    inputs, options, outcome, reason = ENDINGS[how]
    run_id = shared_rig.start_with("plain", inputs, **options)
    run = assert_ended(shared_rig, run_id, outcome, reason)
    if outcome == "succeeded":
        assert run.summary_counts == ALL_DONE
    assert "secret detail" not in str(run.failure_summary)


@pytest.mark.parametrize("end", ["sleep", "swallow", "sleep_in_step"])
def test_a_job_that_exceeds_its_time(shared_rig: Rig, end: str) -> None:
    run_id = shared_rig.start("brief", end=end)
    assert_ended(shared_rig, run_id, "failed", "run.timeout")
    assert not shared_rig.trace(run_id).has("swallowed")
    assert set(shared_rig.items(run_id)) == {"0", "1", "2"}


def test_a_job_that_is_stopped(shared_rig: Rig) -> None:
    run_id = shared_rig.start(end="sleep")
    shared_rig.wait_for_trace(run_id, "ending")
    job_id = shared_rig.run(run_id).job_id
    send_stop_job_command(shared_rig.redis, job_id, serializer=JSONSerializer)
    assert_ended(shared_rig, run_id, "cancelled", "run.cancelled_by_user")


def _cancel(rig: Rig, job_id: str) -> None:
    Job.fetch(job_id, connection=rig.redis, serializer=JSONSerializer).cancel()


def _expire(rig: Rig, job_id: str) -> None:
    """A job ttl that is over: RQ finds a list entry without a job."""
    wait_until(lambda: not rig.redis.exists(f"rq:job:{job_id}"), what="the job's ttl is over")


LOSSES = {
    "RQ cancel": (_cancel, {}),
    "queue emptied": (lambda rig, _job: rig.queue().empty(), {}),
    "Redis flushed": (lambda rig, _job: rig.redis.flushall(), {}),
    "job ttl": (_expire, {"ttl": 1}),
}


@pytest.mark.parametrize("how", LOSSES)
def test_a_job_that_is_lost_while_queued(shared_rig: Rig, how: str) -> None:
    lose, options = LOSSES[how]
    first = shared_rig.start(end="gate")
    shared_rig.wait_for_trace(first, "ending")  # the worker is busy: what comes now must wait
    run_id = shared_rig.start_with("plain", {}, **options)
    run = shared_rig.run(run_id)
    assert run.status == RunStatus.QUEUED
    lose(shared_rig, run.job_id)
    if how == "job ttl":
        shared_rig.trace(first).write("open")  # RQ notices when it takes the job
    assert_ended(shared_rig, run_id, "failed", "queue.lost")
    assert not shared_rig.trace(run_id).has("start")
    shared_rig.trace(first).write("open")
    assert_ended(shared_rig, first, "succeeded", None)


@pytest.mark.parametrize("end", ["exit_7", "exit_0", "sigkill", "lose_database"])
def test_a_resumable_job_that_dies_goes_on_at_the_next_item(shared_rig: Rig, end: str) -> None:
    run_id = shared_rig.start("resumable", end=end, once=True)
    run = assert_ended(shared_rig, run_id, "succeeded", None)
    assert run.attempt == 2
    assert run.summary_counts == ALL_DONE


def test_a_resumable_job_that_always_dies_is_given_up(shared_rig: Rig) -> None:
    run_id = shared_rig.start("resumable", end="sigkill")
    run = assert_ended(shared_rig, run_id, "failed", "worker.killed")
    assert run.attempt == 3
    assert len(shared_rig.trace(run_id).lines("start")) == 3


def test_a_running_job_is_cancelled_within_seconds(shared_rig: Rig) -> None:
    from opsapp import runs

    run_id = shared_rig.start(end="wait")
    shared_rig.wait_for_trace(run_id, "ending")
    runs.cancel(shared_rig.run(run_id), "Olga")
    shared_rig.wait_for(run_id, seconds=5)
    assert_ended(shared_rig, run_id, "cancelled", "run.cancelled_by_user")
    assert not shared_rig.trace(run_id).has("done")


def test_a_queued_job_is_cancelled_at_once_and_does_nothing(shared_rig: Rig) -> None:
    from opsapp import runs

    first = shared_rig.start(end="gate")
    shared_rig.wait_for_trace(first, "ending")
    run_id = shared_rig.start()
    assert runs.cancel(shared_rig.run(run_id), "Olga").outcome == RunOutcome.CANCELLED
    shared_rig.trace(first).write("open")
    shared_rig.wait_for(first)
    last = shared_rig.start()
    shared_rig.wait_for(last)  # the worker has passed the cancelled job
    assert_ended(shared_rig, run_id, "cancelled", "run.cancelled_by_user")
    assert not shared_rig.trace(run_id).has("start")


def test_a_parked_run_waits_visibly_and_goes_on(shared_rig: Rig) -> None:
    run_id = shared_rig.start("resumable", end="park", once=True, seconds=1)
    wait_until(lambda: shared_rig.run(run_id).hold == "graph", what="the run is held")
    parked = shared_rig.run(run_id)
    assert parked.status == RunStatus.QUEUED
    assert parked.wait_reason == "Graph asked us to wait."
    assert shared_rig.notifications(run_id) == ["queued"]
    not_before = parked.not_before
    run = assert_ended(shared_rig, run_id, "succeeded", None)
    assert run.attempt == 2
    assert run.completed_at > not_before


def test_copies_of_a_job_are_worked_on_once(shared_rig: Rig) -> None:
    first = shared_rig.start(end="gate")
    shared_rig.wait_for_trace(first, "ending")
    run_id = shared_rig.start()
    job_id = shared_rig.run(run_id).job_id
    shared_rig.redis.lpush(shared_rig.queue().key, job_id, job_id)
    shared_rig.trace(first).write("open")
    assert_ended(shared_rig, run_id, "succeeded", None)
    shared_rig.wait_for(shared_rig.start())
    assert len(shared_rig.trace(run_id).lines("start")) == 1
