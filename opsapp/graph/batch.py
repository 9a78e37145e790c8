"""Many small requests in few exchanges, each with its own result or error."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

from opsapp.graph.batch_parts import (
    BatchRequest,
    BatchResult,
    PartAnswer,
    answers_by_id,
    check_ids,
    envelope,
    missing,
    summed_cost,
)
from opsapp.graph.errors import GraphError, TenantDisconnected, Unauthenticated
from opsapp.graph.failures import Answer, Asked, error_of
from opsapp.graph.retry import backoff, doubtful, may_repeat
from opsapp.graph.transport import Reply, Request, Transport
from opsapp.graph.workloads import Cost, Workload

__all__ = ["BatchRequest", "BatchResult", "Batcher"]

_logger = logging.getLogger(__name__)
_LARGEST: Final = 20
_SUCCESS: Final = range(200, 300)


class RequestMaker(Protocol):
    """Builds an ordinary request the way the client does."""

    def __call__(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str],
        body: Any,
        costs: tuple[Cost, ...] | None = None,
        harmless: bool | None = None,
    ) -> Request: ...


class Batcher:
    """Runs parts, twenty at a time; repeats only those that were throttled or unlucky."""

    def __init__(self, transport: Transport, make: RequestMaker) -> None:
        self._transport = transport
        self._make = make

    def run(self, parts: Iterable[BatchRequest]) -> dict[str, BatchResult]:
        """Results by id, in the order asked.

        Raises ValueError for ids that are not unique (case aside); Unauthenticated and
        TenantDisconnected, because then no part can succeed. Everything else is in the results.
        """
        wanted = list(parts)
        check_ids(wanted)
        results: dict[str, BatchResult] = {}
        started, tries, todo = time.monotonic(), 0, wanted
        while todo:
            tries += 1
            results |= {result.id: result for result in self._round(todo)}
            again = [part for part in todo if self._may_repeat(part, results[part.id], tries)]
            pause = self._pause([results[part.id] for part in again], tries)
            policy = self._transport.policy
            too_long = time.monotonic() - started + pause > policy.seconds
            todo = [] if tries >= policy.tries or too_long else again
            if todo:
                _logger.warning("%d parts of a batch are tried again in %.1f s", len(todo), pause)
                self._transport.wait(pause)
        return {part.id: results[part.id] for part in wanted}

    def _round(self, parts: Sequence[BatchRequest]) -> Iterator[BatchResult]:
        together = []
        for part in parts:
            # It counts every part and allows one a second: twenty at once would fail.
            if part.cost.workload is Workload.CONDITIONAL_ACCESS:
                yield self._alone(part)
            else:
                together.append(part)
        rest = iter(together)
        while chunk := list(islice(rest, _LARGEST)):
            if len(chunk) == 1:
                yield self._alone(chunk[0])
            else:
                yield from self._together(chunk)

    def _alone(self, part: BatchRequest) -> BatchResult:
        request = self._make(part.method, part.url, headers=part.headers, body=part.body)
        try:
            reply = self._transport.send(request)
        except (Unauthenticated, TenantDisconnected):
            raise
        except GraphError as error:
            return _Final(part.id, error.status, error=error)
        return BatchResult(part.id, reply.status, reply.headers, reply.json)

    def _together(self, chunk: Sequence[BatchRequest]) -> list[BatchResult]:
        request = self._make(
            "POST",
            "/$batch",
            headers={},
            body=envelope(chunk),
            costs=summed_cost(chunk),
            harmless=all(part.harmless for part in chunk),
        )
        try:
            reply = self._transport.send(request)
            answers = answers_by_id(reply)
        except (Unauthenticated, TenantDisconnected):
            raise
        except GraphError as error:
            return [_Final(part.id, error.status, error=error) for part in chunk]
        results = [self._result(part, answers.get(part.id.lower()), reply) for part in chunk]
        if any(isinstance(result.error, Unauthenticated) for result in results):
            self._renew_token()
        return results

    def _result(self, part: BatchRequest, answer: PartAnswer | None, reply: Reply) -> BatchResult:
        if answer is None:
            return missing(part, reply)
        if answer.status in _SUCCESS:
            return BatchResult(part.id, answer.status, answer.headers, answer.body)
        held = self._transport.tokens.held
        error = error_of(
            Answer(answer.status, answer.headers, answer.body, reply.client_request_id),
            Asked(part.path, write=not part.harmless, roles=held.roles if held else ()),
        )
        error.effect_unknown = not part.harmless and doubtful(error)
        self._transport.heed(error, (part.cost,))
        return BatchResult(part.id, answer.status, answer.headers, error=error)

    def _renew_token(self) -> None:
        held = self._transport.tokens.held
        try:
            self._transport.tokens.renew(held.value if held else None)
        except (Unauthenticated, TenantDisconnected):
            raise
        except GraphError as error:
            _logger.warning("no new token for a batch yet: %s", error)

    def _may_repeat(self, part: BatchRequest, result: BatchResult, tries: int) -> bool:
        if result.error is None or isinstance(result, _Final):
            return False
        if isinstance(result.error, Unauthenticated):
            return tries == 1  # with the token renewed since
        return may_repeat(result.error, harmless=part.harmless, max_wait=self._transport.max_wait)

    def _pause(self, failed: Sequence[BatchResult], tries: int) -> float:
        policy = self._transport.policy
        return max((backoff(policy, result.error, tries) for result in failed), default=0.0)


@dataclass(frozen=True)
class _Final(BatchResult):
    """A failure that has had all its tries already."""
