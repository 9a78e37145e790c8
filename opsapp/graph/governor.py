"""One throttling budget per tenant and workload, shared by every worker through Redis.

A request is admitted when its units fit into every window it could be counted in, and settled when
it is over. Who must wait keeps a place in the queue; interactive work goes first. A ``Retry-After``
that one worker receives is obeyed by all, and a 429 that our own use does not explain means that
the tenant's other apps use the budget too: our share shrinks, and grows back within two minutes.
"""

import logging
import random
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from opsapp.graph.budgets import RESOURCE_UNITS, Bucket, Demand, demand_of, throttled_bucket
from opsapp.graph.errors import Throttled
from opsapp.graph.local_books import LocalBooks
from opsapp.graph.settings import RetryPolicy
from opsapp.graph.shared import RedisLink, Unreachable
from opsapp.graph.shared_books import SharedBooks, Waits
from opsapp.graph.workloads import Cost

_logger = logging.getLogger(__name__)
_LONGEST_BLOCK: Final = 3600.0
_SPREAD: Final = 0.25
_CROWDED: Final = 0.8
_OURS: Final = 0.8  # of what is in use: then it is we who use it


@dataclass(frozen=True)
class Admission:
    """The right to send one exchange; to be settled when it is over. ``lease_end``: of Redis."""

    demand: Demand
    lease_end: int | None


class Governor:
    """Admits requests of one app in one tenant. Safe to use from several threads.

    Args:
        policy: how long to wait after a 429 that does not say.
        wait: sleeps the given seconds; may raise to interrupt.
        max_wait: seconds; a longer wait raises Throttled so that the run can be parked.
        interactive: somebody waits for it; others make room.

    """

    def __init__(
        self,
        link: RedisLink,
        *,
        client_id: str,
        tenant_id: str,
        policy: RetryPolicy,
        wait: Callable[[float], None],
        max_wait: float,
        interactive: bool = False,
    ) -> None:
        self._shared = SharedBooks(link, client_id=client_id, tenant_id=tenant_id)
        # Others are just as blind while Redis is away, so each takes half.
        self._alone = LocalBooks(share=0.5 if link.expected else 1.0)
        self._waits = Waits(policy.first_throttle_backoff, policy.longest_backoff)
        self._wait = wait
        self._max_wait = max_wait
        self._interactive = interactive

    def admit(self, costs: Iterable[Cost]) -> Admission:
        """Returns when the exchange may be sent; raises Throttled when that is too far away."""
        demand = demand_of(costs)
        who, waited = secrets.token_hex(8), 0.0
        while True:
            wait, lease_end = self._ask(who, demand, self._max_wait - waited)
            if wait <= 0:
                return Admission(demand, lease_end)
            if waited + wait > self._max_wait:
                raise Throttled(retry_after=wait, sent=False)
            try:
                self._wait(wait)
            except BaseException:
                with suppress(Unreachable):
                    self._shared.leave(who, demand)
                raise
            waited += wait

    def settle(
        self, admission: Admission, *, resource_units: int | None = None, sent: bool = True
    ) -> None:
        """The exchange is over.

        ``resource_units``: what the service says it cost, if it does. ``sent`` False: it certainly
        never reached the service.
        """
        used = dict(admission.demand) if sent else {}
        if sent and resource_units is not None and RESOURCE_UNITS in used:
            used[RESOURCE_UNITS] = resource_units
        self._settle(admission.demand, admission.lease_end, used)

    def add_resource_units(self, units: int) -> None:
        """What was settled cost so much more than was thought."""
        self._settle({RESOURCE_UNITS: 0}, 0, {RESOURCE_UNITS: units})

    def throttled(self, cost: Cost, seconds: float | None) -> None:
        """A 429: nobody sends to its bucket for so long. None: it does not say, so we choose."""
        self._block(throttled_bucket(cost), seconds, throttled=True)

    def unavailable(self, cost: Cost, seconds: float) -> None:
        """A 503 that asks to wait: nobody sends for so long."""
        self._block(throttled_bucket(cost), seconds, throttled=False)

    def note_use(self, part: float) -> None:
        """The directory says that this part of a limit is in use by everybody: 0.8 to 1.8."""
        if part < _CROWDED:
            return
        with suppress(Unreachable):
            self._shared.crowded(RESOURCE_UNITS, _OURS * part * RESOURCE_UNITS.published)

    def _ask(self, who: str, demand: Demand, longest: float) -> tuple[float, int | None]:
        try:
            wait, lease_end = self._shared.admit(
                who, demand, interactive=self._interactive, longest=longest
            )
        except Unreachable:
            return self._alone.admit(demand), None
        if wait <= 0:
            self._alone.note_admitted(demand)
        return wait, lease_end

    def _settle(self, demand: Demand, lease_end: int | None, used: Demand) -> None:
        self._alone.settle(demand, used)
        if lease_end is not None:
            with suppress(Unreachable):  # the lease ends by itself
                self._shared.settle(demand, lease_end, used)

    def _block(self, bucket: Bucket, seconds: float | None, *, throttled: bool) -> None:
        length = min(seconds, _LONGEST_BLOCK) if seconds else None
        self._alone.block(bucket, length, self._waits.first, self._waits.longest)
        spread = random.uniform(0.0, _SPREAD)  # noqa: S311 - no secret
        try:
            self._shared.block(bucket, length, self._waits, spread, throttled=throttled)
        except Unreachable:
            _logger.debug("block of %s kept in this process only", bucket.name)
