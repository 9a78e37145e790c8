"""Many small requests in few exchanges, each with its own result or error."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Protocol

import httpx

from opsapp.graph.errors import (
    GraphError,
    ResponseInvalid,
    TenantDisconnected,
    Trace,
    Unauthenticated,
    Unavailable,
)
from opsapp.graph.failures import Answer, Asked, error_of
from opsapp.graph.retry import backoff, may_repeat
from opsapp.graph.transport import Reply, Request, Transport
from opsapp.graph.workloads import Cost, Workload, cost_of, reads_only

_logger = logging.getLogger(__name__)
_LARGEST: Final = 20
_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True)
class BatchRequest:
    """One part of a batch. ``url`` is relative to the API version and begins with a slash."""

    id: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    @property
    def cost(self) -> Cost:
        return cost_of(self.method, self.url)

    @property
    def harmless(self) -> bool:
        return reads_only(self.method, self.path)


@dataclass(frozen=True)
class BatchResult:
    """What became of one part: ``error`` is None exactly when it succeeded."""

    id: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    error: GraphError | None = None

    def unwrap(self) -> Any:
        """The body; raises the error of a part that failed."""
        if self.error is not None:
            raise self.error
        return self.json


class RequestMaker(Protocol):
    """Builds an ordinary request the way the client does."""

    def __call__(
        self,
        method: str,
        url: str,
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
        _check_ids(wanted)
        results: dict[str, BatchResult] = {}
        started, tries, todo = time.monotonic(), 0, wanted
        while todo:
            tries += 1
            round_results = {part.id: result for part, result in self._round(todo)}
            again = [part for part in todo if self._may_repeat(part, round_results[part.id])]
            pause = self._pause([round_results[part.id] for part in again], tries)
            elapsed = time.monotonic() - started
            policy = self._transport.policy
            if tries >= policy.tries or elapsed + pause > policy.seconds:
                again = []
            results |= round_results
            if again:
                _logger.warning("%d parts of a batch are tried again in %.1f s", len(again), pause)
                self._transport.wait(pause)
            todo = again
        return {part.id: results[part.id] for part in wanted}

    def _round(self, parts: Sequence[BatchRequest]) -> Iterator[tuple[BatchRequest, BatchResult]]:
        # Conditional Access counts every part and allows one a second: twenty at once would fail.
        paced = [part for part in parts if part.cost.workload is Workload.CONDITIONAL_ACCESS]
        for part in paced:
            yield part, self._alone(part)
        rest = iter([part for part in parts if part not in paced])
        while chunk := list(islice(rest, _LARGEST)):
            if len(chunk) == 1:
                yield chunk[0], self._alone(chunk[0])
                continue
            results = self._together(chunk)
            for part in chunk:
                yield part, results[part.id]

    def _alone(self, part: BatchRequest) -> BatchResult:
        request = self._make(part.method, part.url, headers=part.headers, body=part.body)
        try:
            reply = self._transport.send(request)
        except (Unauthenticated, TenantDisconnected):
            raise
        except GraphError as error:
            return _final(part, error)
        return BatchResult(part.id, reply.status, reply.headers, reply.json)

    def _together(self, chunk: Sequence[BatchRequest]) -> dict[str, BatchResult]:
        envelope = self._make(
            "POST",
            "/$batch",
            headers={},
            body={"requests": [_envelope_entry(part) for part in chunk]},
            costs=_summed(chunk),
            harmless=all(part.harmless for part in chunk),
        )
        try:
            reply = self._transport.send(envelope)
            answers = _answers_by_id(reply)
        except (Unauthenticated, TenantDisconnected):
            raise
        except GraphError as error:
            return {part.id: _final(part, error) for part in chunk}
        return {part.id: self._result(part, answers.get(part.id.lower()), reply) for part in chunk}

    def _result(
        self, part: BatchRequest, answer: Mapping[str, Any] | None, reply: Reply
    ) -> BatchResult:
        if answer is None or not isinstance(answer.get("status"), int):
            trace = Trace(reply.status, "", reply.request_id, reply.client_request_id)
            error: GraphError = ResponseInvalid("A part of a batch is missing.", trace=trace)
            return BatchResult(part.id, error=error)
        status, body = answer["status"], answer.get("body")
        headers = httpx.Headers(
            {str(name): str(value) for name, value in (answer.get("headers") or {}).items()}
        )
        if status in _SUCCESS:
            return BatchResult(part.id, status, headers, body)
        token = self._transport.tokens.token()
        error = error_of(
            Answer(status, headers, body, reply.client_request_id),
            Asked(part.path, write=not part.harmless, roles=token.roles),
        )
        error.effect_unknown = isinstance(error, Unavailable) and not part.harmless
        if isinstance(error, Unauthenticated):
            self._transport.tokens.renew(token.value)
        self._transport.heed(error, (part.cost,))
        return BatchResult(part.id, status, headers, error=error)

    def _may_repeat(self, part: BatchRequest, result: BatchResult) -> bool:
        if result.error is None or isinstance(result, _Final):
            return False
        if isinstance(result.error, Unauthenticated):
            return True
        return may_repeat(result.error, harmless=part.harmless, max_wait=self._transport.max_wait)

    def _pause(self, failed: Sequence[BatchResult], tries: int) -> float:
        policy = self._transport.policy
        return max((backoff(policy, result.error, tries) for result in failed), default=0.0)


@dataclass(frozen=True)
class _Final(BatchResult):
    """A failure that has had all its tries already."""


def _final(part: BatchRequest, error: GraphError) -> BatchResult:
    return _Final(part.id, error.status, error=error)


def _check_ids(parts: Sequence[BatchRequest]) -> None:
    repeated = [name for name, count in Counter(p.id.lower() for p in parts).items() if count > 1]
    if repeated:
        raise ValueError(f"ids in a batch must be unique: {', '.join(sorted(repeated))}")


def _summed(chunk: Sequence[BatchRequest]) -> tuple[Cost, ...]:
    units: Counter[tuple[Workload, bool]] = Counter()
    for part in chunk:
        units[part.cost.workload, part.cost.write] += part.cost.units
    return tuple(Cost(workload, count, write) for (workload, write), count in units.items())


def _envelope_entry(part: BatchRequest) -> dict[str, Any]:
    headers = dict(part.headers)
    if part.method == "GET":
        headers.setdefault("Prefer", "include-unknown-enum-members")
    entry: dict[str, Any] = {"id": part.id, "method": part.method, "url": part.url}
    if part.body is not None:
        headers["Content-Type"] = "application/json"
        entry["body"] = part.body
    return {**entry, "headers": headers} if headers else entry


def _answers_by_id(reply: Reply) -> dict[str, Mapping[str, Any]]:
    listed = reply.json.get("responses") if isinstance(reply.json, dict) else None
    if not isinstance(listed, list):
        trace = Trace(reply.status, "", reply.request_id, reply.client_request_id)
        raise ResponseInvalid("A batch came back without its parts.", trace=trace)
    return {str(entry["id"]).lower(): entry for entry in listed if _is_part(entry)}


def _is_part(entry: object) -> bool:
    return isinstance(entry, dict) and "id" in entry
