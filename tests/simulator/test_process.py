"""The process: files it makes, arguments it refuses, and that it ends when it should."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from opsapp.simulator.process import Simulator, SimulatorError, TenantSpec, running_simulator

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
TENANT = TenantSpec("solo", "22222222-2222-2222-2222-222222222222")


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def workers_of(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def test_files_are_private_and_reused(tmp_path):
    with running_simulator(tmp_path, tenants=[TENANT]) as first:
        ca = first.ca_path.read_bytes()
        credentials = first.tenants["solo"]
        described = json.loads((tmp_path / "simulator.json").read_text())
        assert described["base_url"] == first.base_url
        assert described["pid"] == first.process.pid
        for name in ("ca.key", "server.key", "token.key", "simulator.json"):
            assert (tmp_path / name).stat().st_mode & 0o077 == 0
    with running_simulator(tmp_path, tenants=[TENANT]) as second:
        assert second.process.pid != first.process.pid
        assert json.loads((tmp_path / "simulator.json").read_text())["pid"] == second.process.pid
        assert second.ca_path.read_bytes() == ca
        assert second.tenants["solo"] == credentials


def test_both_names_of_the_machine_are_trusted_and_strictly(tmp_path):
    with running_simulator(tmp_path) as simulator:
        context = ssl.create_default_context(cafile=str(simulator.ca_path))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        with httpx.Client(verify=context, trust_env=False) as client:
            for host in ("localhost", "127.0.0.1"):
                url = simulator.base_url.replace("localhost", host)
                assert client.get(f"{url}/_sim/health").json() == {"ok": True}


@linux
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_all_of_it(tmp_path, ending):
    simulator = Simulator.start(tmp_path)
    try:
        (worker,) = workers_of(simulator.process.pid)
        simulator.process.send_signal(ending)
        simulator.process.wait(15)
        until(lambda: not is_alive(worker))
        with pytest.raises(httpx.TransportError):
            simulator.control("GET", "/health")
    finally:
        simulator.stop()


@linux
def test_it_dies_with_its_parent(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from opsapp.simulator.process import Simulator\n"
        "print(Simulator.start(Path(sys.argv[1])).process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        pid = int(parent.stdout.readline())
        workers = workers_of(pid)
        parent.kill()
    until(lambda: not any(is_alive(one) for one in (pid, *workers)))


@linux
def test_the_worker_does_not_outlive_a_killed_master(tmp_path):
    simulator = Simulator.start(tmp_path)
    try:
        (worker,) = workers_of(simulator.process.pid)
        simulator.process.kill()
        until(lambda: not is_alive(worker))
    finally:
        simulator.stop()


def test_a_start_that_fails_tells_the_reason(tmp_path):
    with pytest.raises(SimulatorError, match="no GUID"):
        Simulator.start(tmp_path, tenants=[TenantSpec("x", "nonsense")])
    missing = TenantSpec("x", TENANT.id, tmp_path / "missing")
    with pytest.raises(SimulatorError, match="FOLDER"):
        Simulator.start(tmp_path, tenants=[missing])


def test_a_given_port_is_used(tmp_path):
    with running_simulator(tmp_path / "a") as first:
        port = int(first.base_url.rsplit(":", 1)[1])
    with running_simulator(tmp_path / "b", port=port) as second:
        assert second.base_url == first.base_url


def test_a_demo_tenant_can_be_replaced_by_a_folder(tmp_path):
    folder = tmp_path / "export" / "Filters"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text('{"displayName": "A", "platform": "iOS", "rule": "(x)"}')
    spec = TenantSpec("contoso", TENANT.id, tmp_path / "export")
    with running_simulator(tmp_path / "sim", tenants=[spec], demo=True) as simulator:
        assert set(simulator.tenants) == {"contoso", "fabrikam", "northwind"}
        assert simulator.tenants["contoso"].id == TENANT.id
        assert simulator.load_report("contoso")["objects"] == {"assignmentFilters": 1, "groups": 0}
        assert simulator.load_report("fabrikam")["objects"]["groups"] >= 40
