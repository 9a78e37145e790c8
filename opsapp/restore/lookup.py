"""A request whose answer was lost: what it did is looked up before anything is repeated."""

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from opsapp.intune.holding import lacking, lacking_assignments, may_be
from opsapp.intune.restore import Step
from opsapp.inventory.failure import is_hopeless
from opsapp.restore.request import Request

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

_NAMES: Final = ("displayName", "name")
_CLOCKS_DIFFER: Final = timedelta(minutes=10)


class Effect(enum.Enum):
    """``REPEATABLE``: it did not happen, or doing it again changes nothing."""

    HAPPENED = "happened"
    NOT_SEEN = "not seen"
    REPEATABLE = "repeatable"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Finding:
    effect: Effect
    created_id: str | None = None


@dataclass(frozen=True)
class Search:
    """``known``: ids that it cannot have made. ``sent_at``: when it was sent."""

    known: Collection[str]
    sent_at: datetime


def look(graph: "GraphClient", step: Step, request: Request, search: Search) -> Finding:
    """Raises the errors of the Graph client when nothing can be seen at all."""
    if request.method == "DELETE" or not request.shows:
        return Finding(Effect.REPEATABLE)
    if step.creates:
        return _created(graph, request, search)
    try:
        if step.row:
            return _row(graph, request)
        shown = graph.get_json(request.shows, version=request.version)
    except Exception as error:
        if is_hopeless(error) or step.row:
            raise
        return Finding(Effect.REPEATABLE)  # of an object it only sets what the plan says
    return Finding(Effect.HAPPENED if _is_as_sent(request.body, shown) else Effect.REPEATABLE)


def _created(graph: "GraphClient", request: Request, search: Search) -> Finding:
    """Objects that have the name, hold what was sent and were not there before."""
    entries = graph.iter_items(request.shows, version=request.version)
    found = [str(entry["id"]) for entry in entries if _can_be(entry, request.body, search)]
    if len(found) > 1:
        return Finding(Effect.AMBIGUOUS)
    return Finding(Effect.HAPPENED, found[0]) if found else Finding(Effect.NOT_SEEN)


def _can_be(entry: Any, sent: Any, search: Search) -> bool:
    if not isinstance(entry, Mapping) or not isinstance(sent, Mapping) or not entry.get("id"):
        return False
    if entry["id"] in search.known or _is_older(entry, search.sent_at):
        return False
    names = [name for name in _NAMES if isinstance(sent.get(name), str)]
    if any(str(entry.get(name) or "").strip() != sent[name].strip() for name in names):
        return False
    rest = {key: value for key, value in sent.items() if key not in names}
    return may_be(rest, entry)


def _is_older(entry: Mapping[str, Any], sent_at: datetime) -> bool:
    text = str(entry.get("createdDateTime") or "")
    if not text or text.startswith("0001-"):
        return False
    try:
        return datetime.fromisoformat(text) < sent_at - _CLOCKS_DIFFER
    except (ValueError, TypeError):
        return False


def _row(graph: "GraphClient", request: Request) -> Finding:
    rows = graph.iter_items(request.shows, version=request.version)
    sent = request.body if isinstance(request.body, Mapping) else {}
    for row in rows:
        if isinstance(row, Mapping) and not [x for x in lacking(sent, row) if not x.is_hidden]:
            return Finding(Effect.HAPPENED, row.get("id"))
    return Finding(Effect.NOT_SEEN)


def _is_as_sent(sent: Any, shown: Mapping[str, Any]) -> bool:
    """An object with the members sent, or the list that an action replaced."""
    if not isinstance(sent, Mapping):
        return False
    rows, lists = shown.get("value"), [one for one in sent.values() if isinstance(one, list)]
    if isinstance(rows, list):
        return len(lists) == 1 and not lacking_assignments(lists[0], rows)
    lacks = lacking(sent, shown)
    return not lacks  # also what cannot be seen is sent again
