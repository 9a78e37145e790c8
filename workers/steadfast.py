"""RQ's worker, except that it goes on when Redis fails it: the ledger is in the database.

RQ's own worker quits when that happens in the middle of a job. Ours sees the job through, and
Redis is asked again before the next one.
"""

import contextlib
import logging
import signal
from collections.abc import Iterator
from typing import Any

import rq
from redis.exceptions import RedisError
from rq.executions import Execution
from rq.job import Job
from rq.worker import HerokuWorker

logger = logging.getLogger(__name__)

# HerokuWorker lets a job live on through a SIGTERM sent to the whole process group, and tells it;
# it needs a real-time signal, which macOS does not have.
_Base: type[rq.Worker] = HerokuWorker if hasattr(signal, "SIGRTMIN") else rq.Worker


@contextlib.contextmanager
def _going_on_without_redis() -> Iterator[None]:
    """For what Redis is told about this worker: nothing of ours depends on it."""
    try:
        yield
    except RedisError as error:
        logger.warning("Redis does not answer (%s)", type(error).__name__)


class SteadfastWorker(_Base):  # type: ignore[misc, valid-type]
    max_connection_wait_time = 4.0  # seconds between two looks for a Redis that is gone

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        with _going_on_without_redis():
            super().maintain_heartbeats(job, execution)

    def set_state(self, state: str, pipeline: Any = None) -> None:
        with _going_on_without_redis():
            super().set_state(state, pipeline)

    def check_for_suspension(self, burst: bool) -> None:
        with _going_on_without_redis():
            super().check_for_suspension(burst)

    def run_maintenance_tasks(self) -> None:
        with _going_on_without_redis():
            super().run_maintenance_tasks()

    def teardown(self) -> None:
        with _going_on_without_redis():
            super().teardown()
