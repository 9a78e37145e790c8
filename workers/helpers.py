"""The processes a worker needs beside it: the tick, and the embedded server where there is one."""

import logging
import subprocess
import sys
import time

from opsapp.embedded_redis import EmbeddedRedis, EmbeddedRedisError
from opsapp.parent_death import die_with_parent

logger = logging.getLogger(__name__)

TICKER = [sys.executable, "-m", "workers.schedule"]
RESTART_SECONDS = 1.0
STOP_SECONDS = 3.0
LOOK_SECONDS = 1.0


class Helpers:
    """Starts them, and starts them again when they died. Use it from the main thread only."""

    def __init__(self, worker_name: str, embedded: EmbeddedRedis | None) -> None:
        self._worker_name = worker_name
        self._embedded = embedded
        self._ticker: subprocess.Popen[bytes] | None = None
        self._started_at = float("-inf")
        self._looked_at = float("-inf")
        self._stopped = False

    def keep_alive(self) -> None:
        """Called with every heartbeat of the worker; looks after them once a second."""
        now = time.monotonic()
        if self._stopped or now < self._looked_at + LOOK_SECONDS:
            return
        self._looked_at = now
        self._keep_ticker()
        if self._embedded is not None and not self._embedded.alive:
            try:
                self._embedded.start_or_attach()
            except EmbeddedRedisError as error:
                logger.warning("the embedded server cannot be used: %s", error)

    def _keep_ticker(self) -> None:
        if self._ticker is not None:
            if self._ticker.poll() is None or time.monotonic() < self._started_at + RESTART_SECONDS:
                return
            logger.warning("the tick died; starting it again")
        self._started_at = time.monotonic()
        self._ticker = subprocess.Popen(
            [*TICKER, self._worker_name],
            stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - it only makes one system call
        )

    def stop(self) -> None:
        """Ends the tick, whatever it is doing: what it leaves undone, the next one does."""
        self._stopped = True
        if self._ticker is None:
            return
        self._ticker.terminate()
        try:
            self._ticker.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._ticker.kill()
            self._ticker.wait()
