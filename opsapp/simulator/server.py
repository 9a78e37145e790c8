"""gunicorn around the simulator: TLS, one worker with threads, and the file that says it is up."""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from opsapp.simulator import certificates
from opsapp.simulator.app import create_simulator
from opsapp.simulator.state import World
from opsapp.simulator.tokens import TokenKey

THREADS = 32
READY_FILE = "simulator.json"
_KEEPALIVE_SECONDS = 60
_PR_SET_PDEATHSIG = 1


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, wsgi: Callable[..., Any], options: dict[str, Any]) -> None:
        self._wsgi = wsgi
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        return self._wsgi


def serve(world: World, files: certificates.Files, port: int) -> None:
    """Serve ``world`` until a signal ends it. Does not return: gunicorn exits the process."""
    ready = files.folder / READY_FILE
    key = TokenKey(certificates.load_token_key(files))

    def announce(worker: Any) -> None:
        _announce(world, ready, worker.sockets[0].getsockname()[1], os.getppid())

    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": THREADS,
        "timeout": 0,  # the state lives in the worker: it must not be killed for being busy
        "graceful_timeout": 2,
        "keepalive": _KEEPALIVE_SECONDS,
        "loglevel": "warning",
        "certfile": str(files.server),
        "keyfile": str(files.server_key),
        "limit_request_line": 8190,
        "control_socket_disable": True,
        "proc_name": "opsapp-simulator",
        "post_worker_init": announce,
    }
    ready.unlink(missing_ok=True)
    _Server(create_simulator(world, key), options).run()


def _announce(world: World, ready: Path, port: int, pid: int) -> None:
    """Runs in the worker once it can answer: the socket listens and the state is loaded.

    The file outlives the process: who starts it again on the same port keeps links alive.
    """
    world.hosts = frozenset({f"localhost:{port}", f"127.0.0.1:{port}"})
    described = {
        "base_url": f"https://localhost:{port}",
        "pid": pid,
        "tenants": [tenant.credentials() for tenant in world.tenants.values()],
    }
    certificates.write_private(ready, json.dumps(described, indent=2).encode())


def die_with_parent(parent: int) -> None:
    """Ask Linux to end this process when ``parent`` ends; elsewhere the parent has to do it."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the request took effect
        sys.exit(1)
