"""How much of a tenant's budget is used when there is always more to read, by 1 and by 4 workers.

Measured at the simulator, over three windows after the first, against the budget of ``budgets.py``.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import redis
from cryptography.fernet import Fernet

from benchmarks.instance import running, temporary_instance
from benchmarks.sync_world import LIMITS, graph_requests, most_within
from opsapp.embedded_redis import redis_url
from opsapp.graph.budgets import BUDGETS
from opsapp.graph.client import AppCredential, GraphSettings, open_client
from opsapp.graph.workloads import Workload
from opsapp.simulator.process import Simulator, running_simulator

SLUG, COLLECTION = "busy", "deviceConfigurations"
WINDOWS = 3
PATIENCE_SECONDS = 300
AT_ONCE = 100
_TOO_MANY = 429


def benchmark() -> str:
    bucket = BUDGETS[Workload.INTUNE].everything
    lines = [
        f"rate of reading, of {bucket.units} requests in {bucket.window} s ({bucket.published})",
        f"  {'workers':<10} {'per second':>10} {'of budget':>10} {'most in 20 s':>13} {'429':>5}",
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsapp-rate-")))
        simulator = stack.enter_context(running_simulator(folder))
        simulator.set_faults(**LIMITS)
        lines += [_measure(simulator, workers) for workers in (1, 4)]
    return "\n".join(lines)


def _measure(simulator: Simulator, workers: int) -> str:
    bucket = BUDGETS[Workload.INTUNE].everything
    slug = f"{SLUG}-{workers}"
    tenant = simulator.add_tenant(slug)
    name = {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "displayName": "One"}
    one = simulator.add_object(slug, COLLECTION, name)["id"]
    simulator.clear_requests()
    with temporary_instance() as settings, ExitStack() as stack:
        arguments = [simulator.base_url, str(simulator.ca_path), redis_url(settings), one]
        arguments += [tenant.id, tenant.client_id, tenant.client_secret]
        command = [sys.executable, "-m", "benchmarks.graph_rate", *arguments]
        for _ in range(workers):
            stack.enter_context(running(command, settings))
        count = 1 + bucket.units * (1 + WINDOWS)
        parts = _wait_for(simulator, slug, count)
    moments = sorted(entry["at"] for entry in parts)
    # Whole windows: a budget may be used up at once and then waited for.
    seconds = moments[count - 1] - moments[bucket.units]
    rate = WINDOWS * bucket.units / seconds
    refused = sum(entry["status"] == _TOO_MANY for entry in parts)
    share = rate * bucket.window / bucket.units
    most = most_within(moments, bucket.window)
    return f"  {workers:<10} {rate:>10.1f} {share:>10.1%} {most:>13} {refused:>5}"


def _wait_for(simulator: Simulator, slug: str, count: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(parts := graph_requests(simulator.requests(slug))) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {len(parts)} of {count} requests")
        time.sleep(1)
    return parts


def read_for_ever(base: str, bundle: str, url: str, one: str, *credentials: str) -> None:
    """In a process of its own: a worker that is never done."""
    tenant, client_id, secret = credentials
    place = GraphSettings(login_base_url=base, graph_base_url=base, ca_bundle=bundle)
    addresses = {str(n): f"/deviceManagement/{COLLECTION}/{one}" for n in range(AT_ONCE)}
    with open_client(
        place,
        tenant,
        AppCredential(client_id, secret),
        redis=redis.Redis.from_url(url),
        fernet=Fernet(Fernet.generate_key()),
    ) as graph:
        while True:
            graph.get_many(addresses)


if __name__ == "__main__":
    read_for_ever(*sys.argv[1:])
