"""Lists within an object that the service cut short: read on to their ends."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

_NEXT = "@odata.nextLink"


def complete(graph: "GraphClient", value: Any) -> Any:
    """The value with the further pages of each list in it, at any depth."""
    if isinstance(value, list):
        return [complete(graph, member) for member in value]
    if not isinstance(value, dict):
        return value
    whole = {key: complete(graph, member) for key, member in value.items()}
    for mark in [key for key in whole if key.endswith(_NEXT) and key != _NEXT]:
        name, link = mark.removesuffix(_NEXT), whole[mark]
        if isinstance(whole.get(name), list) and isinstance(link, str):
            whole[name] += complete(graph, list(graph.iter_items(link)))
            del whole[mark]
    return whole
