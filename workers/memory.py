"""Memory of this worker: how much it uses, and whether the kernel killed something for it."""

import os
from pathlib import Path

_EVENTS = Path("/sys/fs/cgroup/memory.events")
_STATM = Path("/proc/self/statm")


def _oom_kills() -> int:
    try:
        pairs = (line.split() for line in _EVENTS.read_text().splitlines())
        return int(dict(pairs).get("oom_kill", 0))
    except (OSError, ValueError):
        return 0


_oom_kills_at_start = _oom_kills()


def oom_killed_since_start() -> bool:
    """Whether the kernel's out-of-memory killer struck in this cgroup since we started."""
    return _oom_kills() > _oom_kills_at_start


def resident_bytes() -> int | None:
    """Resident memory of this process; None where the kernel does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
