"""Our RQ worker: announces shutdown to its job, settles what a dead job left unsaid."""

import signal
from typing import Any

import rq
from rq.job import Job
from rq.timeouts import HorseMonitorTimeoutException, UnixSignalDeathPenalty
from rq.worker import HerokuWorker

from opsapp.models import WorkerState
from workers import callbacks, shutdown
from workers.jobs import RunTimeout
from workers.presence import Presence

# HerokuWorker lets a job live on through a SIGTERM sent to the whole process group, and tells it;
# it needs a real-time signal, which macOS does not have.
_Base: type[rq.Worker] = HerokuWorker if hasattr(signal, "SIGRTMIN") else rq.Worker


class RunDeathPenalty(UnixSignalDeathPenalty):
    """Raises RunTimeout, which an operation's ``except Exception`` cannot swallow."""

    def handle_death_penalty(self, signum: int, frame: object) -> None:
        if self._exception is HorseMonitorTimeoutException:
            super().handle_death_penalty(signum, frame)
        raise RunTimeout


class OpsWorker(_Base):  # type: ignore[misc, valid-type]
    """One process, one queue, one job at a time in a forked child."""

    death_penalty_class = RunDeathPenalty

    def __init__(
        self, *args: Any, presence: Presence, shutdown_seconds: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, work_horse_killed_handler=callbacks.on_work_horse_killed, **kwargs)
        self.imminent_shutdown_delay = shutdown_seconds
        self._presence = presence

    def execute_job(self, job: Job, queue: rq.Queue) -> None:
        self._presence.now(WorkerState.BUSY, callbacks.run_of(job)[0])
        try:
            super().execute_job(job, queue)
        finally:
            stopping = self._stop_requested or self._shutdown_requested_date
            callbacks.settle(job, "worker.shutdown" if stopping else "worker.killed")
            self._presence.now(WorkerState.STOPPING if stopping else WorkerState.IDLE)

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        super().heartbeat(*args, **kwargs)
        if not self.is_horse:
            self._presence.still()

    def request_stop_sigrtmin(self, signum: int, frame: object) -> None:
        """In the job's process: hand back at the next item; RQ's exception is the backstop."""
        shutdown.announce()
        super().request_stop_sigrtmin(signum, frame)
