"""The first sync of a tenant against a backup by IntuneCD 2.6, both of the same simulator over TLS.

``OPSAPP_BENCH_POLICIES`` (2,000) policies, every exchange delayed by 80 ms, once without limits and
once with the published ones, kept by the simulator for each reader anew. "in 20 s" is the most
Intune requests in any 20 s; the service refuses more than 1,000. "429" counts what was refused.
What is missing is measured against what the simulator holds. IntuneCD comes from ``.venv-clients``,
else from a virtual environment made for this once.
"""

import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from benchmarks.kept import OBJECTS, Parts, by_intunecd, by_opsapp, in_simulator, missing, total
from benchmarks.sync_world import (
    LIMITS,
    PATIENCE_SECONDS,
    SLUG,
    SyncWorld,
    Traffic,
    sync_world,
)
from tests.clients.intunecd import back_up

POLICIES = int(os.environ.get("OPSAPP_BENCH_POLICIES", "2000"))
LATENCY_MILLISECONDS = 80
_CLIENTS = Path(".venv-clients")


def benchmark() -> str:
    with tempfile.TemporaryDirectory(prefix="opsapp-intunecd-") as name:
        python = _python_with_intunecd(Path(name))
        return "\n".join(_compared(python, limits) for limits in ({}, LIMITS))


def _compared(python: Path, limits: Mapping[str, object]) -> str:
    switches = {"delay_ms": LATENCY_MILLISECONDS, **limits}
    with sync_world(POLICIES) as world, tempfile.TemporaryDirectory() as name:
        there_is = in_simulator(world.simulator, SLUG)
        world.simulator.set_faults(**switches)
        ours = world.sync()
        world.simulator.set_faults(**switches)  # budgets unspent
        seconds, traffic = _back_up(world, python, Path(name))
        rows = (
            _line("OpsApp", ours.seconds, ours.traffic, missing(there_is, by_opsapp())),
            _line("IntuneCD", seconds, traffic, missing(there_is, by_intunecd(Path(name)))),
        )
    heading = f"cold sync of {POLICIES:,} policies, {switches}: {_counted(total(there_is))}"
    columns = (
        f"  {'':<10} {'seconds':>8} {'exchanges':>10} {'requests':>9} {'in 20 s':>8} {'429':>6}"
    )
    ratios = (
        f"  {'ratio':<10} {seconds / ours.seconds:>8.1f}"
        f" {traffic.exchanges / ours.traffic.exchanges:>10.1f}"
        f" {traffic.requests / ours.traffic.requests:>9.1f}"
    )
    return "\n".join([heading, columns, *rows, ratios])


def _line(name: str, seconds: float, traffic: Traffic, lost: Parts) -> str:
    return (
        f"  {name:<10} {seconds:>8.1f} {traffic.exchanges:>10,} {traffic.requests:>9,}"
        f" {traffic.busiest:>8,} {traffic.throttled:>6,}  missing: {_counted(lost)}"
    )


def _counted(parts: Parts) -> str:
    """Objects first, then the most frequent parts."""
    ordered = sorted(parts.items(), key=lambda one: (one[0] != OBJECTS, -one[1]))
    return ", ".join(f"{count:,} {name}" for name, count in ordered) or "nothing"


def _back_up(world: SyncWorld, python: Path, folder: Path) -> tuple[float, Traffic]:
    simulator = world.simulator
    simulator.clear_requests()
    started = time.monotonic()
    ended = back_up(
        python,
        simulator.base_url,
        simulator.ca_path,
        _token(world),
        folder,
        seconds=PATIENCE_SECONDS,
    )
    seconds = time.monotonic() - started
    if ended.returncode != 0:
        said = (ended.stdout + ended.stderr)[-2000:]
        raise RuntimeError(f"IntuneCD ended with {ended.returncode}: {said}")
    return seconds, Traffic.of(simulator.requests())


def _token(world: SyncWorld) -> str:
    """Signs in for it: its sign-in library asks a fixed host about the other hosts first."""
    base, tenant = world.simulator.base_url, world.tenant
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
        "scope": f"{base}/.default",
    }
    trust = ssl.create_default_context(cafile=str(world.simulator.ca_path))
    with httpx.Client(verify=trust, trust_env=False) as http:
        answer = http.post(f"{base}/{tenant.id}/oauth2/v2.0/token", data=form).raise_for_status()
    return str(answer.json()["access_token"])


def _python_with_intunecd(folder: Path) -> Path:
    if _CLIENTS.exists():
        return _CLIENTS / "bin" / "python"
    made = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", made], check=True)
    python = made / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "IntuneCD==2.6.0"], check=True)
    return python
