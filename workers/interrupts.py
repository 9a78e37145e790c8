"""What reaches into a running job from outside: its worker's shutdown, and its time limit."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watchers: list[Callable[[], None]] = []
_operations_running = 0


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


def worker_name() -> str:
    """The name of the worker this job runs in (RQ sets it around its fork)."""
    return os.environ.get("RQ_WORKER_ID", f"pid-{os.getpid()}")
