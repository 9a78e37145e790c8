"""Redis as a convenience: what is in it is shared, what is not must still work."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import redis

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")
_REST_SECONDS: Final = 5.0


class Unreachable(Exception):
    """Redis did not answer just now; do without."""


class RedisLink:
    """Asks Redis, and after a failure leaves it alone for a while so that nobody waits for it.

    ``connection`` None means there is none to share with: every question is Unreachable.
    """

    def __init__(self, connection: "redis.Redis | None") -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._resting_until = 0.0

    @property
    def expected(self) -> bool:
        return self._connection is not None

    def ask(self, question: "Callable[[redis.Redis], _T]") -> _T:
        """Raises Unreachable when Redis cannot answer."""
        if self._connection is None or time.monotonic() < self._resting_until:
            raise Unreachable
        try:
            answer = question(self._connection)
        except (redis.RedisError, OSError) as error:
            self._rest(error)
            raise Unreachable from error
        if self._resting_until:
            self._resume()
        return answer

    def _rest(self, error: Exception) -> None:
        with self._lock:
            first = not self._resting_until
            self._resting_until = time.monotonic() + _REST_SECONDS
        if first:
            _logger.warning(
                "Redis is unreachable for Graph tokens and budgets (%s); going on alone",
                type(error).__name__,
            )

    def _resume(self) -> None:
        with self._lock:
            self._resting_until = 0.0
        _logger.info("Redis is back for Graph tokens and budgets")
