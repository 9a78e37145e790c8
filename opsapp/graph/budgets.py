"""Published throttling limits per app and tenant, and what we let through: just below them.

The service counts a request at some moment between its sending and its answer. A bucket counts it
over all of that time and a window more, so no window of the service can hold more than ours.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from opsapp.graph.workloads import Cost, Workload

_MARGIN: Final = 0.02  # for clocks that do not run alike
_SLOTS: Final = 100


@dataclass(frozen=True)
class Bucket:
    """The service allows ``published`` units in any ``window`` seconds.

    ``whole_tenant``: the limit counts every app in the tenant, so all ours share it.
    """

    name: str
    published: int
    window: float
    whole_tenant: bool = False

    @property
    def units(self) -> int:
        """What we let through in a window."""
        return max(1, int(self.published * (1 - _MARGIN)))

    @property
    def slot(self) -> float:
        """Seconds: as exactly as this is remembered when a unit was used."""
        return self.window / _SLOTS


@dataclass(frozen=True)
class Budget:
    everything: Bucket
    writes: Bucket | None = None


BUDGETS: Final = {
    Workload.INTUNE: Budget(Bucket("intune", 1000, 20), Bucket("intune-write", 100, 20)),
    Workload.DEVICES: Budget(Bucket("devices", 2000, 20), Bucket("devices-write", 200, 20)),
    # Resource units of the smallest tenants; larger ones have up to 8,000.
    Workload.IDENTITY: Budget(Bucket("identity", 3500, 10), Bucket("identity-write", 3000, 150)),
    # One request a second for all apps together, and no Retry-After.
    Workload.CONDITIONAL_ACCESS: Budget(Bucket("conditional-access", 1, 1, whole_tenant=True)),
}
RESOURCE_UNITS: Final = BUDGETS[Workload.IDENTITY].everything

Demand = Mapping[Bucket, int]


def buckets_of(cost: Cost) -> tuple[Bucket, ...]:
    """Every bucket the request takes from."""
    budget = BUDGETS[cost.workload]
    if cost.write and budget.writes is not None:
        return budget.everything, budget.writes
    return (budget.everything,)


def demand_of(costs: Iterable[Cost]) -> Demand:
    """The units taken from each bucket by requests that are sent together."""
    units: Counter[Bucket] = Counter()
    for cost in costs:
        for bucket in buckets_of(cost):
            units[bucket] += cost.units
    return units


def throttled_bucket(cost: Cost) -> Bucket:
    """The bucket a 429 for this request speaks of; reads and writes are throttled apart."""
    return buckets_of(cost)[-1]
