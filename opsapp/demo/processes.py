"""A child process of the demo: started with a log file, watched, stopped as a whole."""

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from opsapp.demo import DemoError
from opsapp.parent_death import die_with_parent

POLL_SECONDS = 0.05
LINES_SHOWN = 8


class Child:
    """A process in a group of its own, so that Ctrl-C reaches the supervisor alone.

    It dies with the supervisor (on Linux), and ``stop`` leaves nothing of its group behind.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - main thread, no other threads
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    def check(self) -> None:
        """Raises DemoError, with the end of the log, if the process has ended."""
        if self.ended is not None:
            raise DemoError(self.obituary())

    def obituary(self) -> str:
        status = self.ended or 0
        how = f"was killed by signal {-status}" if status < 0 else f"exited with {status}"
        with self.log.open(errors="replace") as lines:
            last = "".join(f"\n    {line.rstrip()}" for line in deque(lines, LINES_SHOWN))
        return f"{self.name} {how}. Its log, {self.log}, ends:{last or ' (it is empty)'}"

    def finish(self, stopping: Callable[[], bool], seconds: float = 120) -> None:
        """Waits for a command that should end by itself; raises DemoError if it fails."""
        wait_for(lambda: self.ended is not None, stopping, self.name, seconds)
        if self.ended != 0:
            raise DemoError(self.obituary())

    def stop(self, patience: float, hurry: Callable[[], bool]) -> None:
        """SIGTERM; after ``patience`` seconds, or at once in a hurry, SIGKILL to the group."""
        deadline = time.monotonic() + patience
        if self.ended is None:
            self._process.terminate()
        while self.ended is None and time.monotonic() < deadline and not hurry():
            time.sleep(POLL_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class Stopped(Exception):
    """The demo was asked to stop while it was starting."""


def wait_for(
    holds: Callable[[], bool], stopping: Callable[[], bool], what: str, seconds: float = 120
) -> None:
    """Polls until ``holds()``; raises Stopped when asked to stop, DemoError after too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        if stopping():
            raise Stopped
        if time.monotonic() > deadline:
            raise DemoError(f"{what} was not ready within {seconds:.0f} seconds")
        time.sleep(POLL_SECONDS)
