"""The same windows in this process alone, for the time Redis is away."""

import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Final

from opsapp.graph.budgets import Bucket, Demand

_POLL: Final = 0.05
_FORGET_STREAK: Final = 120.0


@dataclass
class _Book:
    sent: int = 0
    done: deque[tuple[float, int]] = field(default_factory=deque)
    used: int = 0
    blocked: float = 0.0
    streak: int = 0

    def sweep(self, before: float) -> None:
        while self.done and self.done[0][0] <= before:
            self.used -= self.done.popleft()[1]


class LocalBooks:
    """Keeps a ``share`` of every bucket. What Redis admits is written down here too, so that
    this process does not begin afresh when Redis goes away. Safe to use from several threads.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._lock = threading.Lock()
        self._books: defaultdict[str, _Book] = defaultdict(_Book)

    def admit(self, demand: Demand) -> float:
        """Seconds to wait before asking again; 0 when admitted."""
        with self._lock:
            now = time.monotonic()
            wait = max(self._wait(bucket, units, now) for bucket, units in demand.items())
            if wait <= 0:
                self._send(demand)
            return max(0.0, wait)

    def note_admitted(self, demand: Demand) -> None:
        """Redis admitted this."""
        with self._lock:
            self._send(demand)

    def settle(self, demand: Demand, used: Demand) -> None:
        with self._lock:
            now = time.monotonic()
            for bucket, units in demand.items():
                book = self._books[bucket.name]
                book.sweep(now - bucket.window)
                book.sent -= units
                book.used += used.get(bucket, 0)
                book.done.append((now, used.get(bucket, 0)))

    def block(self, bucket: Bucket, seconds: float | None, first: float, longest: float) -> None:
        """As in Redis: None means twice as long as the last time."""
        with self._lock:
            book, now = self._books[bucket.name], time.monotonic()
            if not seconds:
                if book.blocked > now:
                    return
                book.streak = book.streak + 1 if now - book.blocked < _FORGET_STREAK else 1
                seconds = min(longest, first * 2.0 ** (book.streak - 1))
            book.blocked = max(book.blocked, now + seconds)

    def _send(self, demand: Demand) -> None:
        for bucket, units in demand.items():
            self._books[bucket.name].sent += units

    def _wait(self, bucket: Bucket, units: int, now: float) -> float:
        book = self._books[bucket.name]
        book.sweep(now - bucket.window)
        limit = max(1, int(bucket.units * self._share))
        excess = book.sent + book.used + min(units, limit) - limit
        wait = max(0.0, book.blocked - now)
        for moment, freed in book.done:
            if excess <= 0:
                return wait
            excess -= freed
            wait = max(wait, moment + bucket.window - now)
        return wait if excess <= 0 else max(wait, _POLL)
