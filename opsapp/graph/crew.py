"""Several exchanges at once, for a caller whose ``wait`` belongs to its own thread.

The wait that a run gives looks at its database session and raises to cancel; only the caller's
thread may do that. Threads that work for it sleep by themselves, and meanwhile the caller's thread
goes through its wait in short pieces. When that raises, all stop, and what it raised comes out.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from typing import Final, Generic, TypeVar

_T = TypeVar("_T")
_PIECE: Final = 0.25
_SHORTEST: Final = 0.01


class _Stopped(BaseException):
    """In a thread of a crew: the others have failed, or the caller was interrupted."""


class Patience:
    """The caller's ``wait``, to be called in its own thread and in those of its crews."""

    def __init__(self, wait: Callable[[float], None]) -> None:
        self._wait = wait
        self._here = threading.local()

    def __call__(self, seconds: float) -> None:
        sleep: Callable[[float], None] = getattr(self._here, "sleep", self._wait)
        sleep(seconds)

    def run(self, jobs: Sequence[Callable[[], _T]], at_once: int) -> list[_T]:
        """The results of all jobs, in their order; begun in that order, ``at_once`` at a time.

        Raises what the wait raised, or the first thing that a job raised, when no thread works any
        more: an exchange that was on its way has ended by then.
        """
        if len(jobs) <= 1:
            return [job() for job in jobs]
        crew = _Crew(jobs)

        def work() -> None:
            self._here.sleep = crew.sleep
            crew.work()

        # In the context of the caller, which says for instance of which run the log lines are.
        threads = [
            threading.Thread(
                target=copy_context().run, args=(work,), name="graph-exchange", daemon=True
            )
            for _ in range(min(at_once, len(jobs)))
        ]
        try:
            for thread in threads:
                thread.start()
            crew.watch(self)
        finally:
            crew.stop()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        return crew.results()


class _Crew(Generic[_T]):
    def __init__(self, jobs: Sequence[Callable[[], _T]]) -> None:
        self._waiting: Iterator[tuple[int, Callable[[], _T]]] = enumerate(jobs)
        self._count = len(jobs)
        self._results: dict[int, _T] = {}
        self._failure: BaseException | None = None
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._asleep: dict[int, float] = {}

    def work(self) -> None:
        try:
            while (job := self._next()) is not None:
                number, perform = job
                result = perform()
                with self._changed:
                    self._results[number] = result
                    self._changed.notify()
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
            with self._changed:
                self._failure = self._failure or error
            self.stop()

    def sleep(self, seconds: float) -> None:
        """The wait of a thread of the crew."""
        me = threading.get_ident()
        with self._changed:
            self._asleep[me] = time.monotonic() + seconds
            self._changed.notify()
        try:
            if self._stopped.wait(seconds):
                raise _Stopped
        finally:
            with self._changed:
                del self._asleep[me]

    def watch(self, wait: Callable[[float], None]) -> None:
        """In the caller's thread: returns when nothing is left to do."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended() or self._asleep)
                if self._ended():
                    return
                left = max(self._asleep.values()) - time.monotonic()
            wait(min(max(left, _SHORTEST), _PIECE))

    def stop(self) -> None:
        with self._changed:
            self._stopped.set()
            self._changed.notify()

    def results(self) -> list[_T]:
        if self._failure is not None:
            raise self._failure
        return [self._results[number] for number in range(self._count)]

    def _ended(self) -> bool:
        return self._stopped.is_set() or len(self._results) == self._count

    def _next(self) -> tuple[int, Callable[[], _T]] | None:
        with self._changed:
            return None if self._stopped.is_set() else next(self._waiting, None)
