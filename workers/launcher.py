"""The launcher: a process that starts the processes of jobs, and does nothing else.

Who forks pays for it afterwards: every page of memory that it then writes to is copied. A worker
writes all the time, its launcher never does. It is forked once, with everything loaded, and ends
with its worker. That a process of a job has ended, the worker sees by the end of its pipe; it asks
the launcher how.
"""

import contextlib
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, Pipe
from resource import struct_rusage
from typing import NamedTuple, NoReturn

UNKNOWN_STATUS = 255 << 8  # of a process whose launcher ended before it; it comes without usage
PATIENCE_SECONDS = 10.0
_LAUNCH, _END = b"launch", b"end "
_LONGEST = 1024
_STOPS = {signal.SIGINT, signal.SIGTERM}  # whoever sends them to all means the worker


class Ended(NamedTuple):
    """As ``os.wait4`` has it."""

    pid: int
    status: int
    usage: struct_rusage | None


class Launcher:
    """The worker's end. ``live`` is what a launched process does; it never returns."""

    def __init__(self, live: Callable[[Connection], NoReturn]) -> None:
        self._live = live
        self._pid = 0
        self._control: socket.socket | None = None

    def launch(self) -> tuple[int, Connection]:
        """A new process, and the pipe to it; ``live`` is given the other end. Raises OSError."""
        if self._control is None:
            self._start()
        ours, theirs = Pipe()
        try:
            with theirs:
                return int(self._ask(_LAUNCH, theirs.fileno())), ours
        except BaseException:
            ours.close()
            raise

    def end_of(self, pid: int) -> Ended:
        """How a launched process ended; one that has not is killed. May be asked again."""
        try:
            status, *usage = json.loads(self._ask(_END + b"%d" % pid))
        except OSError:
            return Ended(pid, UNKNOWN_STATUS, None)
        return Ended(pid, status, struct_rusage(usage) if usage else None)

    def stop(self) -> None:
        """What it has launched lives on: it ends with its own pipe, or with its job."""
        if self._control is not None:
            self._control.close()
            self._control = None
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _ask(self, question: bytes, *fds: int) -> bytes:
        """Raises OSError when there is no launcher any more; the next one is then another."""
        with _undisturbed():
            if self._control is None:
                raise ConnectionError
            try:
                socket.send_fds(self._control, [question], fds)
                if answer := self._control.recv(_LONGEST):
                    return answer
                raise ConnectionError
            except OSError:
                self.stop()
                raise

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with _undisturbed():
            self._pid = os.fork()
            if self._pid == 0:
                ours.close()
                _serve(theirs, self._live)
            theirs.close()
            self._control = ours
            ours.settimeout(PATIENCE_SECONDS)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """No handler runs between a question and its answer, nor one of the worker in a new process."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_STOPS, signal.SIGALRM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(control: socket.socket, live: Callable[[Connection], NoReturn]) -> NoReturn:
    """In the launcher, until the other end is closed: the worker has gone."""
    try:
        os.setpgrp()
        for each in _STOPS:
            signal.signal(each, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        last: tuple[int, bytes] = (0, b"")
        while True:
            question, fds, _flags, _address = socket.recv_fds(control, _LONGEST, 1)
            if not question:
                os._exit(0)
            if question == _LAUNCH:
                control.sendall(b"%d" % _launched(control, fds[0], live))
                continue
            pid = int(question.removeprefix(_END))
            if pid != last[0]:
                last = (pid, _end(pid))
            control.sendall(last[1])
    finally:
        os._exit(1)


def _launched(control: socket.socket, fd: int, live: Callable[[Connection], NoReturn]) -> int:
    pid = os.fork()
    if pid == 0:
        control.close()
        os.setpgrp()
        live(Connection(fd))
    os.close(fd)
    return pid


def _end(pid: int) -> bytes:
    try:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            os.kill(pid, signal.SIGKILL)
        _pid, status, usage = os.wait4(pid, 0)
    except ChildProcessError:  # launched by the launcher before this one
        return json.dumps([UNKNOWN_STATUS]).encode()
    return json.dumps([status, *usage]).encode()
