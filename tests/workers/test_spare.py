"""The process made ahead for the next job: it does it, and nothing is lost with it before that."""

import os
import signal
from collections.abc import Callable

import pytest

from opsapp.extensions import db
from opsapp.models import RunStatus
from tests.support.processes import wait_until
from tests.workers.rig import PATIENCE, Rig, WorkerProcess
from tests.workers.test_deaths import on_postgres, on_sqlite
from tests.workers.test_endings import assert_ended


def assert_done_at_once(rig: Rig, run_id: int) -> None:
    assert assert_ended(rig, run_id, "succeeded", None).attempt == 1


def process_of(rig: Rig, run_id: int) -> int:
    (pid,) = rig.trace(run_id).lines("start")
    return int(pid)


def is_gone(worker: WorkerProcess, pid: int) -> Callable[[], bool]:
    return lambda: pid not in worker.members()


def test_a_job_is_done_by_the_process_made_ahead(rig: Rig) -> None:
    worker = rig.ready_worker()

    def happens() -> bool:
        """A spare that is not warm in time is done without."""
        spare = worker.spare()
        run_id = rig.start()
        assert_done_at_once(rig, run_id)
        return process_of(rig, run_id) == spare

    wait_until(happens, seconds=PATIENCE)


def test_each_job_has_a_process_of_its_own_and_all_are_reaped(rig: Rig) -> None:
    worker = rig.ready_worker()
    run_ids = [rig.start(items=1) for _ in range(50)]
    for run_id in run_ids:
        assert_done_at_once(rig, run_id)
    assert len({process_of(rig, run_id) for run_id in run_ids}) == 50
    wait_until(lambda: not worker.zombies(), what="the dead are asked after")
    beside = {worker.pid, worker.ticker(), worker.launcher(), worker.spare()}
    wait_until(lambda: set(worker.members()) == beside, what="one process waits, none is left")


@on_sqlite
def test_a_spare_that_dies_is_replaced(rig: Rig) -> None:
    worker = rig.ready_worker()
    first = worker.spare()
    os.kill(first, signal.SIGKILL)
    assert_done_at_once(rig, rig.start())
    wait_until(lambda: worker.spare() != first, seconds=PATIENCE)
    wait_until(lambda: not worker.zombies(), seconds=PATIENCE)


@on_postgres
def test_a_spare_that_dies_with_its_job_in_hand(rig: Rig) -> None:
    """It was told, and did nothing: so another attempt does all of it."""
    rig.ready_worker()

    def happens() -> bool:
        """One that stops before it was warm is not told."""
        spare = rig.workers[0].spare()
        os.kill(spare, signal.SIGSTOP)
        run_id = rig.start()
        wait_until(
            lambda: rig.run(run_id).status != RunStatus.QUEUED or rig.run(run_id).attempt > 1,
            seconds=PATIENCE,
        )
        os.kill(spare, signal.SIGKILL)
        run = assert_ended(rig, run_id, "succeeded", None)
        return run.attempt == 2

    wait_until(happens, seconds=PATIENCE)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_leaves_no_process_behind(rig: Rig, sign: signal.Signals) -> None:
    worker = rig.ready_worker()
    worker.spare()
    worker.send(sign)
    worker.wait(15)
    wait_until(lambda: not worker.members(), seconds=15, what="they are gone")


@on_sqlite
def test_all_are_told_to_stop_while_idle(rig: Rig) -> None:
    worker = rig.ready_worker()
    worker.spare()
    worker.signal_all(signal.SIGTERM)
    assert worker.wait(15) == 0
    wait_until(lambda: not worker.members(), seconds=15, what="they are gone")


@on_postgres
def test_connections_that_were_lost_while_it_waited(rig: Rig) -> None:
    worker = rig.ready_worker()
    assert_done_at_once(rig, rig.start())
    worker.spare()
    db.session.remove()
    rig.cut_database_connections()
    rig.stop_redis()
    rig.start_redis()
    assert_done_at_once(rig, rig.start())
    assert worker.process.poll() is None


@on_sqlite
def test_a_launcher_that_dies_is_replaced(rig: Rig) -> None:
    worker = rig.ready_worker()
    spare, launcher = worker.spare(), worker.launcher()
    os.kill(launcher, signal.SIGKILL)
    assert_done_at_once(rig, rig.start())
    assert_done_at_once(rig, rig.start())
    wait_until(lambda: worker.launcher() not in (None, launcher), seconds=PATIENCE)
    wait_until(is_gone(worker, spare), seconds=PATIENCE)


@on_sqlite
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_launcher_that_dies_during_a_job(rig: Rig, *, is_killed: bool) -> None:
    """How the job's process ended, nobody can say then; that it has, the worker sees."""
    worker = rig.ready_worker()
    worker.spare()
    run_id = rig.start(end="gate")
    rig.wait_for_trace(run_id, "ending")
    os.kill(worker.launcher(), signal.SIGKILL)
    if is_killed:
        os.kill(process_of(rig, run_id), signal.SIGKILL)
        assert_ended(rig, run_id, "failed", "worker.killed")
    else:
        rig.trace(run_id).write("open")
        assert_done_at_once(rig, run_id)
    assert_done_at_once(rig, rig.start())
    assert worker.process.poll() is None
