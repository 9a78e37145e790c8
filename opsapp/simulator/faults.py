"""Faults on demand. The decision for the n-th call depends on the seed and n only."""

import random
import re
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from opsapp.simulator.budgets import Budgets
from opsapp.simulator.budgets import headers as budget_headers
from opsapp.simulator.messages import GraphRefusal, throttled


class ConnectionReset(Exception):
    """Close the TCP connection without an answer."""


@dataclass
class Rule:
    """Answer calls whose path matches with ``status`` (0: reset the connection).

    ``path`` is searched in ``/beta/…`` or ``/<tenant>/oauth2/…``; ``times`` None never runs out.
    ``share`` is how many of those calls are hit. ``applied``: the call has its effect first, and
    only its answer is lost.
    """

    path: str
    status: int
    method: str | None = None
    tenant: str | None = None
    retry_after: int | None = None
    times: int | None = None
    share: float = 1.0
    applied: bool = False
    code: str = ""
    message: str = ""

    def applies(self, method: str, path: str, tenant: str | None) -> bool:
        return (
            self.times != 0
            and (self.method is None or self.method.upper() == method)
            and (self.tenant is None or self.tenant == tenant)
            and re.search(self.path, path) is not None
        )


@dataclass
class Faults:
    """Every switch of the simulator; the defaults are a service in perfect health.

    Shares lie between 0 and 1, ``retry_after`` is seconds (None: no header), pages are objects.
    ``every_nth_429`` counts calls and sub-requests, the shares count calls and whole batches.
    ``budgets`` keeps the published limits, times ``budget_scale``; ``budget_taken`` is the share of
    each tenant's limits that its other apps use.
    """

    seed: int = 0
    every_nth_429: int = 0
    retry_after: int | None = 1
    share_503: float = 0.0
    share_reset: float = 0.0
    delay_ms: int = 0
    max_page: int | None = None
    empty_page_every: int = 0
    replication_ms: int = 0
    conditional_access_per_second: int = 0
    budgets: bool = False
    budget_scale: float = 1.0
    budget_taken: float = 0.0
    budget_retry_after: bool = True
    token_lifetime: int = 3599
    next_link_base: str | None = None
    rules: list[Rule] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter, repr=False)
    spent: Budgets = field(default_factory=Budgets, repr=False)

    def update(self, values: dict[str, Any]) -> None:
        """Set some switches; the counters start again. Raises ``ValueError`` for unknown names."""
        known = {item.name for item in fields(self)} - {"counters", "spent"}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"unknown fault switch: {', '.join(unknown)}")
        for name, value in values.items():
            setattr(self, name, [Rule(**rule) for rule in value] if name == "rules" else value)
        self.counters.clear()
        self.spent = Budgets()

    def as_json(self) -> dict[str, Any]:
        values = {i.name: getattr(self, i.name) for i in fields(self) if i.name != "spent"}
        return values | {"rules": [vars(rule) for rule in self.rules], "counters": self.counters}

    def check_rules(
        self, method: str, path: str, tenant: str | None, *, applied: bool = False
    ) -> None:
        """Raises what the first matching rule says, of those before or after the effect."""
        for number, rule in enumerate(self.rules):
            if rule.applied != applied or not rule.applies(method, path, tenant):
                continue
            if rule.share < 1:
                self.counters[f"rule {number}"] += 1
                if not self._hit(f"rule {number}", self.counters[f"rule {number}"], rule.share):
                    continue
            if rule.times is not None:
                rule.times -= 1
            if rule.status == 0:
                raise ConnectionReset
            code = rule.code or _CODES.get(rule.status, "UnknownError")
            headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
            raise GraphRefusal(rule.status, code, rule.message or "Simulated.", headers=headers)

    def check_connection(self) -> None:
        """The shares of resets and 503, for a whole call."""
        self.counters["connections"] += 1
        number = self.counters["connections"]
        if self._hit("reset", number, self.share_reset):
            raise ConnectionReset
        if self._hit("503", number, self.share_503):
            raise GraphRefusal(503, "serviceNotAvailable", "The service is unavailable.")

    def check_throttle(self, *, intune: bool) -> None:
        """Every n-th call or sub-request is throttled."""
        self.counters["calls"] += 1
        if self.every_nth_429 and self.counters["calls"] % self.every_nth_429 == 0:
            raise throttled(self.retry_after, intune=intune)

    def spend_budget(
        self, tenant: str, tenant_id: str, application: str, method: str, segments: list[str]
    ) -> dict[str, str]:
        """Count the call; the headers its answer carries. Raises the 429 of a spent budget."""
        if not self.budgets:
            return {}
        verdict = self.spent.spend(
            tenant, method, segments, scale=self.budget_scale, taken=self.budget_taken
        )
        found = budget_headers(verdict, application, tenant_id)
        if verdict.wait is None:
            return found
        if not self.budget_retry_after:
            found.pop("Retry-After", None)
        message = "Too many requests."
        intune = not verdict.budget.startswith(("identity", "conditional"))
        raise GraphRefusal(429, "TooManyRequests", message, intune=intune, headers=found)

    def check_conditional_access(self, tenant: str, second: int) -> None:
        """Conditional Access allows few requests a second per tenant and gives no Retry-After."""
        if not self.conditional_access_per_second:
            return
        key = f"ca:{tenant}:{second}"
        self.counters[key] += 1
        if self.counters[key] > self.conditional_access_per_second:
            raise throttled(None)

    def _hit(self, kind: str, number: int, share: float) -> bool:
        if share <= 0:
            return False
        return random.Random(f"{self.seed}:{kind}:{number}").random() < share  # noqa: S311


_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Forbidden",
    404: "ResourceNotFound",
    409: "Conflict",
    410: "syncStateNotFound",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}
