"""Objects asked for by their ids instead of found in a list."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opsapp.intune.catalogue import PolicyType
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.inventory.listing import Listed
from opsapp.inventory.outcome import Outcome, Unreadable
from opsapp.inventory.reader import read_objects

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient


_NOT_FOUND = "graph.not_found"


def read_by_id(
    graph: "GraphClient", policy_type: PolicyType, names: Mapping[str, str]
) -> list[Outcome]:
    """Objects read whole; ``names`` says of each id how the object was called when last seen.

    Raises when no request to the tenant can succeed. See ``is_gone`` of those that are no more.
    """
    found, failed = entries_by_id(graph, policy_type, list(names))
    return [
        *read_objects(graph, policy_type, found),
        *(Unreadable(key, names[key], failure) for key, failure in failed.items()),
    ]


def is_gone(outcome: Outcome) -> bool:
    """Whether the object no longer exists in the tenant."""
    return isinstance(outcome, Unreadable) and outcome.failure.reason_code == _NOT_FOUND


def entries_by_id(
    graph: "GraphClient", policy_type: PolicyType, graph_ids: Sequence[str]
) -> tuple[list[Listed], dict[str, ReadFailure]]:
    """What a list would tell of these objects, and why it cannot be told of the others.

    Types whose objects are read by id anyway need nothing asked here.
    """
    if policy_type.item_query is not None:
        return [Listed(key, "", {"id": key}) for key in graph_ids], {}
    address = policy_type.list_address(tried=False) if policy_type.single else None
    answers = graph.get_many({key: address or policy_type.item_address(key) for key in graph_ids})
    found, failed = [], {}
    for key, answer in answers.items():
        if answer.error is None:
            found.append(Listed(key, policy_type.name_of(answer.json), _content(answer.json)))
            continue
        if is_hopeless(answer.error):
            raise answer.error
        failed[key] = ReadFailure.of(answer.error)
    return found, failed


def _content(body: Any) -> dict[str, Any]:
    return dict(body) if isinstance(body, dict) else {}
