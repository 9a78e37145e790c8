"""Reading one collection completely: a page of the list at a time, the rest in batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opsapp.intune.catalogue import AssignmentSource, PolicyType
from opsapp.intune.normalise import without_envelope
from opsapp.inventory.failure import ReadFailure, is_hopeless

if TYPE_CHECKING:
    from opsapp.graph.batch import BatchResult
    from opsapp.graph.client import GraphClient

_ITEM = "item"
_ASSIGNMENTS = "assignments"


@dataclass(frozen=True)
class ReadObject:
    """An object as Graph gave it; assignments apart from its content."""

    graph_id: str
    content: dict[str, Any]
    assignments: list[dict[str, Any]]


@dataclass(frozen=True)
class Unreadable:
    """An object that was listed but could not be read."""

    key: str
    name: str
    failure: ReadFailure


Outcome = ReadObject | Unreadable


class BadAnswer(ValueError):
    """The service gave something else than the object asked for."""

    reason_code = "graph.response_invalid"

    @property
    def item_message(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Listed:
    """An entry of a collection's list; the object itself is yet to be read."""

    key: str
    name: str
    entry: Mapping[str, Any] | None  # None: it holds no id to read it by


def list_collection(graph: "GraphClient", policy_type: PolicyType) -> Iterator[list[Listed]]:
    """Yields a page of the list at a time; raises when the list cannot be read on.

    Only when it ends without raising was the listing complete.
    """
    for number, page in enumerate(graph.iter_pages(policy_type.list_address)):
        yield [
            Listed(graph_id, policy_type.name_of(entry), entry)
            if (graph_id := _id_of(entry))
            else Listed(f"page-{number}-{place}", "", None)
            for place, entry in enumerate(page["value"])
        ]


def read_objects(
    graph: "GraphClient", policy_type: PolicyType, page: Sequence[Listed]
) -> list[Outcome]:
    """What became of each of the listed objects."""
    addresses = _addresses(policy_type, [one.key for one in page if one.entry is not None])
    answers = graph.get_many(addresses)
    return [
        Unreadable(one.key, "", ReadFailure.of(_without_id()))
        if one.entry is None
        else _outcome(graph, policy_type, one.entry, answers)
        for one in page
    ]


def _addresses(policy_type: PolicyType, graph_ids: list[str]) -> dict[str, str]:
    """What has to be read besides the list, by ``<what> <id>``."""
    addresses = {}
    for graph_id in graph_ids:
        own = f"{policy_type.path}/{graph_id}"
        if policy_type.item_query is not None:
            addresses[f"{_ITEM} {graph_id}"] = policy_type.item_address(graph_id)
        for name, suffix in policy_type.parts.items():
            addresses[f"{name} {graph_id}"] = f"{own}/{suffix}"
        if policy_type.assignments is AssignmentSource.SUBRESOURCE:
            addresses[f"{_ASSIGNMENTS} {graph_id}"] = f"{own}/assignments"
    return addresses


def _outcome(
    graph: "GraphClient",
    policy_type: PolicyType,
    listed: Mapping[str, Any],
    answers: Mapping[str, "BatchResult"],
) -> Outcome:
    graph_id = _id_of(listed)
    try:
        return _object(graph, policy_type, listed, answers)
    except Exception as error:
        if is_hopeless(error):
            raise
        return Unreadable(graph_id, policy_type.name_of(listed), ReadFailure.of(error))


def _object(
    graph: "GraphClient",
    policy_type: PolicyType,
    listed: Mapping[str, Any],
    answers: Mapping[str, "BatchResult"],
) -> ReadObject:
    graph_id = _id_of(listed)
    content = dict(listed)
    if policy_type.item_query is not None:
        content = answers[f"{_ITEM} {graph_id}"].unwrap()
        if not isinstance(content, dict) or content.get("id") != graph_id:
            raise BadAnswer("Another object came back than the one asked for.")
    for name in policy_type.parts:
        content[name] = _all_values(graph, answers[f"{name} {graph_id}"].unwrap())
    assignments: Any = []
    if policy_type.assignments is AssignmentSource.SUBRESOURCE:
        assignments = _all_values(graph, answers[f"{_ASSIGNMENTS} {graph_id}"].unwrap())
    elif policy_type.assignments is not AssignmentSource.NONE:
        assignments = content.pop(_ASSIGNMENTS, None)
        content.pop(f"{_ASSIGNMENTS}@odata.context", None)
    if not isinstance(assignments, list):
        raise BadAnswer("Its assignments were not in the answer.")
    return ReadObject(graph_id, without_envelope(content), assignments)


def _all_values(graph: "GraphClient", page: Any) -> list[Any]:
    """The values of a sub-resource whose first page came in a batch."""
    if not isinstance(page, Mapping) or not isinstance(page.get("value"), list):
        raise BadAnswer("A list was expected.")
    values = list(page["value"])
    following = page.get("@odata.nextLink")
    if following:
        values.extend(graph.iter_items(following))
    return values


def _id_of(entry: Any) -> str:
    found = entry.get("id") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""


def _without_id() -> BadAnswer:
    return BadAnswer("The list holds an entry without an id.")
