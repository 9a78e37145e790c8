"""Many small requests in few exchanges, each with its own result or error."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

from opsapp.graph.auth import AccessToken
from opsapp.graph.batch_parts import (
    BatchRequest,
    BatchResult,
    PartAnswer,
    answers_by_id,
    check_ids,
    chunks,
    envelope,
    missing,
    summed_cost,
)
from opsapp.graph.errors import GraphError, TenantDisconnected, Unauthenticated
from opsapp.graph.failures import Answer, Asked, error_of
from opsapp.graph.retry import backoff, doubtful, longer_wait, may_repeat
from opsapp.graph.transport import Reply, Request, Transport, resource_units
from opsapp.graph.workloads import Cost, Workload

__all__ = ["BatchRequest", "BatchResult", "Batcher"]

_logger = logging.getLogger(__name__)
_LARGEST: Final = 20
_EXCHANGES_AT_ONCE: Final = 4
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
    """Runs parts, twenty in an exchange; repeats only those that were throttled or unlucky."""

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
        if not wanted:
            return {}
        try:
            self._transport.token()  # once for all of them
        except (Unauthenticated, TenantDisconnected):
            raise
        except GraphError as error:
            return {part.id: _Final(part.id, error.status, error=error) for part in wanted}
        return self._run(wanted)

    def _run(self, wanted: Sequence[BatchRequest]) -> dict[str, BatchResult]:
        # It counts every part and allows one a second: twenty at once would fail.
        paced = [part for part in wanted if part.cost.workload is Workload.CONDITIONAL_ACCESS]
        jobs = [partial(self._one_by_one, paced)] if paced else []
        jobs += [partial(self._to_the_end, chunk) for chunk in chunks(wanted, _LARGEST)]
        found = self._transport.wait.run(jobs, _EXCHANGES_AT_ONCE + bool(paced))
        results = {result.id: result for some in found for result in some}
        return {part.id: results[part.id] for part in wanted}

    def _one_by_one(self, parts: Sequence[BatchRequest]) -> list[BatchResult]:
        return [self._alone(part) for part in parts]

    def _to_the_end(self, chunk: Sequence[BatchRequest]) -> list[BatchResult]:
        """Sends what can be sent in one exchange until nothing is worth another try."""
        results: dict[str, BatchResult] = {}
        started, tries, todo = time.monotonic(), 0, chunk
        while todo:
            tries += 1
            results |= {result.id: result for result in self._send(todo)}
            again = [part for part in todo if self._may_repeat(part, results[part.id], tries)]
            pause = self._pause([results[part.id] for part in again], tries)
            policy = self._transport.policy
            too_long = time.monotonic() - started + pause > policy.seconds
            todo = [] if tries >= policy.tries or too_long else again
            if todo:
                _logger.warning("%d parts of a batch are tried again in %.1f s", len(todo), pause)
                self._transport.wait(pause)
        return list(results.values())

    def _send(self, parts: Sequence[BatchRequest]) -> list[BatchResult]:
        return self._together(parts) if len(parts) > 1 else self._one_by_one(parts)

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
        results = [_result(part, answers.get(part.id.lower()), reply) for part in chunk]
        self._learn(chunk, results)
        if any(isinstance(result.error, Unauthenticated) for result in results):
            self._renew_token(reply.sent_with)
        return results

    def _learn(self, parts: Sequence[BatchRequest], results: Sequence[BatchResult]) -> None:
        """What the answers say of the budgets: all of a batch at once."""
        told: dict[Cost, GraphError] = {}
        unforeseen = 0
        for part, result in zip(parts, results, strict=True):
            if part.cost.workload is Workload.IDENTITY:
                units = resource_units(result.headers) or part.cost.units
                unforeseen += units - part.cost.units
            if result.error is not None:
                kind = replace(part.cost, units=1)
                told[kind] = longer_wait(told.get(kind), result.error)
        for kind, error in told.items():
            self._transport.heed(error, (kind,))
        if unforeseen > 0:
            self._transport.governor.add_resource_units(unforeseen)
        self._transport.note_use(*(result.headers for result in results))

    def _renew_token(self, rejected: AccessToken) -> None:
        try:
            self._transport.tokens.renew(rejected.value)
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


def _result(part: BatchRequest, answer: PartAnswer | None, reply: Reply) -> BatchResult:
    if answer is None:
        return missing(part, reply)
    if answer.status in _SUCCESS:
        return BatchResult(part.id, answer.status, answer.headers, answer.body)
    error = error_of(
        Answer(answer.status, answer.headers, answer.body, reply.client_request_id),
        Asked(part.path, write=not part.harmless, roles=reply.sent_with.roles),
    )
    error.effect_unknown = not part.harmless and doubtful(error)
    return BatchResult(part.id, answer.status, answer.headers, error=error)


@dataclass(frozen=True)
class _Final(BatchResult):
    """A failure that has had all its tries already."""
