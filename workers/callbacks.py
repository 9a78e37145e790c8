"""What RQ tells us about a job's end.

Each callback only tries the ledger's one door, which does nothing if someone was first. None may
raise: RQ would turn that into another ending.
"""

import logging
import os
import signal
from collections.abc import Callable
from resource import struct_rusage
from types import TracebackType
from typing import Any

from redis import Redis
from rq.exceptions import AbandonedJobError
from rq.job import Job
from rq.timeouts import JobTimeoutException

from opsapp.models import RunStatus
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize, settle_interrupted
from workers import interrupts, memory
from workers.runtime import app

logger = logging.getLogger(__name__)


def run_of(job: Job) -> tuple[int, str]:
    """The run id and dispatch token a job was enqueued with."""
    run_id, token = job.args[:2]
    return int(run_id), str(token)


def run_id_of(job: Job) -> int | None:
    """The run id of a job; None for a job that is none of ours."""
    try:
        return run_of(job)[0]
    except Exception:  # noqa: BLE001 - whatever stands there instead of our arguments
        return None


def on_success(job: Job, _connection: Redis, _result: Any) -> None:
    """Only a staged result counts: a job that was not allowed to claim its run succeeds too."""
    if interrupts.is_completed():
        return
    _try(job, lambda run_id, token: finalize(run_id, None, token=token))


def on_failure(
    job: Job,
    _connection: Redis,
    kind: type[BaseException],
    error: BaseException,
    _trace: TracebackType | None,
) -> None:
    """A job that raised has staged its result; one that could not even start has not."""
    if issubclass(kind, AbandonedJobError):
        return  # RQ's guess from a lost heartbeat; the lease knows better, and reconcile asks it
    if issubclass(kind, (ImportError, AttributeError, ValueError)):
        fallback = RunResult.failed("worker.import_failed")
    elif issubclass(kind, JobTimeoutException):
        fallback = RunResult.failed("run.timeout")
    else:
        fallback = RunResult.of_error(error)

    _try(job, lambda run_id, token: _end_failed(run_id, token, fallback))


def _end_failed(run_id: int, token: str, fallback: RunResult) -> None:
    if finalize(run_id, None, token=token):
        return
    if not finalize(run_id, fallback, token=token, expected=(RunStatus.QUEUED,)):
        reason = str(fallback.reason_code)
        settle_interrupted(run_id, token, reason, worker=interrupts.worker_name())


def on_stopped(job: Job, _connection: Redis) -> None:
    _try(job, lambda run_id, token: finalize(run_id, RunResult.cancelled(), token=token))


def on_work_horse_killed(
    job: Job, _pid: int | None, status: int | None, usage: struct_rusage | None
) -> None:
    """RQ calls no callback when the process of a job dies; it calls this, in the worker."""
    data: dict[str, Any] = {"max_rss_bytes": usage.ru_maxrss * 1024} if usage else {}
    if status is None:
        reason = "run.timeout"  # RQ's backstop: the job sat out its time limit and was killed
    elif usage is None:
        reason = "worker.killed"  # nobody can say any more how it ended
    elif os.WIFSIGNALED(status):
        data["signal"] = os.WTERMSIG(status)
        was_oom = data["signal"] == signal.SIGKILL and memory.oom_killed_since_start()
        reason = "worker.out_of_memory" if was_oom else "worker.killed"
    else:
        data["exit_code"] = os.WEXITSTATUS(status)
        reason = "worker.killed"
    settle(job, reason, data)


def settle(job: Job, reason: str, data: dict[str, Any] | None = None) -> None:
    """For a job of this worker that has ended: whatever it left unsaid is decided now."""

    def action(run_id: int, token: str) -> bool:
        untouched = interrupts.is_untouched(run_id, token)
        worker = interrupts.worker_name()
        return settle_interrupted(
            run_id, token, reason, worker=worker, data=data, untouched=untouched
        )

    _try(job, action)


def _try(job: Job, action: Callable[[int, str], object]) -> None:
    try:
        with app().app_context():
            action(*run_of(job))
    except Exception:
        # The next door is open: the worker settles what is left, and reconcile after it.
        logger.exception("could not finalize", extra={"job_id": job.id})
