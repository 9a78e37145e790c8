"""A made-up tenant in a simulator of its own, and an installation with a worker that syncs it.

What is measured is what ``flask runs start inventory.sync`` and a real worker do.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.instance import environment_of, running, temporary_instance
from opsapp.config import Settings
from opsapp.graph.budgets import BUDGETS
from opsapp.graph.workloads import Workload, cost_of
from opsapp.simulator.process import SimulatedTenant, Simulator, running_simulator
from tests.support.performing import connect

SLUG = "made-up"
PATIENCE_SECONDS = 3600
# The switch that makes the simulator refuse what the service would.
LIMITS = {"budgets": True}
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Traffic:
    """What the simulator was asked: HTTP exchanges, and Graph requests with parts of batches."""

    exchanges: int
    requests: int
    throttled: int
    busiest: int  # requests in any 20 seconds of the Intune limit; scripts have another one

    @classmethod
    def of(cls, entries: list[dict[str, Any]]) -> "Traffic":
        parts = graph_requests(entries)
        intune = sorted(
            entry["at"]
            for entry in parts
            if cost_of(entry["method"], entry["path"]).workload is Workload.INTUNE
        )
        return cls(
            exchanges=sum(not entry["in_batch"] for entry in entries),
            requests=len(parts),
            throttled=sum(entry["status"] == 429 for entry in parts),
            busiest=most_within(intune, BUDGETS[Workload.INTUNE].everything.window),
        )


def graph_requests(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What counts for Graph: each part of a batch, but neither the batch itself nor a sign-in."""
    return [e for e in entries if "status" in e and not e["path"].endswith("$batch")]


def most_within(moments: list[float], seconds: float) -> int:
    """The most of some ordered moments that lie in one window."""
    first = most = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@dataclass(frozen=True)
class Synced:
    seconds: float  # of the command, from its start until it says that the run has ended
    traffic: Traffic
    run: dict[str, Any]
    peak_kilobytes: int  # of the process of the job


@dataclass(frozen=True)
class SyncWorld:
    simulator: Simulator
    tenant: SimulatedTenant
    settings: Settings
    worker: int

    def sync(self) -> Synced:
        self.simulator.clear_requests()
        started = time.monotonic()
        with _peak_of_children(self.worker) as peak:
            run = self.done("inventory.sync")
        seconds = time.monotonic() - started
        return Synced(seconds, Traffic.of(self.simulator.requests()), run, peak[0])

    def done(self, operation: str) -> dict[str, Any]:
        """The run, when it has succeeded."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "runs", "start", operation]
        command += ["--tenant", SLUG, "--wait", str(PATIENCE_SECONDS), "--json"]
        ended = subprocess.run(
            command, env=environment_of(self.settings), capture_output=True, check=False
        )
        if ended.returncode != 0:
            raise RuntimeError(
                f"{operation} ended with {ended.returncode}: {ended.stderr.decode()}"
            )
        run: dict[str, Any] = json.loads(ended.stdout)
        return run


@contextmanager
def sync_world(policies: int) -> Iterator[SyncWorld]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsapp-sync-")))
        simulator = stack.enter_context(running_simulator(folder / "simulator"))
        settings = stack.enter_context(
            temporary_instance(
                graph_base_url=simulator.base_url,
                login_base_url=simulator.base_url,
                ca_bundle=simulator.ca_path,
            )
        )
        tenant = simulator.add_tenant(SLUG, policies=policies)
        connect(settings, tenant)
        worker = stack.enter_context(running([sys.executable, "-m", "workers"], settings))
        world = SyncWorld(simulator, tenant, settings, worker.pid)
        world.done("tenant.verify")  # the worker is up
        yield world


@contextmanager
def _peak_of_children(parent: int) -> Iterator[list[int]]:
    """The largest VmHWM of any process below ``parent``, in kilobytes, watched meanwhile."""
    peak, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            peak[0] = max([peak[0], *map(_high_water, _below(parent))])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _below(process: int) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    children = [int(name) for name in text.split()]
    return children + [each for child in children for each in _below(child)]


def _high_water(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
