"""The only place that speaks to RQ to send work. Workers receive in ``workers/``."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Callback, Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from opsapp.config import current_settings
from opsapp.embedded_redis import redis_url
from opsapp.models import OperationRun
from opsapp.operations import operation_of

QUEUE_NAME = "opsapp"
RESULT_TTL_SECONDS = 600  # long enough for RQ to refuse a late resend of the same job
FAILURE_TTL_SECONDS = 86_400


@lru_cache(maxsize=4)
def _client(url: str) -> Redis:
    # No retries: a resent command would push the job twice. A click must answer within 2 seconds.
    return Redis.from_url(
        url, socket_connect_timeout=1, socket_timeout=1.5, retry=Retry(NoBackoff(), 0)
    )


def client() -> Redis:
    """The configured Redis; short timeouts, no retries. Connects on first use."""
    return _client(redis_url(current_settings()))


def job_id_of(run_id: int, dispatch_token: str) -> str:
    return f"run-{run_id}-{dispatch_token}"


@dataclass(frozen=True)
class Message:
    """What Redis is given of a run: read beforehand, so that no transaction waits for Redis."""

    run_id: int
    dispatch_token: str
    operation_type: str
    timeout_seconds: int
    at_front: bool


def message_of(run: OperationRun) -> Message:
    """Raises UnknownOperation when this version does not know the run's type."""
    timeout = operation_of(run.type).timeout
    return Message(
        run.id,
        run.dispatch_token,
        run.type,
        max(1, int(timeout.total_seconds())),
        at_front=run.priority > 0,
    )


def _queue() -> Queue:
    return Queue(QUEUE_NAME, connection=client(), serializer=JSONSerializer)


def enqueue(message: Message) -> None:
    """Hands a run to the workers; returns also when RQ already has this very job.

    Raises whatever Redis or RQ raise; the job may be queued all the same (a lost reply), which
    the dispatch token makes harmless.
    """
    try:
        _queue().enqueue(
            "workers.jobs.run_operation",
            message.run_id,
            message.dispatch_token,
            job_id=job_id_of(message.run_id, message.dispatch_token),
            unique=True,
            at_front=message.at_front,
            job_timeout=message.timeout_seconds,
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=FAILURE_TTL_SECONDS,
            description=f"{message.operation_type} (run {message.run_id})",
            on_success=Callback("workers.callbacks.on_success"),
            on_failure=Callback("workers.callbacks.on_failure"),
            on_stopped=Callback("workers.callbacks.on_stopped"),
        )
    except DuplicateJobError:
        return


@dataclass(frozen=True)
class QueueContents:
    """The ids of all jobs Redis holds for us: waiting, being handed over, being worked on."""

    waiting: int
    job_ids: frozenset[str]


def contents() -> QueueContents:
    """Reads the queue's keys raw: RQ's registries would run cleanups in this process.

    What a worker has in progress counts only while RQ hears of it (the score is a deadline), and
    an id only while there is a job of that name: RQ drops the others when it comes to them.
    """
    queue = _queue()
    pipeline = queue.connection.pipeline(transaction=True)
    pipeline.lrange(queue.key, 0, -1)
    pipeline.lrange(queue.intermediate_queue_key, 0, -1)
    pipeline.zrange(queue.started_job_registry.key, time.time(), "+inf", byscore=True)
    waiting, handed_over, in_progress = pipeline.execute()
    held = {job.decode() for job in [*waiting, *handed_over]}
    held |= {execution.decode().split(":", 1)[0] for execution in in_progress}
    return QueueContents(len(waiting), frozenset(_existing(queue, sorted(held))))


def _existing(queue: Queue, job_ids: list[str]) -> Iterator[str]:
    pipeline = queue.connection.pipeline(transaction=False)
    for job_id in job_ids:
        pipeline.exists(Job.key_for(job_id))
    return compress(job_ids, pipeline.execute())
