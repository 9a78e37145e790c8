"""Throw-away installations: a database and the embedded queue server in a temporary folder."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import flask_migrate
from cryptography.fernet import Fernet

from benchmarks.comparison import Comparison
from opsapp import create_app
from opsapp.config import Settings
from opsapp.embedded_redis import EmbeddedRedis
from opsapp.extensions import db
from opsapp.models import Tenant
from opsapp.models.base import write
from tests.support.postgres import running_postgres


@contextmanager
def temporary_instance(database_url: str | None = None, **more: Any) -> Iterator[Settings]:
    """The settings of a migrated installation, inside its application context; SQLite if unsaid."""
    with tempfile.TemporaryDirectory(prefix="opsapp-bench-") as folder:
        instance = Path(folder)
        settings = Settings(
            secret_key="x" * 32,
            encryption_keys=(Fernet.generate_key().decode(),),
            instance=instance,
            database_url=database_url or f"sqlite:///{instance / 'opsapp.sqlite3'}",
            redis_url=None,
            **more,
        )
        with EmbeddedRedis(instance), create_app(settings).app_context():
            flask_migrate.upgrade()
            yield settings
            db.session.remove()
            db.engine.dispose()


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process of that installation is started with."""
    wanted = {
        "SECRET_KEY": settings.secret_key,
        "OPSAPP_ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "DATABASE_URL": settings.database_url,
        "OPSAPP_INSTANCE": settings.instance,
        "OPSAPP_GRAPH_BASE_URL": settings.graph_base_url,
        "OPSAPP_LOGIN_BASE_URL": settings.login_base_url,
        "OPSAPP_CA_BUNDLE": settings.ca_bundle,
    }
    return {**os.environ, **{name: str(value) for name, value in wanted.items() if value}}


@contextmanager
def running(command: Sequence[str], settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process of that installation, ended with the ``with`` block."""
    process = subprocess.Popen(
        command,
        env=environment_of(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()


def on_both_databases(measure: Callable[[str], Comparison]) -> str:
    """What ``measure`` finds on SQLite and on PostgreSQL; it is given the name of the database."""
    with temporary_instance():
        lines = [str(measure("SQLite"))]
    with running_postgres() as server, temporary_instance(server.url(server.create())):
        lines.append(str(measure("PostgreSQL")))
    return "\n".join(lines)


def a_tenant() -> Tenant:
    with write() as session:
        tenant = Tenant(slug="t", name="T", entra_tenant_id="0" * 36)
        session.add(tenant)
    return tenant
