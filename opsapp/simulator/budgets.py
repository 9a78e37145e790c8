"""The published throttling budgets, kept as the service keeps them: calls in a sliding window.

Source: Microsoft's throttling limits for Intune and identity; Conditional Access as tools see it.
"""

import math
import time
from collections import deque
from dataclasses import dataclass, field

_SCRIPTS = frozenset(
    {
        "devicemanagementscripts",
        "deviceshellscripts",
        "devicehealthscripts",
        "devicecompliancescripts",
        "devicecustomattributeshellscripts",
        "manageddevices",
        "detectedapps",
    }
)
_IDENTITY = frozenset({"groups", "directoryobjects", "organization", "serviceprincipals", "users"})
_INTUNE_SECONDS = 20.0
_WARNING = 0.8


@dataclass(frozen=True)
class Limit:
    """``units`` within ``seconds``; ``tenant`` is what all apps of the tenant share."""

    units: int
    seconds: float
    tenant: int = 0


LIMITS = {
    "intune": Limit(1000, _INTUNE_SECONDS, 2000),
    "intune writes": Limit(100, _INTUNE_SECONDS, 200),
    "devices": Limit(2000, _INTUNE_SECONDS, 4000),
    "devices writes": Limit(200, _INTUNE_SECONDS, 400),
    "identity": Limit(8000, 10.0),
    "identity writes": Limit(3000, 150.0, 18_000),
    "conditional access": Limit(1, 1.0, 1),
}


@dataclass(frozen=True)
class Verdict:
    """What a call came to: the seconds to wait (None: go on) and how full its budget is."""

    budget: str
    units: int
    fullness: float
    wait: float | None = None


@dataclass
class Window:
    """Moments and weights of the calls that still count."""

    calls: deque[tuple[float, int]] = field(default_factory=deque)
    used: int = 0

    def add(self, now: float, units: int, seconds: float) -> None:
        self.forget(now, seconds)
        self.calls.append((now, units))
        self.used += units

    def forget(self, now: float, seconds: float) -> None:
        while self.calls and self.calls[0][0] <= now - seconds:
            self.used -= self.calls.popleft()[1]


@dataclass
class Budgets:
    """All windows of all tenants. ``windows`` is by tenant and budget."""

    windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def spend(
        self, tenant: str, method: str, segments: list[str], *, scale: float, taken: float
    ) -> Verdict:
        """Count a call. Refused calls count too: who hammers stays out.

        ``scale`` makes every budget smaller or larger; ``taken`` is the share of the tenant's
        budget that its other apps use.
        """
        now = time.monotonic()
        verdict = Verdict("", 0, 0.0)
        for budget, units in _charges(method, segments):
            limit = LIMITS[budget]
            allowed = max(1, int(limit.units * scale))
            if limit.tenant:
                allowed = min(allowed, max(1, int(limit.tenant * scale * (1 - taken))))
            window = self.windows.setdefault((tenant, budget), Window())
            window.forget(now, limit.seconds)
            refused = window.used + units > allowed
            wait = window.calls[0][0] + limit.seconds - now if refused and window.calls else None
            window.add(now, units, limit.seconds)
            if verdict.wait is None:
                verdict = Verdict(budget, units, window.used / allowed, wait)
        return verdict


def headers(verdict: Verdict, application: str, tenant: str) -> dict[str, str]:
    """What identity tells about its budget, and everybody about the time to wait."""
    found = {}
    if verdict.budget.startswith("identity"):
        found["x-ms-resource-unit"] = str(verdict.units)
        if verdict.fullness >= _WARNING:
            found["x-ms-throttle-limit-percentage"] = f"{verdict.fullness:.1f}"
        if verdict.wait is not None:
            scope = "Write" if verdict.budget.endswith("writes") else "ReadWrite"
            found["x-ms-throttle-scope"] = f"Tenant_Application/{scope}/{application}/{tenant}"
            found["x-ms-throttle-information"] = (
                "WriteLimitExceeded" if scope == "Write" else "ResourceUnitLimitExceeded"
            )
    if verdict.wait is not None and verdict.budget != "conditional access":
        found["Retry-After"] = str(max(1, math.ceil(verdict.wait)))
    return found


def _charges(method: str, segments: list[str]) -> list[tuple[str, int]]:
    """The budgets a call draws on. A write draws on reads' budget too."""
    head = segments[0].lower()
    second = segments[1].lower() if len(segments) > 1 else ""
    if head == "identity":
        return [("conditional access", 1)]
    writing = method != "GET" and second != "getbyids"
    if head in _IDENTITY:
        units = 3 if second == "getbyids" or "members" in segments else 1
        return [("identity", units), ("identity writes", 1)][: 1 + writing]
    family = "devices" if second in _SCRIPTS else "intune"
    return [(family, 1), (f"{family} writes", 1)][: 1 + writing]
