"""The process of the next job, made ahead: it is warm when the job comes, and waits for it.

A job lives in a process of its own, and a new process is cold: it has no connections, and every
page of memory that it writes to is copied first. So it is made while nobody waits for it. RQ learns
of it when it is given its job; before that nothing can be lost with it, and any trouble with it is
answered by doing without.
"""

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime
from multiprocessing.connection import Connection
from typing import NamedTuple, NoReturn

from workers.launcher import Ended, Launcher

logger = logging.getLogger(__name__)

WARMING_SECONDS = 0.2  # to wait for one that is nearly warm: to fork another takes time as well
FRESH_SECONDS = 300.0


class Order(NamedTuple):
    """All that the process of a job has to be told."""

    job_id: str
    execution_id: str
    execution_began: datetime
    server_version: tuple[int, int, int] | None
    claimed: tuple[int, str] | None


class _Process:
    def __init__(self, pid: int, pipe: Connection) -> None:
        self.pid = pid
        self.pipe = pipe
        self._born = time.monotonic()
        self._is_warm = False

    @property
    def is_old(self) -> bool:
        return time.monotonic() > self._born + FRESH_SECONDS

    def gets_warm(self, within: float) -> bool:
        """Whether it waits for a job by then. Raises EOFError or OSError when it is no more."""
        if self.pipe.poll(0 if self._is_warm else within):
            self.pipe.recv()  # its one word; after that there is only its end to be read
            self._is_warm = True
        return self._is_warm


class Spare:
    """The worker's end. ``warm`` and ``work`` are called in the new process."""

    def __init__(self, warm: Callable[[], None], work: Callable[[Order], None]) -> None:
        self._warm = warm
        self._work = work
        self._launcher = Launcher(self._live)
        self._waiting: _Process | None = None
        self._working: _Process | None = None

    def keep_ready(self) -> None:
        """Sees to it that there is one, which lives and is not old."""
        if self._waiting and (self._waiting.is_old or not _lives(self._waiting)):
            self._discard()
        if self._waiting is None:
            try:
                self._waiting = _Process(*self._launcher.launch())
            except OSError:
                logger.warning("the process of the next job was not made ahead", exc_info=True)

    def hand_over(self, order: Order) -> int:
        """Gives it the job; its process id, or 0 when there is none that could take it.

        Whatever becomes of it afterwards is the fate of the job.
        """
        found = self._waiting
        if found is None or found.is_old or not _is_told(found, order):
            self._discard()
            return 0
        self._working, self._waiting = found, None
        return found.pid

    def is_working(self, pid: int) -> bool:
        """Whether it is this process that was last given a job, and has not been seen to end."""
        return self._working is not None and self._working.pid == pid

    def wait_for_end(self) -> Ended:
        """Of the one that works."""
        if self._working is None:
            raise ChildProcessError
        self._working.pipe.poll(None)  # it says nothing any more: this is the end of the pipe
        ended = self._launcher.end_of(self._working.pid)
        self._working.pipe.close()
        self._working = None
        return ended

    def stop(self) -> None:
        self._discard()
        self._launcher.stop()

    def _discard(self) -> None:
        """It has nothing to lose."""
        if self._waiting is not None:
            self._waiting.pipe.close()
            self._launcher.end_of(self._waiting.pid)
            self._waiting = None

    def _live(self, pipe: Connection) -> NoReturn:
        """In the new process. When its worker goes, so goes the other end of the pipe."""
        try:
            self._warm()
            try:
                pipe.send(True)
                order = pipe.recv()
            except (EOFError, OSError):
                os._exit(0)
            self._work(order)
        except BaseException:
            logger.exception("the process of a job could not begin")
        finally:
            os._exit(1)


def _lives(process: _Process) -> bool:
    try:
        process.gets_warm(0)
    except (EOFError, OSError):
        return False
    return True


def _is_told(process: _Process, order: Order) -> bool:
    try:
        if not process.gets_warm(WARMING_SECONDS):
            return False
        process.pipe.send(order)
    except (EOFError, OSError):
        return False
    return True
