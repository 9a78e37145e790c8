"""The history of a run or an object, line by line, with the pauses in between."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opsapp.presenters.states import STATES
from opsapp.presenters.times import aware, duration

NOTABLE_PAUSE = 60
LEAST_PAUSE = 0.1

_LOOKS = {
    "created": ("plus-circle", "neutral"),
    "dispatched": ("send", "neutral"),
    "started": ("play-circle", "blue"),
    "held": ("hourglass-split", "amber"),
    "released": ("play-circle", "neutral"),
    "handed_back": ("arrow-counterclockwise", "amber"),
    "cancel_requested": ("slash-circle", "neutral"),
}


@dataclass(frozen=True)
class Line:
    """``pause`` is the time since the line before, in words, when it is a minute or more.

    ``after`` is the same when it is less; None when nothing lies between.
    """

    at: datetime
    message: str
    actor: str
    icon: str
    tone: str
    detail: str | None
    pause: str | None
    after: str | None


def timeline_lines(events: Iterable[Any], outcome: str | None = None) -> Iterator[Line]:
    """Lines for events, oldest first: mappings, or rows of ``operation_run_events``.

    Each has at, message and actor, and may have kind, icon, tone and detail. ``outcome`` is how
    the line of kind ``completed`` looks.
    """
    before: datetime | None = None
    for event in events:
        get = _getter(event)
        at = aware(get("at"))
        seconds = (at - before).total_seconds() if before else 0.0
        icon, tone = _look(str(get("kind") or ""), outcome)
        yield Line(
            at=at,
            message=get("message"),
            actor=get("actor"),
            icon=get("icon") or icon,
            tone=get("tone") or tone,
            detail=get("detail"),
            pause=duration(seconds) if seconds >= NOTABLE_PAUSE else None,
            after=duration(seconds) if LEAST_PAUSE <= seconds < NOTABLE_PAUSE else None,
        )
        before = at


def _getter(event: Any) -> Callable[[str], Any]:
    if isinstance(event, Mapping):
        return event.get
    return lambda name: getattr(event, name, None)


def _look(kind: str, outcome: str | None) -> tuple[str, str]:
    if kind == "completed" and outcome in STATES:
        state = STATES[str(outcome)]
        return state.icon, state.tone
    return _LOOKS.get(kind, ("dot", "neutral"))
