"""The only place that speaks to RQ to send work. Workers receive in ``workers/``."""

from dataclasses import dataclass
from functools import lru_cache

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Callback, Queue
from rq.exceptions import DuplicateJobError
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
    # No retries: a resent command would push the job twice, and a click must answer at once.
    return Redis.from_url(
        url, socket_connect_timeout=2, socket_timeout=3, retry=Retry(NoBackoff(), 0)
    )


def client() -> Redis:
    """The configured Redis; short timeouts, no retries. Connects on first use."""
    return _client(redis_url(current_settings()))


def job_id_of(run_id: int, dispatch_token: str) -> str:
    return f"run-{run_id}-{dispatch_token}"


def enqueue(run: OperationRun) -> None:
    """Hands a run to the workers; returns also when RQ already has this very job.

    Raises whatever Redis or RQ raise; the job may be queued all the same (a lost reply), which
    the dispatch token makes harmless.
    """
    queue = Queue(QUEUE_NAME, connection=client(), serializer=JSONSerializer)
    try:
        queue.enqueue(
            "workers.jobs.run_operation",
            run.id,
            run.dispatch_token,
            job_id=job_id_of(run.id, run.dispatch_token),
            unique=True,
            job_timeout=int(operation_of(run.type).timeout.total_seconds()),
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=FAILURE_TTL_SECONDS,
            description=f"{run.type} (run {run.id})",
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
    """Reads the queue's keys raw: RQ's registries would run cleanups in this process."""
    key = f"rq:queue:{QUEUE_NAME}"
    pipeline = client().pipeline(transaction=True)
    pipeline.lrange(key, 0, -1)
    pipeline.lrange(f"{key}:intermediate", 0, -1)
    pipeline.zrange(f"rq:wip:{QUEUE_NAME}", 0, -1)
    waiting, handed_over, in_progress = pipeline.execute()
    held = {job.decode() for job in [*waiting, *handed_over]}
    held |= {execution.decode().split(":", 1)[0] for execution in in_progress}
    return QueueContents(len(waiting), frozenset(held))
