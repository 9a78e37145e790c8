"""What reaches into a running job from outside: its worker's shutdown, and its time limit."""

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watchers: list[Callable[[], None]] = []
_operations_running = 0
_claimed: tuple[int, str] | None = None
_stage = mmap.mmap(-1, 1)  # of the job, told to the worker: shared with the forked processes
_NOT_BEGUN, _BEGUN, _COMPLETED = range(3)


class RunTimeout(BaseException):
    """The run exceeded its operation's time limit. Not an Exception: operations cannot eat it."""

    reason_code = "run.timeout"


@contextmanager
def inside_operation() -> Iterator[None]:
    """Marks the part of a job that is an operation's own code."""
    global _operations_running  # noqa: PLW0603 - asked by a signal handler, in this process only
    _operations_running += 1
    try:
        yield
    finally:
        _operations_running -= 1


def is_inside_operation() -> bool:
    return _operations_running > 0


def watch_for_shutdown(callback: Callable[[], None]) -> None:
    """Calls back (from a signal handler) when this work-horse should hand its run back."""
    _watchers.append(callback)


def announce_shutdown() -> None:
    for callback in _watchers:
        callback()


def note_claimed(run: tuple[int, str] | None) -> None:
    """In the worker: the run of the next job is its own already, or is not. And in that process."""
    global _claimed  # noqa: PLW0603 - one process, one job
    _claimed = run
    _stage[0] = _NOT_BEGUN


def claimed() -> tuple[int, str] | None:
    """The run of the next job, if its worker claimed it."""
    return _claimed


def begin_claimed(run_id: int, token: str) -> bool:
    """In the process of the job: whether its worker claimed the run; notes that work begins."""
    if _claimed != (run_id, token):
        return False
    _stage[0] = _BEGUN
    return True


def is_untouched(run_id: int, token: str) -> bool:
    """In the worker: whether it claimed the run for a process that died before it began."""
    return _claimed == (run_id, token) and _stage[0] == _NOT_BEGUN


def note_completed() -> None:
    """In the process of the job: its run is completed, and that is committed."""
    _stage[0] = _COMPLETED


def is_completed() -> bool:
    """Whether the job has said so; when it has not, only the ledger knows."""
    return _stage[0] == _COMPLETED


def worker_name() -> str:
    """The name of the worker this job runs in (RQ sets it around its fork)."""
    return os.environ.get("RQ_WORKER_ID", f"pid-{os.getpid()}")
