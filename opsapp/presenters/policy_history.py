"""The history of a policy in words: who changed it in the tenant, since when a value has been."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.presenters.times import parsed
from opsapp.presenters.viewer import relative

UNKNOWN_WHO = (
    "Who made a change is not known where the tenant's audit log could not be read,"
    " or no longer held it."
)
_SHOWN = 3


@dataclass(frozen=True)
class Who:
    """A change in the tenant: who made it, when (None if that is not told), what it was called."""

    actor: str
    at: Any
    activity: str


def who_changed(changes: Sequence[Mapping[str, Any]] | None) -> list[Who]:
    """The newest few changes that led to a version; empty where none is known."""
    return [
        Who(
            str(change.get("actor") or "Somebody"),
            parsed(change.get("at")),
            str(change.get("activity") or ""),
        )
        for change in (changes or [])[:_SHOWN]
        if isinstance(change, Mapping)
    ]


def is_who_unknown(lines: Iterable[Any]) -> bool:
    """Whether any version but the first lacks what the audit log says of it."""
    return any(line.changes is None and line.changed != "first" for line in lines)


def answer(history: Any) -> str:
    """Since when the setting has had its value, in a sentence."""
    if not history.spans or history.setting is None:
        return "No version of this policy holds that setting."
    newest = history.spans[0]
    if newest.setting is None:
        return f"The policy has not held it since {_moment(newest.first)}."
    if len(history.spans) == 1:
        known = "as far back as was looked" if not history.is_whole else "ever since it was seen"
        return f"It has had this value {known}, first {_moment(newest.first)}."
    return f"It has had this value since {_moment(newest.first)}."


def _moment(line: Any) -> str:
    return f"version {line.number:,}, seen {relative(line.seen_at)}"
