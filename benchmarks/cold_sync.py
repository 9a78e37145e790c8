"""The first sync of a tenant against a backup by IntuneCD 2.6, both of the same simulator over TLS.

``OPSAPP_BENCH_POLICIES`` (2,000) policies, every exchange delayed by 80 ms, once without limits and
once with those that the simulator can keep. "in 20 s" is the most Intune requests in any 20 s; the
service refuses more than 1,000. "429" counts what the simulator refused. IntuneCD comes from
``.venv-clients``, else from a virtual environment made for this once.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.kept import Kept, by_intunecd, by_opsapp, in_simulator
from benchmarks.sync_world import LIMITS, SLUG, SyncWorld, Traffic, sync_world

POLICIES = int(os.environ.get("OPSAPP_BENCH_POLICIES", "2000"))
LATENCY_MILLISECONDS = 80
_CLIENTS = Path(".venv-clients")
_CHILD = Path(__file__).with_name("intunecd_child.py")


def benchmark() -> str:
    with tempfile.TemporaryDirectory(prefix="opsapp-intunecd-") as name:
        python = _python_with_intunecd(Path(name))
        return "\n".join(_compared(python, limits) for limits in ({}, LIMITS))


def _compared(python: Path, limits: dict[str, int]) -> str:
    with sync_world(POLICIES) as world, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        there_is = in_simulator(world.simulator, SLUG, POLICIES)
        switches = {"delay_ms": LATENCY_MILLISECONDS, **limits}
        world.simulator.set_faults(**switches)
        ours = world.sync()
        seconds, traffic = _back_up(world, python, folder)
        world.simulator.clear_faults()
        everything = sum(there_is.values(), Kept())
        rows = (
            ("OpsApp", ours.seconds, ours.traffic, by_opsapp(SLUG, there_is)),
            ("IntuneCD", seconds, traffic, by_intunecd(folder / "backup", there_is)),
        )
    heading = (
        f"cold sync of {POLICIES:,} policies, {switches}: {everything.objects:,} objects,"
        f" {everything.assignments:,} assignments, {everything.settings:,} settings"
    )
    columns = (
        f"  {'':<10} {'seconds':>8} {'exchanges':>10} {'requests':>9} {'in 20 s':>8} {'429':>5}"
        "  missing: objects / assignments / settings"
    )
    ratios = (
        f"  {'ratio':<10} {seconds / ours.seconds:>8.1f}"
        f" {traffic.exchanges / ours.traffic.exchanges:>10.1f}"
        f" {traffic.requests / ours.traffic.requests:>9.1f}"
    )
    return "\n".join([heading, columns, *(_line(*row, everything) for row in rows), ratios])


def _line(name: str, seconds: float, traffic: Traffic, kept: Kept, everything: Kept) -> str:
    return (
        f"  {name:<10} {seconds:>8.1f} {traffic.exchanges:>10,} {traffic.requests:>9,}"
        f" {traffic.busiest:>8,} {traffic.throttled:>5}  {kept.missing_from(everything)}"
    )


def _back_up(world: SyncWorld, python: Path, folder: Path) -> tuple[float, Traffic]:
    backup = folder / "backup"
    backup.mkdir()
    simulator, tenant = world.simulator, world.tenant
    simulator.clear_requests()
    credentials = {
        "TENANT_NAME": tenant.id,
        "CLIENT_ID": tenant.client_id,
        "CLIENT_SECRET": tenant.client_secret,
    }
    started = time.monotonic()
    with (folder / "intunecd.log").open("wb") as log:
        done = subprocess.run(
            [python, _CHILD, simulator.base_url, simulator.ca_path, backup],
            env={**os.environ, **credentials},
            stdout=log,
            stderr=log,
            check=False,
        )
    seconds = time.monotonic() - started
    if done.returncode != 0:
        tail = (folder / "intunecd.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"IntuneCD ended with {done.returncode}: {tail}")
    return seconds, Traffic.of(simulator.requests())


def _python_with_intunecd(folder: Path) -> Path:
    if _CLIENTS.exists():
        return _CLIENTS / "bin" / "python"
    made = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", made], check=True)
    python = made / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "IntuneCD==2.6.0"], check=True)
    return python
