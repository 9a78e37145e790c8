"""Moments and durations in words. All moments are UTC; a naive one is taken for UTC."""

from datetime import UTC, datetime, timedelta, tzinfo

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
JUST_NOW = 5
DAYS_IN_WORDS = 30
TENTHS_BELOW = 10
SECOND = 1000  # milliseconds


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parsed(text: object) -> datetime | None:
    """The moment that ISO 8601 text names; None when it names none."""
    try:
        return aware(datetime.fromisoformat(str(text)))
    except (ValueError, OverflowError):
        return None


def _amount(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{int(seconds)} s"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h"
    days = int(seconds // DAY)
    return "1 day" if days == 1 else f"{days} days"


def relative(
    moment: datetime | None, now: datetime | None = None, zone: tzinfo | None = None
) -> str:
    """``3 min ago``, ``in 2 h``, ``never``; the date in ``zone`` (UTC) once it is a month away."""
    if moment is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - aware(moment)).total_seconds()
    if abs(seconds) < JUST_NOW:
        return "just now"
    if abs(seconds) >= DAYS_IN_WORDS * DAY:
        return f"{aware(moment).astimezone(zone or UTC):%-d %b %Y}"
    return f"{_amount(seconds)} ago" if seconds > 0 else f"in {_amount(-seconds)}"


def absolute(moment: datetime | None, zone: tzinfo = UTC) -> str:
    """``23 Nov 2026, 09:48:06 CET``."""
    return "never" if moment is None else f"{aware(moment).astimezone(zone):%-d %b %Y, %H:%M:%S %Z}"


def clock(
    moment: datetime, now: datetime | None = None, zone: tzinfo = UTC, *, exact: bool = False
) -> str:
    """``10:14`` in ``zone``, with the date on another day than ``now``; ``exact`` adds seconds."""
    there = aware(moment).astimezone(zone)
    today = (now or datetime.now(UTC)).astimezone(zone).date()
    time = f"{there:%H:%M:%S}" if exact else f"{there:%H:%M}"
    return time if there.date() == today else f"{there:%-d %b}, {time}"


def utc(moment: datetime | None) -> str:
    """``2026-11-23 08:48:06 UTC``, the form for support and for copies."""
    return "never" if moment is None else f"{aware(moment):%Y-%m-%d %H:%M:%S} UTC"


def iso(moment: datetime | None) -> str:
    """``2026-11-23T08:48:06Z``, for machines; empty for None."""
    return "" if moment is None else f"{aware(moment):%Y-%m-%dT%H:%M:%SZ}"


def duration(value: float | timedelta | None) -> str:
    """Seconds in at most two units: ``0.8 s``, ``42 s``, ``3 min 05 s``, ``2 h 05 min``."""
    if value is None:
        return "\N{EN DASH}"
    seconds = max(value.total_seconds() if isinstance(value, timedelta) else float(value), 0.0)
    if round(seconds, 1) < TENTHS_BELOW:
        return f"{seconds:.1f} s"
    whole = int(max(seconds, TENTHS_BELOW))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02d} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def milliseconds(value: int | None) -> str:
    """``340 ms`` below a second, then as a duration; empty when it was not measured."""
    if value is None:
        return ""
    return f"{max(value, 0)} ms" if value < SECOND else duration(value / SECOND)
