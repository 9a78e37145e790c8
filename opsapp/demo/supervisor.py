"""Starts the demo's processes in order, watches them, and stops them in the opposite order."""

import contextlib
import fcntl
import hashlib
import json
import re
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from redis import Redis, RedisError

from opsapp.demo import DemoError, environment
from opsapp.demo.processes import Child, Stopped, wait_for
from opsapp.demo.tenants import SLUGS, ExportTenant, of_exports
from opsapp.embedded_redis import EmbeddedRedis

HOST = "127.0.0.1"  # accounts with printed passwords: for this machine only
WATCH_SECONDS = 0.2
PATIENCE = {"web": 10.0, "worker": 30.0, "simulator": 10.0}
ROOT = Path(__file__).resolve().parents[2]


class Signals:
    """Counts the requests to stop: the first stops in order, the second at once."""

    def __init__(self) -> None:
        self._received = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._received += 1

    def stopping(self) -> bool:
        return self._received > 0

    def hurry(self) -> bool:
        return self._received > 1


class Demo:
    """One demo: its folder, its port, its processes."""

    def __init__(self, home: Path, port: int, baselines: Path | None) -> None:
        self.port = port
        self.exports: list[ExportTenant] = of_exports(baselines) if baselines else []
        self.data = home / (f"demo-{_label(baselines)}" if baselines else "demo")
        self.env_file = home / "demo.env"
        self.base_url = f"http://{HOST}:{port}"
        self._signals = Signals()
        self._children: list[Child] = []
        self._server = EmbeddedRedis(self.data)

    def run(self) -> None:
        """Returns when asked to stop; raises DemoError when something breaks."""
        _refuse_busy(self.port)
        with self._locked():
            try:
                self._start()
                print(self._banner(), flush=True)
                self._watch()
            except Stopped:
                pass
            finally:
                self._stop()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.data / "demo.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DemoError(f"a demo with the data in {self.data} is running already") from None
            yield

    def _start(self) -> None:
        own = environment.own_secrets(self.env_file, self.data)
        announced = self._start_simulator()
        self._server.start_or_attach()
        base = environment.for_children(environment.configuration(own, self.data))
        self._once("migrations", base, "flask", "db", "upgrade")
        self._wait(announced.exists, "the simulator")
        base_url = json.loads(announced.read_text())["base_url"]
        simulated = environment.simulated(base_url, announced.with_name("ca.pem"))
        values = {**environment.configuration(own, self.data), **simulated}
        environment.write(self.env_file, values)
        self._start_application(environment.for_children(values), announced)

    def _start_application(self, children: dict[str, str], announced: Path) -> None:
        self._start_child("worker", children, "workers")
        serving = {**children, "HOST": HOST, "PORT": str(self.port)}
        self._start_child("web", serving, "gunicorn", "wsgi:app")
        self._once("seed", children, "flask", "demo", "seed", "--simulator", str(announced))
        self._wait(self._web_answers, "the web process")
        self._wait(self._worker_registered, "the worker")

    def _start_simulator(self) -> Path:
        """Returns the file in which it announces itself once it listens."""
        folder = self.data / "simulator"
        folder.mkdir(exist_ok=True, mode=0o700)
        announced = folder / "simulator.json"
        port = _port_of_last_time(announced)
        announced.unlink(missing_ok=True)
        content = [part for item in self.exports for part in ("--tenant", item.argument)]
        arguments = ["--dir", str(folder), "--port", str(port), *(content or ["--demo"])]
        self._start_child("simulator", environment.for_children({}), "opsapp.simulator", *arguments)
        return announced

    def _start_child(self, name: str, env: dict[str, str], module: str, *arguments: str) -> None:
        print(f"Starting the {name} ...", flush=True)
        command = [sys.executable, "-m", module, *arguments]
        self._children.append(Child(name, command, env, self._log(name)))

    def _once(self, name: str, env: dict[str, str], module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        child = Child(name, command, env, self._log(name))
        try:
            child.finish(self._stopping_or_broken)
        finally:
            child.stop(0, self._signals.hurry)

    def _log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        wait_for(holds, self._stopping_or_broken, what)

    def _stopping_or_broken(self) -> bool:
        """Whether to stop; raises DemoError when a process that should be running is not."""
        for child in self._children:
            child.check()
        return self._signals.stopping()

    def _web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004
        except OSError:
            return False

    def _worker_registered(self) -> bool:
        with Redis.from_url(self._server.url) as client:
            try:
                return bool(client.scard("rq:workers"))
            except RedisError:
                return False

    def _watch(self) -> None:
        while not self._stopping_or_broken():
            if not self._server.alive:
                raise DemoError(f"Valkey ended; see {self._server.folder / 'valkey.log'}")
            time.sleep(WATCH_SECONDS)

    def _stop(self) -> None:
        """Web first (no new work), then the worker (it finishes or hands back), then the rest."""
        print("Stopping (Ctrl-C again: at once) ...", flush=True)
        for child in reversed(self._children):
            child.stop(PATIENCE[child.name], self._signals.hurry)
        self._server.stop()
        print(f"Stopped. The data stay in {_short(self.data)}.", flush=True)

    def _banner(self) -> str:
        password = environment.read(self.env_file)[environment.PASSWORD]
        loaded = [f"{item.slug} ({item.folder.name})" for item in self.exports]
        tenants = (",\n" + " " * 13).join(loaded) or ", ".join(SLUGS)
        lines = (
            "",
            "OpsApp is running.",
            "",
            f"  Address    http://localhost:{self.port}",
            "  Sign in    admin@demo.test",
            f"  Password   {password}",
            "  Others     owner@, manager@, operator@ and viewer@demo.test, same password",
            f"  Tenants    {tenants}",
            f"  Shell      {_short(ROOT / '.venv/bin/flask')} -e {_short(self.env_file)} runs list",
            f"  Logs       {_short(self.data / 'logs')}",
            "",
            "Ctrl-C stops everything.",
        )
        return "\n".join(lines)


def _label(folder: Path) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:40]
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:6]
    return f"{plain}-{digest}"


def _short(path: Path) -> str:
    """The path as one would type it from here."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _refuse_busy(port: int) -> None:
    if not _is_free(port):
        raise DemoError(f"port {port} is in use. Choose another one: make demo PORT={port + 1}")


def _port_of_last_time(announced: Path) -> int:
    """The simulator's port as before, since links it gave out are in the database; 0 for any."""
    try:
        port = urlsplit(json.loads(announced.read_text())["base_url"]).port or 0
    except (OSError, ValueError, KeyError):
        return 0
    return port if _is_free(port) else 0
