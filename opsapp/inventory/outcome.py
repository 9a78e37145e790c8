"""What became of reading an object."""

import enum
from dataclasses import dataclass
from typing import Any

from opsapp.inventory.failure import ReadFailure


class Agreement(enum.Enum):
    """What the list told of an object's assignments, next to what they are."""

    UNKNOWN = "unknown"
    EMPTY = "empty"  # rightly none
    SHOWN = "shown"  # rightly all
    WRONG = "wrong"


# What a list must have been right about before an entry that shows no assignments is believed.
PROVEN = frozenset({Agreement.SHOWN, Agreement.EMPTY})


@dataclass(frozen=True)
class ReadObject:
    """An object as Graph gave it; assignments apart from its content.

    Secrets that Graph tells only when asked by themselves are in their places in the content.
    ``withheld`` names what it would not tell, for lack of a right: in words.
    """

    graph_id: str
    content: dict[str, Any]
    assignments: list[dict[str, Any]]
    listed_sha256: str | None = None
    agreement: Agreement = Agreement.UNKNOWN
    withheld: tuple[str, ...] = ()


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
