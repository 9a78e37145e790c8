"""The parts of a batch and their form on the wire."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from opsapp.graph.errors import GraphError, ResponseInvalid, Trace
from opsapp.graph.transport import Reply
from opsapp.graph.workloads import Cost, Workload, cost_of, reads_only


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


@dataclass(frozen=True)
class PartAnswer:
    """What the service said to one part; headers ignore case."""

    status: int
    headers: Mapping[str, str]
    body: Any


def check_ids(parts: Sequence[BatchRequest]) -> None:
    """Raises ValueError for ids the service would take for the same."""
    counts = Counter(part.id.lower() for part in parts)
    repeated = sorted(name for name, count in counts.items() if count > 1)
    if repeated:
        raise ValueError(f"ids in a batch must be unique: {', '.join(repeated)}")


def chunks(parts: Sequence[BatchRequest], largest: int) -> list[list[BatchRequest]]:
    """Parts for one exchange each, by workload: a slow budget then holds up few others.

    Conditional Access is left out: its parts go one by one.
    """
    by_workload: defaultdict[Workload, list[BatchRequest]] = defaultdict(list)
    for part in parts:
        by_workload[part.cost.workload].append(part)
    by_workload.pop(Workload.CONDITIONAL_ACCESS, None)
    ordered = [part for some in by_workload.values() for part in some]
    return [ordered[start : start + largest] for start in range(0, len(ordered), largest)]


def summed_cost(parts: Sequence[BatchRequest]) -> tuple[Cost, ...]:
    units: Counter[tuple[Workload, bool]] = Counter()
    for part in parts:
        cost = part.cost
        units[cost.workload, cost.write] += cost.units
    return tuple(Cost(workload, count, write) for (workload, write), count in units.items())


def envelope(parts: Sequence[BatchRequest]) -> dict[str, Any]:
    return {"requests": [_entry(part) for part in parts]}


def _entry(part: BatchRequest) -> dict[str, Any]:
    headers = dict(part.headers)
    if part.method == "GET":
        headers.setdefault("Prefer", "include-unknown-enum-members")
    entry: dict[str, Any] = {"id": part.id, "method": part.method, "url": part.url}
    if part.body is not None:
        headers["Content-Type"] = "application/json"
        entry["body"] = part.body
    return {**entry, "headers": headers} if headers else entry


def answers_by_id(reply: Reply) -> dict[str, PartAnswer]:
    """Answers by lower-case id; malformed ones are left out and so count as missing.

    Raises ResponseInvalid when the reply holds no list of answers at all.
    """
    listed = reply.json.get("responses") if isinstance(reply.json, dict) else None
    if not isinstance(listed, list):
        raise ResponseInvalid("A batch came back without its parts.", trace=_trace(reply))
    return {
        str(entry["id"]).lower(): PartAnswer(
            entry["status"], _headers(entry.get("headers")), entry.get("body")
        )
        for entry in listed
        if isinstance(entry, dict) and "id" in entry and isinstance(entry.get("status"), int)
    }


def missing(part: BatchRequest, reply: Reply) -> BatchResult:
    error = ResponseInvalid("A part of a batch is missing.", trace=_trace(reply))
    return BatchResult(part.id, error=error)


def _headers(value: object) -> httpx.Headers:
    named = value if isinstance(value, dict) else {}
    return httpx.Headers({str(name): str(content) for name, content in named.items()})


def _trace(reply: Reply) -> Trace:
    return Trace(reply.status, "", reply.request_id, reply.client_request_id)
