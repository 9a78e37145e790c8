"""What reaches into a running job from outside: its worker's shutdown, and its time limit."""

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watchers: list[Callable[[], None]] = []
_operations_running = 0
_claimed: tuple[int, str] | None = None
_begun = mmap.mmap(-1, 1)  # shared with the processes that are forked


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
    """In the worker, before it forks: the run of the next job is its own already, or is not."""
    global _claimed  # noqa: PLW0603 - inherited by the process of the job
    _claimed = run
    _begun[0] = 0


def begin_claimed(run_id: int, token: str) -> bool:
    """In the process of the job: whether its worker claimed the run; notes that work begins."""
    if _claimed != (run_id, token):
        return False
    _begun[0] = 1
    return True


def is_untouched(run_id: int, token: str) -> bool:
    """In the worker: whether it claimed the run for a process that died before it began."""
    return _claimed == (run_id, token) and not _begun[0]


def worker_name() -> str:
    """The name of the worker this job runs in (RQ sets it around its fork)."""
    return os.environ.get("RQ_WORKER_ID", f"pid-{os.getpid()}")
