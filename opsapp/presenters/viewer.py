"""What the viewer's browser remembers: theme, time zone, width of the sidebar."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from flask import has_request_context, request

from opsapp.permissions import viewer_or_none
from opsapp.presenters import times

THEME_COOKIE = "theme"
ZONE_COOKIE = "tz"
SIDEBAR_COOKIE = "sidebar"
THEMES = ("system", "light", "dark")
LONGEST_ZONE_NAME = 64


def _cookie(name: str) -> str:
    return request.cookies.get(name, "") if has_request_context() else ""


def theme() -> str:
    """``system``, ``light`` or ``dark``. Rendered into the page, so that nothing flashes."""
    chosen = _cookie(THEME_COOKIE)
    return chosen if chosen in THEMES else "system"


def sidebar_is_narrow() -> bool:
    return _cookie(SIDEBAR_COOKIE) == "narrow"


def named_zone(name: str) -> tzinfo | None:
    """The zone of that name, or None when there is none; safe on anything a client sends."""
    if not name or len(name) > LONGEST_ZONE_NAME:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None


def zone() -> tzinfo:
    """The account's time zone; where none is chosen, the browser's; UTC when neither is known."""
    return named_zone(chosen_zone() or _cookie(ZONE_COOKIE)) or UTC


def chosen_zone() -> str | None:
    """The zone that the viewer's account names; None when times follow the browser."""
    who = viewer_or_none() if has_request_context() else None
    return who.timezone if who else None


def absolute(moment: datetime | None) -> str:
    """``23 Nov 2026, 09:48:06 CET`` in the viewer's zone."""
    return times.absolute(moment, zone())


def relative(moment: datetime | None) -> str:
    """``3 min ago``; the date in the viewer's zone once it is a month away."""
    return times.relative(moment, zone=zone())


def clock(moment: datetime, *, exact: bool = False) -> str:
    """``10:14`` in the viewer's zone, with the date when it is not today's."""
    return times.clock(moment, zone=zone(), exact=exact)
