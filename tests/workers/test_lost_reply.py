"""Redis takes the job, its answer is lost: we say "failed", and must make that true."""

from collections.abc import Iterator

import pytest

from opsapp.models import RunOutcome
from tests.support.processes import wait_until
from tests.support.reply_eater import ReplyEater
from tests.workers.rig import Rig

RUNS = 20


@pytest.fixture
def eater(rig: Rig) -> Iterator[ReplyEater]:
    eater = ReplyEater(rig.redis_socket, rig.redis_socket.with_name("eater"))
    yield eater
    eater.close()


@pytest.mark.parametrize("rig", ["postgres"], indirect=True)
def test_a_job_whose_dispatch_was_called_failed_does_nothing(rig: Rig, eater: ReplyEater) -> None:
    with rig.dispatching_through(eater.url):
        run_ids = [rig.start() for _ in range(RUNS)]
    assert eater.eaten == RUNS
    assert set(rig.queue().job_ids) == {rig.job_id(run_id) for run_id in run_ids}
    for run_id in run_ids:
        run = rig.run(run_id)
        assert (run.outcome, run.reason_code) == (RunOutcome.FAILED, "queue.dispatch_failed")
        assert run.dispatched_at is None
        assert rig.notifications(run_id) == ["terminal"]
    before = {run_id: rig.events(run_id) for run_id in run_ids}

    rig.start_worker()
    wait_until(lambda: not rig.queue().job_ids, seconds=60, what="the worker took every job")
    last = rig.start()
    rig.wait_for(last)
    for run_id in run_ids:
        assert rig.queue().fetch_job(rig.job_id(run_id)).is_finished, "the job ran"
        assert not rig.trace(run_id).has("start"), "and did nothing"
        assert rig.run(run_id).reason_code == "queue.dispatch_failed"
        assert rig.notifications(run_id) == ["terminal"]
    assert {run_id: rig.events(run_id) for run_id in run_ids} == before
