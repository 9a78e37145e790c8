"""Our RQ worker: claims runs, hands them to processes, settles what a dead job left unsaid."""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from resource import struct_rusage
from typing import Any

import rq
from redis.exceptions import RedisError
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.timeouts import HorseMonitorTimeoutException, UnixSignalDeathPenalty

from opsapp.models import WorkerState
from opsapp.runs.claiming import claim
from opsapp.runs.lease import lease_end
from workers import callbacks, interrupts
from workers.presence import Presence
from workers.rehearsal import warm_up
from workers.runtime import app
from workers.spare import Order, Spare
from workers.steadfast import SteadfastWorker
from workers.turn_taker import TurnTaker

logger = logging.getLogger(__name__)

WAIT_SECONDS = 1  # an idle worker that is told to stop does so when its turn of waiting is over


class RunDeathPenalty(UnixSignalDeathPenalty):
    """Raises RunTimeout, which an operation's ``except Exception`` cannot swallow."""

    def handle_death_penalty(self, signum: int, frame: object) -> None:
        is_job_timeout = self._exception is not HorseMonitorTimeoutException
        if is_job_timeout and interrupts.is_inside_operation():
            raise interrupts.RunTimeout
        super().handle_death_penalty(signum, frame)  # type: ignore[no-untyped-call]


class OpsWorker(SteadfastWorker):
    """One process, one queue, one job at a time in a process of its own.

    ``housekeeping`` is called with every heartbeat: at least every few seconds, busy or idle.
    """

    death_penalty_class = RunDeathPenalty

    def __init__(
        self,
        *args: Any,
        presence: Presence,
        turn_taker: TurnTaker,
        shutdown_seconds: int,
        housekeeping: Callable[[], None],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, work_horse_killed_handler=callbacks.on_work_horse_killed, **kwargs)
        self.imminent_shutdown_delay = shutdown_seconds
        self._presence = presence
        self._turn_taker = turn_taker
        self._housekeeping = housekeeping
        self._spare = Spare(lambda: warm_up(self.connection), self._become_horse)

    @property
    def is_stopping(self) -> bool:
        return bool(self._stop_requested)

    @property
    def dequeue_timeout(self) -> int:
        return WAIT_SECONDS

    def _shutdown(self) -> None:
        """RQ would raise here, in the middle of whatever the signal found; we only take note."""
        self._stop_requested = True

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, rq.Queue] | None:
        """Waits in short turns, and stops between two of them: no job is lost on the way."""
        del max_idle_time
        while not self.is_stopping:
            self._spare.keep_ready()
            found: tuple[Job, rq.Queue] | None = super().dequeue_job_and_maintain_ttl(
                timeout, max_idle_time=timeout
            )
            if found is None:
                continue
            if job := self._turn_taker.take(*found):
                job.redis_server_version = found[0].redis_server_version
                return job, found[1]
            self._wait_for_a_turn()
        raise StopRequested

    def _wait_for_a_turn(self) -> None:
        """Everything that waits is kept back by a limit: look again in a moment."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and not self.is_stopping:
            time.sleep(0.1)

    def execute_job(self, job: Job, queue: rq.Queue) -> None:
        run_id = callbacks.run_id_of(job)
        if self.is_stopping:
            callbacks.settle(job, "worker.shutdown")  # nothing was done: another worker does it
            return
        self._presence.note(WorkerState.BUSY, run_id)
        self._claim(job)
        try:
            super().execute_job(job, queue)
        except RedisError:
            logger.warning("Redis failed during a job", extra={"run_id": run_id}, exc_info=True)
        finally:
            if self.horse_pid:
                self.wait_for_horse()
                self._horse_pid = 0
            if not interrupts.is_completed():
                callbacks.settle(job, "worker.shutdown" if self.is_stopping else "worker.killed")
            self._presence.note(WorkerState.STOPPING if self.is_stopping else WorkerState.IDLE)

    def _claim(self, job: Job) -> None:
        """Here, where everything is warm; a job whose claim failed here tries it by itself."""
        interrupts.note_claimed(None)
        try:
            run_id, token = callbacks.run_of(job)
            with app().app_context():
                if claim(run_id, token, self.name, lease_end()):
                    interrupts.note_claimed((run_id, token))
        except Exception:
            logger.exception("could not claim a run beforehand", extra={"job_id": job.id})

    def fork_work_horse(self, job: Job, queue: rq.Queue) -> None:
        """A stop that came before there was anybody to tell is passed on now."""
        os.environ["RQ_WORKER_ID"], os.environ["RQ_JOB_ID"] = self.name, job.id
        self._horse_pid = self._spare.hand_over(self._order(job))
        if not self._horse_pid:
            super().fork_work_horse(job, queue)
            with contextlib.suppress(OSError):  # the child does the same: whoever is first
                os.setpgid(self.horse_pid, self.horse_pid)
        if self.is_stopping:
            self.handle_warm_shutdown_request()
        else:
            self._spare.keep_ready()

    def _order(self, job: Job) -> Order:
        execution = self.execution
        version = job.redis_server_version
        return Order(job.id, execution.id, execution.created_at, version, interrupts.claimed())

    def _become_horse(self, order: Order) -> None:
        """In the spare process: it is that of a job now, as if RQ had forked it for that."""
        os.environ["RQ_WORKER_ID"], os.environ["RQ_JOB_ID"] = self.name, order.job_id
        interrupts.note_claimed(order.claimed)
        job = Job.fetch(order.job_id, self.connection, self.serializer)
        job.redis_server_version = order.server_version
        execution = Execution(order.execution_id, job.id, self.connection, self.name)
        execution.created_at = order.execution_began
        self.execution = execution
        self.main_work_horse(job, self.queues[0])

    def wait_for_horse(self) -> tuple[int | None, int | None, struct_rusage | None]:
        if self._spare.is_working(self.horse_pid):
            return self._spare.wait_for_end()
        waited: tuple[int | None, int | None, struct_rusage | None] = super().wait_for_horse()
        return waited

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        if not self.is_horse:
            self._presence.still()
            self._housekeeping()
        try:
            super().heartbeat(timeout, pipeline)
        except RedisError as error:
            logger.warning("Redis does not answer (%s)", type(error).__name__)
            if self.is_stopping and not self.is_horse and not self.horse_pid:
                raise StopRequested from None  # RQ would wait for Redis to come back

    def teardown(self) -> None:
        if not self.is_horse:
            self._spare.stop()
        super().teardown()

    def request_stop_sigrtmin(self, signum: int, frame: object) -> None:
        """In the job's process: hand back at the next item; RQ's exception is the backstop."""
        interrupts.announce_shutdown()
        super().request_stop_sigrtmin(signum, frame)
