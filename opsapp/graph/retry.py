"""When a failed try may be repeated, and how long to wait before it."""

import random

from tenacity import RetryCallState

from opsapp.graph.errors import GraphError, GraphTimeout, Throttled, Unavailable
from opsapp.graph.settings import RetryPolicy

_UNAVAILABLE_NOW = 503


def may_repeat(error: BaseException | None, *, harmless: bool, max_wait: float) -> bool:
    """``harmless``: repeating cannot do anything twice (a read)."""
    if not isinstance(error, GraphError):
        return False
    if error.retry_after is not None and error.retry_after > max_wait:
        return False
    if isinstance(error, Throttled):
        return True
    if isinstance(error, Unavailable | GraphTimeout):
        return harmless or not doubtful(error)
    return False


def doubtful(error: GraphError) -> bool:
    """Whether a request that failed so may nevertheless have had its effect."""
    refused = error.status == _UNAVAILABLE_NOW and error.retry_after is not None
    return isinstance(error, Unavailable | GraphTimeout) and error.sent and not refused


def longer_wait(one: GraphError | None, other: GraphError) -> GraphError:
    """Which of two answers asks for more patience; a 429 more than anything else."""
    if one is None:
        return other

    def weight(error: GraphError) -> tuple[bool, float]:
        return isinstance(error, Throttled), error.retry_after or 0.0

    return max(one, other, key=weight)


def backoff(policy: RetryPolicy, error: BaseException | None, tries: int) -> float:
    """Seconds before the next of ``tries`` so far: what the service asked for, else doubling.

    Both with jitter, so that workers that failed together do not come back together.
    """
    asked = error.retry_after if isinstance(error, GraphError) else None
    if asked:
        return asked + random.uniform(0.0, min(1.0, 0.1 * asked))  # noqa: S311 - no secret
    throttled = isinstance(error, Throttled)
    first = policy.first_throttle_backoff if throttled else policy.first_backoff
    growing = min(policy.longest_backoff, first * 2.0 ** (tries - 1))
    return growing + random.uniform(0.0, first)  # noqa: S311 - no secret


def pause_before(policy: RetryPolicy, state: RetryCallState) -> float:
    """``backoff`` in the form tenacity asks for."""
    error = state.outcome.exception() if state.outcome else None
    return backoff(policy, error, state.attempt_number)
