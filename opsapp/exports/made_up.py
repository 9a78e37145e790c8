"""Ids for what an export names without one. They are marked: GUIDs of version 5.

Graph makes GUIDs of version 4. The same file always gives the same ids.
"""

import uuid
from typing import Final

_NAMESPACE: Final = uuid.UUID("8a1cf2b0-6a83-4f0b-9a64-1d5d3a7b5a10")
_VERSION: Final = 5


def made_up_id(*known: str) -> str:
    """The same id for the same words, in every process."""
    text = "/".join(known).encode("utf-8", "surrogatepass").decode("latin-1")
    return str(uuid.uuid5(_NAMESPACE, text))


def is_made_up(graph_id: str) -> bool:
    """Whether an id is one of these; the service's own are of another version."""
    try:
        return uuid.UUID(graph_id).version == _VERSION
    except ValueError:
        return False
