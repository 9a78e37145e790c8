"""Servers that tests start: they die with the test process, and are waited for, not slept for."""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1


def start(command: list[str | Path], *, user: int | None = None, log: Path) -> subprocess.Popen:
    """Starts a server that the kernel interrupts (SIGINT) when this process dies, on Linux."""

    def die_with_parent() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)

    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads yet when fixtures start
        )


def stop(process: subprocess.Popen, sign: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(sign)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


def wait_until(
    condition: Callable[[], object], *, seconds: float = 10, every: float = 0.02, what: str = ""
) -> None:
    """Polls until ``condition()`` is true; fails the test when ``seconds`` have passed."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        time.sleep(every)


def wait_for_server(
    process: subprocess.Popen, ready: Callable[[], bool], log: Path, seconds: float = 30
) -> None:
    def ready_or_dead() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"server ended with {process.returncode}: {log.read_text()}")
        return ready()

    wait_until(ready_or_dead, seconds=seconds, what=f"server is ready; its log is {log}")
