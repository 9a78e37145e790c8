"""The endings that take the worker with them, and what another worker makes of what they left."""

import os
import signal
import time

import pytest

from opsapp.models import RunStatus, WorkerHeartbeat, WorkerState
from tests.support.processes import wait_until
from tests.workers.rig import Rig, WorkerProcess
from tests.workers.test_endings import ALL_DONE, assert_ended

# Starting workers is dear. What differs between the databases runs on both; the rest on one each.
on_sqlite = pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("rig", ["postgres"], indirect=True)


def begin(rig: Rig, kind: str = "plain", /, **inputs: object) -> tuple[int, WorkerProcess]:
    """A run in the hands of a worker, at its end after three effects."""
    worker = rig.start_worker()
    run_id = rig.start(kind, **inputs)
    rig.wait_for_trace(run_id, "ending")
    return run_id, worker


@on_postgres
def test_sigterm_ends_a_run_that_cannot_be_resumed(rig: Rig) -> None:
    run_id, worker = begin(rig, end="wait")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert_ended(rig, run_id, "failed", "worker.shutdown")


@on_sqlite
def test_sigterm_lets_a_run_finish_that_can_in_time(rig: Rig) -> None:
    run_id, worker = begin(rig, end="gate")
    worker.send(signal.SIGTERM)
    rig.trace(run_id).write("open")
    assert worker.wait() == 0
    assert_ended(rig, run_id, "succeeded", None)


@on_sqlite
@pytest.mark.parametrize("to", ["worker", "everybody"])
@pytest.mark.parametrize("end", ["wait", "sleep"])
def test_sigterm_hands_a_resumable_run_back(rig: Rig, end: str, to: str) -> None:
    run_id, worker = begin(rig, "resumable", end=end, once=True)
    started_at = rig.run(run_id).started_at
    if to == "worker":
        worker.send(signal.SIGTERM)
    else:
        worker.signal_all(signal.SIGTERM)
    assert worker.wait() == 0
    handed_back = rig.run(run_id)
    assert (handed_back.status, handed_back.attempt) == (RunStatus.QUEUED, 2)
    assert rig.notifications(run_id) == ["queued"]
    rig.start_worker()
    run = assert_ended(rig, run_id, "succeeded", None)
    assert run.summary_counts == ALL_DONE
    assert run.started_at == started_at


@on_postgres
@pytest.mark.parametrize(
    ("kind", "outcome", "reason"),
    [("plain", "failed", "worker.shutdown"), ("resumable", "succeeded", None)],
)
def test_sigterm_twice(rig: Rig, kind: str, outcome: str, reason: str | None) -> None:
    run_id, worker = begin(rig, kind, end="sleep", once=True)
    began = time.monotonic()
    worker.send(signal.SIGTERM)
    # RQ takes a second signal within a second for the first one's echo
    wait_until(lambda: time.monotonic() > began + 1.1, what="the second signal counts")
    worker.send(signal.SIGTERM)
    worker.wait()
    rig.start_worker()
    assert_ended(rig, run_id, outcome, reason)


@pytest.mark.parametrize(
    ("kind", "outcome", "reason"),
    [("plain", "failed", "worker.lost"), ("resumable", "succeeded", None)],
)
def test_the_host_dies(rig: Rig, kind: str, outcome: str, reason: str | None) -> None:
    run_id, worker = begin(rig, kind, end="sleep", once=True)
    worker.signal_all(signal.SIGKILL)
    worker.wait()
    assert rig.run(run_id).status == RunStatus.RUNNING
    rig.start_worker()
    assert_ended(rig, run_id, outcome, reason)


@on_sqlite
def test_a_worker_killed_alone_leaves_its_job_working(rig: Rig) -> None:
    run_id, worker = begin(rig, end="gate")
    worker.send(signal.SIGKILL)
    worker.wait()
    rig.ready_worker()
    before = rig.run(run_id).heartbeat_at
    wait_until(
        lambda: (rig.run(run_id).heartbeat_at - before).total_seconds() > 5,
        what="the job outlives the lease it had",
    )
    assert rig.run(run_id).status == RunStatus.RUNNING
    rig.trace(run_id).write("open")
    run = assert_ended(rig, run_id, "succeeded", None)
    assert run.attempt == 1


@on_postgres
def test_redis_gone_at_the_end_of_the_job(rig: Rig) -> None:
    run_id, worker = begin(rig, end="gate")
    rig.stop_redis()
    rig.trace(run_id).write("open")
    assert_ended(rig, run_id, "succeeded", None)
    rig.start_redis()
    assert_ended(rig, rig.start(), "succeeded", None)
    assert worker.process.poll() is None, "the worker went on"


@on_sqlite
def test_an_unclaimed_job_of_a_stopping_worker_is_done_by_the_next(rig: Rig) -> None:
    """Its process dies between RQ's fork and our claim: nothing was done, so nothing is lost."""
    rig.start_worker(extra={"DRILL_DIE_BEFORE_CLAIM": str(rig.folder / "died")})
    run_id = rig.start()
    run = assert_ended(rig, run_id, "succeeded", None)
    assert run.attempt == 2


def test_a_paused_job_that_lost_its_lease_writes_nothing_more(rig: Rig) -> None:
    run_id, worker = begin(rig, end="gated_effects")
    (horse,) = [int(pid) for pid in rig.trace(run_id).lines("start")]
    os.kill(horse, signal.SIGSTOP)
    assert_ended(rig, run_id, "failed", "worker.lost")
    os.kill(horse, signal.SIGCONT)
    rig.trace(run_id).write("open")
    wait_until(lambda: horse not in worker.members(), seconds=15, what="the job ends")
    assert not rig.trace(run_id).has("late-write")
    assert "1" in rig.items(run_id)
    assert rig.events(run_id)[-1] == "completed"


@on_sqlite
def test_an_idle_worker_goes_on_after_a_restart_of_redis(rig: Rig) -> None:
    worker = rig.ready_worker()
    rig.stop_redis()
    rig.start_redis()
    assert_ended(rig, rig.start(), "succeeded", None)
    assert worker.process.poll() is None


@on_postgres
def test_a_worker_can_be_stopped_while_redis_is_away(rig: Rig) -> None:
    worker = rig.ready_worker()
    rig.stop_redis()
    wait_until(lambda: b"could not connect" in worker.log.read_bytes(), what="it has noticed")
    worker.send(signal.SIGTERM)
    assert worker.wait(15) == 0
    assert rig.worker_row(worker).state == WorkerState.STOPPED


def test_a_worker_can_be_stopped_at_any_moment(rig: Rig) -> None:
    """Also in the middle of its own writes, just after a run."""
    for _ in range(2):
        worker = rig.start_worker()
        rig.wait_for(rig.start())
        worker.send(signal.SIGTERM)
        assert worker.wait(15) == 0
        assert rig.worker_row(worker).state == WorkerState.STOPPED


@on_sqlite
def test_a_tick_that_dies_is_started_again(rig: Rig) -> None:
    worker = rig.ready_worker()
    wait_until(worker.ticker, seconds=15, what="the tick runs")
    first = worker.ticker()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: worker.ticker() not in (None, first), seconds=15, what="another tick runs")


@on_postgres
def test_the_row_of_a_worker(rig: Rig) -> None:
    worker = rig.ready_worker()
    beat = rig.worker_row(worker).heartbeat_at
    assert rig.worker_row(worker).state == WorkerState.IDLE
    wait_until(lambda: rig.worker_row(worker).heartbeat_at > beat, seconds=10, what="a heartbeat")
    row: WorkerHeartbeat = rig.worker_row(worker)
    assert (row.heartbeat_at - beat).total_seconds() <= 5
    run_id = rig.start(end="gate")
    rig.wait_for_trace(run_id, "ending")
    wait_until(
        lambda: rig.worker_row(worker).state == WorkerState.BUSY,
        seconds=10,
        what="a heartbeat of a busy worker",
    )
    assert rig.worker_row(worker).current_run_id == run_id
    assert rig.worker_row(worker).memory_bytes > 1_000_000
    rig.trace(run_id).write("open")
    rig.wait_for(run_id)
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert rig.worker_row(worker).state == WorkerState.STOPPED
    assert worker.members() == {}, "nothing of the worker is left"


@pytest.mark.timeout(300)
def test_two_workers_do_each_run_once(rig: Rig) -> None:
    rig.start_worker()
    rig.start_worker()
    run_ids = [rig.start(items=1) for _ in range(24)]
    for run_id in run_ids:
        run = rig.wait_for(run_id, seconds=240)
        assert run.outcome == "succeeded"
        assert rig.trace(run_id).lines("effect") == ["0"]
        assert rig.notifications(run_id) == ["queued", "terminal"]
    assert len({rig.run(run_id).worker for run_id in run_ids}) == 2


@on_sqlite
def test_without_redis_url_workers_share_an_embedded_server(rig: Rig) -> None:
    first = rig.ready_worker(redis_url=None)
    second = rig.ready_worker(redis_url=None)
    first.signal_all(signal.SIGKILL)
    first.wait()
    with rig.dispatching_through(None):
        wait_until(rig.redis_answers, seconds=20, what="the second worker took the server over")
        assert_ended(rig, rig.start(), "succeeded", None)
    second.send(signal.SIGTERM)
    assert second.wait() == 0
