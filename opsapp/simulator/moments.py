"""Times as Intune writes them: seven digits after the second."""

import hashlib
from datetime import UTC, datetime, timedelta

_FIRST_DAY = datetime(2024, 3, 4, 7, 30, tzinfo=UTC)


def stamp(object_id: str) -> str:
    """A plausible time in the past, the same for the same object."""
    offset = int.from_bytes(hashlib.sha256(object_id.encode()).digest()[:4], "big") % (600 * 86400)
    return now_text(_FIRST_DAY + timedelta(seconds=offset))


def now_text(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
