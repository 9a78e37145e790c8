"""Published throttling limits per app and tenant, and the rates that stay just below them.

A bucket of ``rate`` and ``burst`` lets at most ``burst + rate * window`` through in a window, so
each pair is chosen to end 5 to 10 % under the limit beside it.
"""

from dataclasses import dataclass
from typing import Final

from opsapp.graph.workloads import Cost, Workload


@dataclass(frozen=True)
class Bucket:
    """``rate`` units per second on average, ``burst`` units at once.

    ``whole_tenant``: the limit counts every app in the tenant, so all ours share it.
    """

    name: str
    rate: float
    burst: float
    whole_tenant: bool = False


@dataclass(frozen=True)
class Budget:
    everything: Bucket
    writes: Bucket | None = None


BUDGETS: Final = {
    # 1,000 requests in 20 s, 100 writes in 20 s
    Workload.INTUNE: Budget(
        Bucket("intune", rate=45, burst=50), Bucket("intune-write", rate=4, burst=10)
    ),
    # 2,000 requests in 20 s, 200 writes in 20 s
    Workload.DEVICES: Budget(
        Bucket("devices", rate=90, burst=100), Bucket("devices-write", rate=8, burst=20)
    ),
    # 3,500 resource units in 10 s (the smallest tenants), 3,000 writes in 150 s
    Workload.IDENTITY: Budget(
        Bucket("identity", rate=280, burst=400), Bucket("identity-write", rate=18, burst=100)
    ),
    # one request a second for all apps together, and no Retry-After
    Workload.CONDITIONAL_ACCESS: Budget(
        Bucket("conditional-access", rate=0.95, burst=1, whole_tenant=True)
    ),
}


def buckets_of(cost: Cost) -> tuple[Bucket, ...]:
    """Every bucket the request takes from."""
    budget = BUDGETS[cost.workload]
    if cost.write and budget.writes is not None:
        return budget.everything, budget.writes
    return (budget.everything,)


def throttled_bucket(cost: Cost) -> Bucket:
    """The bucket a 429 for this request speaks of; reads and writes are throttled apart."""
    return buckets_of(cost)[-1]
