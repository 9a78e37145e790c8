"""Messages that survive a redirect, with an optional link such as "View run"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flask import flash

Tone = Literal["info", "success", "warning", "error"]
_TONES = {
    "info": ("blue", "info-circle-fill"),
    "success": ("green", "check-circle-fill"),
    "warning": ("amber", "exclamation-triangle-fill"),
    "error": ("red", "x-circle-fill"),
}


@dataclass(frozen=True)
class Notice:
    text: str
    url: str | None
    label: str
    tone: str
    icon: str


def notice(text: str, kind: Tone = "info", url: str | None = None, label: str = "View run") -> None:
    """Shows ``text`` on the next page. ``url`` adds a link after it."""
    flash({"text": text, "url": url, "label": label}, kind)  # type: ignore[arg-type]


def as_notice(kind: str, message: Mapping[str, str | None] | str) -> Notice:
    """What a template shows for one entry of ``get_flashed_messages(with_categories=true)``."""
    tone, icon = _TONES.get(kind, _TONES["info"])
    if isinstance(message, Mapping):
        return Notice(
            str(message["text"]), message.get("url"), message.get("label") or "View", tone, icon
        )
    return Notice(message, None, "", tone, icon)
