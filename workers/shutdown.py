"""How a running job learns that its worker must stop."""

import os
from collections.abc import Callable

_watchers: list[Callable[[], None]] = []


def watch(callback: Callable[[], None]) -> None:
    """Calls back (from a signal handler) when this work-horse should hand its run back."""
    _watchers.append(callback)


def announce() -> None:
    for callback in _watchers:
        callback()


def worker_name() -> str:
    """The name of the worker this job runs in (RQ sets it before it forks)."""
    return os.environ.get("RQ_WORKER_ID", f"pid-{os.getpid()}")
