"""Objects asked for by their ids instead of found in a list."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from opsapp.intune.catalogue import PolicyType
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.inventory.listing import Listed

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient


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
