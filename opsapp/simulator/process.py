"""Start the simulator as a child process, wait until it answers, talk to it, stop it."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

_READY_FILE = "simulator.json"
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_LOG_LINES = 20


@dataclass(frozen=True)
class TenantSpec:
    """A tenant to start with: empty, or loaded from an export folder."""

    slug: str
    id: str
    folder: Path | None = None


@dataclass(frozen=True)
class SimulatedTenant:
    """What an administrator would know of a tenant. ``repr`` hides the secret."""

    slug: str
    id: str
    name: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"SimulatedTenant(slug={self.slug!r}, id={self.id!r})"


class SimulatorError(Exception):
    """The simulator did not start, or refused a control request."""


class Simulator:
    """A running simulator.

    ``base_url`` is both the login and the Graph base URL; trust it with ``ca_path``. The process
    ends with ``stop`` and, on Linux, with the thread that started it: start it from the main one.
    """

    def __init__(self, directory: Path, process: subprocess.Popen[bytes]) -> None:
        described = json.loads((directory / _READY_FILE).read_bytes())
        self.directory = directory
        self.process = process
        self.base_url: str = described["base_url"]
        self.ca_path = directory / "ca.pem"
        self.tenants = {row["slug"]: SimulatedTenant(**row) for row in described["tenants"]}
        self._client = httpx.Client(
            base_url=self.base_url + "/_sim",
            verify=ssl.create_default_context(cafile=str(self.ca_path)),
            timeout=30,
            trust_env=False,
        )

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        tenants: Sequence[TenantSpec] = (),
        demo: bool = False,
        port: int = 0,
    ) -> Self:
        """Start it and wait until it answers. Raises ``SimulatorError`` with the end of its log."""
        directory.mkdir(parents=True, exist_ok=True)
        ready = directory / _READY_FILE
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "opsapp.simulator", "--dir", str(directory)]
        command += ["--port", str(port), "--die-with-parent", str(os.getpid())]
        for spec in tenants:
            folder = f"={spec.folder}" if spec.folder else ""
            command += ["--tenant", f"{spec.slug}={spec.id}{folder}"]
        if demo:
            command.append("--demo")
        with (directory / "simulator.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=os.environ | {"PYTHONPATH": _import_path()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us first; we stop it in order
            )
        try:
            _wait_until_ready(ready, process, directory)
            return cls(directory, process)
        except BaseException:
            _end(process)
            raise

    def stop(self) -> None:
        """End the process that was started, and nothing else."""
        self._client.close()
        _end(self.process)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the control API: ``control("POST", "/faults", {"every_nth_429": 5})``."""
        response = self._client.request(method, path, json=body)
        if response.is_error:
            raise SimulatorError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()

    def add_tenant(
        self,
        slug: str,
        *,
        tenant_id: str | None = None,
        folder: Path | None = None,
        policies: int = 0,
    ) -> SimulatedTenant:
        """One more tenant while it runs: empty, from an export folder, or with made-up policies."""
        body = {"slug": slug, "id": tenant_id, "policies": policies}
        body["folder"] = str(folder) if folder else None
        self.tenants[slug] = SimulatedTenant(**self.control("POST", "/tenants", body))
        return self.tenants[slug]

    def set_faults(self, **switches: Any) -> None:
        """Set fault switches (see ``faults.Faults``); the others keep their values."""
        self.control("POST", "/faults", switches)

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")

    def requests(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """The request log, oldest first: method, path, query, status, tenant, in_batch, ids."""
        entries: list[dict[str, Any]] = self.control("GET", "/requests")
        return [entry for entry in entries if tenant is None or entry["tenant"] == tenant]

    def clear_requests(self) -> None:
        self.control("DELETE", "/requests")

    def load_report(self, slug: str) -> dict[str, Any]:
        """Objects per collection, and the files left out with reasons, of one tenant."""
        rows: list[dict[str, Any]] = self.control("GET", "/load-report")["tenants"]
        return next(row for row in rows if row["slug"] == slug)

    def set_permissions(
        self, slug: str, *, grant: Sequence[str] = (), revoke: Sequence[str] = ()
    ) -> None:
        """Change what the application may; tokens given out before answer 401."""
        body = {"tenant": slug, "grant": list(grant), "revoke": list(revoke)}
        self.control("POST", "/permissions", body)

    def expire_tokens(self, slug: str) -> None:
        self.control("POST", "/expire-tokens", {"tenant": slug})

    def reset_delta(self, slug: str) -> None:
        """Every delta token given out before answers 410 from now on."""
        self.control("POST", "/delta-reset", {"tenant": slug})

    def objects(self, slug: str, collection: str) -> list[dict[str, Any]]:
        """Everything in a collection: ``id``, ``file``, ``content`` and ``children``."""
        rows: list[dict[str, Any]] = self.control("GET", f"/objects/{slug}/{collection}")
        return rows

    def add_object(self, slug: str, collection: str, content: dict[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = self.control("POST", f"/objects/{slug}/{collection}", content)
        return row

    def change_object(self, slug: str, collection: str, object_id: str, **members: Any) -> None:
        """Set members or navigation collections (``assignments=[…]``); version and time move."""
        self.control("PATCH", f"/objects/{slug}/{collection}/{object_id}", members)

    def remove_object(self, slug: str, collection: str, object_id: str) -> None:
        self.control("DELETE", f"/objects/{slug}/{collection}/{object_id}")

    def set_hidden(
        self,
        slug: str,
        collection: str,
        object_id: str,
        *,
        secrets: dict[str, str] | None = None,
        membership: Sequence[str] | None = None,
    ) -> None:
        """The texts behind OMA secrets by reference, and the groups joined while enrolling."""
        body: dict[str, Any] = {"secrets": secrets or {}}
        if membership is not None:
            body["membership"] = list(membership)
        self.control("PUT", f"/objects/{slug}/{collection}/{object_id}/hidden", body)

    def guard(self, slug: str, *workloads: str) -> None:
        """From now on writes of these workloads (see ``approvals``) need a second person."""
        self.control("PUT", f"/approvals/{slug}", {"workloads": list(workloads)})

    def decide(self, slug: str, code: str, status: str) -> None:
        """What a second person, or time, made of a request: one of ``approvals.STATUSES``."""
        self.control("POST", f"/approvals/{slug}/{code}", {"status": status})

    def groups(self, slug: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.control("GET", f"/groups/{slug}")
        return rows

    def add_group(self, slug: str, **members: Any) -> dict[str, Any]:
        row: dict[str, Any] = self.control("POST", f"/groups/{slug}", members)
        return row

    def change_group(self, slug: str, group_id: str, **members: Any) -> None:
        self.control("PATCH", f"/groups/{slug}/{group_id}", members)

    def remove_group(self, slug: str, group_id: str, *, reason: str = "changed") -> None:
        self.control("DELETE", f"/groups/{slug}/{group_id}?reason={reason}")


@contextmanager
def running_simulator(
    directory: Path,
    *,
    tenants: Sequence[TenantSpec] = (),
    demo: bool = False,
    port: int = 0,
) -> Iterator[Simulator]:
    """A simulator for the length of a ``with`` block."""
    simulator = Simulator.start(directory, tenants=tenants, demo=demo, port=port)
    try:
        yield simulator
    finally:
        simulator.stop()


def _import_path() -> str:
    """Where the child finds this package, whatever the working directory."""
    root = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))


def _wait_until_ready(ready: Path, process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            text = (directory / "simulator.log").read_text(errors="replace")
            tail = "\n".join(text.splitlines()[-_LOG_LINES:])
            raise SimulatorError(f"the simulator did not start:\n{tail}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # gunicorn's quick way out; its state is not kept anyway
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
