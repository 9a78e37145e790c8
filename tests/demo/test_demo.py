"""`python -m opsapp.demo` as a person meets it: starts, serves, stops, leaves nothing behind."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.embedded.helpers import eventually

pytestmark = [pytest.mark.timeout(480), pytest.mark.skipif(sys.platform != "linux", reason="/proc")]
START_SECONDS = 180  # six on a quiet machine


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_of(home):
    """The processes that know the demo's folder, from arguments, environment or where they are."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            arguments = (entry / "cmdline").read_bytes()
            place = os.fsencode((entry / "cwd").readlink())  # a server may rename itself
            if os.fsencode(home) in arguments + place + (entry / "environ").read_bytes():
                program = (entry / "exe").readlink().name
                found[int(entry.name)] = f"{program} {arguments.replace(bytes(1), b' ').decode()}"
    return found


class Terminal:
    """A demo started as from a shell, with what it printed."""

    def __init__(self, home, port, *arguments):
        self.port = port
        self.output = home.parent / f"terminal-{port}.txt"
        with self.output.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "opsapp.demo", *arguments],
                env={**os.environ, "OPSAPP_INSTANCE": str(home), "PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self):
        return self.output.read_text()

    def wait_for(self, words):
        def said():
            return words in self.text or self.process.poll() is not None

        assert eventually(said, START_SECONDS), self.text
        assert words in self.text, self.text

    def end(self, number=None):
        if number:
            self.process.send_signal(number)
        return self.process.wait(60)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()


@pytest.fixture
def home(tmp_path):
    return tmp_path / "instance"


@pytest.fixture
def demo(home):
    started = []

    def start(*arguments):
        terminal = Terminal(home, free_port(), *arguments)
        started.append(terminal)
        return terminal

    yield start
    for terminal in started:
        if terminal.process.poll() is None:
            terminal.end(signal.SIGTERM)
    for pid in processes_of(home):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def slugs(home):
    flask = [sys.executable, "-m", "flask", "-e", str(home / "demo.env")]
    listed = subprocess.run(
        [*flask, "tenants", "list", "--json"], capture_output=True, text=True, check=True
    )
    return {tenant["slug"] for tenant in json.loads(listed.stdout)}


def password_in(text):
    return re.search(r"Password +(\S+)", text)[1]


def test_it_starts_serves_stops_and_keeps_its_data(demo, home):
    first = demo()
    first.wait_for("Ctrl-C stops everything.")
    assert f"http://localhost:{first.port}" in first.text
    assert "admin@demo.test" in first.text
    status, page = first.get("/login")
    assert status == 200
    assert "<form" in page
    running = " ".join(processes_of(home).values())
    for part in ("opsapp.simulator", "valkey-server", "workers", "gunicorn"):
        assert part in running
    assert slugs(home) == {"contoso", "fabrikam", "northwind"}
    assert first.end(signal.SIGINT) == 0, first.text
    assert processes_of(home) == {}
    with pytest.raises(urllib.error.URLError):
        first.get("/healthz")

    second = demo()
    second.wait_for("Ctrl-C stops everything.")
    assert password_in(second.text) == password_in(first.text)
    assert second.end(signal.SIGTERM) == 0
    assert processes_of(home) == {}


def test_folders_of_exports_take_the_place_of_the_made_up_tenants(demo, home, tmp_path):
    for name in ("alpha", "beta", "gamma", "delta"):
        policies = tmp_path / "exports" / name / "deviceConfigurations"
        policies.mkdir(parents=True)
        policy = {"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration", "id": name}
        (policies / "one.json").write_text(json.dumps({**policy, "displayName": name}))
    terminal = demo("--baselines", str(tmp_path / "exports"))
    terminal.wait_for("Ctrl-C stops everything.")
    assert "fabrikam (beta)" in terminal.text
    assert slugs(home) == {"contoso", "fabrikam", "northwind", "gamma"}
    assert terminal.end(signal.SIGINT) == 0
    assert not (home / "demo").exists()  # data of its own, beside the ordinary demo's


@pytest.mark.parametrize(
    ("victim", "obituary"),
    [("-m workers ", "worker was killed by signal 9"), ("valkey-server ", "Valkey ended")],
)
def test_when_a_part_dies_it_says_so_and_stops(demo, home, victim, obituary):
    terminal = demo()
    terminal.wait_for("Ctrl-C stops everything.")
    # a worker comes before its launcher and the process of the next job, which are named alike
    pid = min(pid for pid, arguments in processes_of(home).items() if victim in arguments)
    os.kill(pid, signal.SIGKILL)
    assert terminal.end() == 1
    assert obituary in terminal.text
    assert processes_of(home) == {}


def test_killed_outright_it_still_leaves_nothing_behind(demo, home):
    terminal = demo()
    terminal.wait_for("Ctrl-C stops everything.")
    terminal.end(signal.SIGKILL)
    assert eventually(lambda: processes_of(home) == {}, 40), processes_of(home)


def test_a_busy_port_is_said_before_anything_starts(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        terminal = Terminal(home, port)
        assert terminal.end() == 1
    assert f"port {port} is in use" in terminal.text
    assert "Starting" not in terminal.text
    assert not home.exists()


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_a_port_that_is_none_is_refused(home, port):
    terminal = Terminal(home, port)
    assert terminal.end() == 1
    assert "PORT must be a number" in terminal.text
