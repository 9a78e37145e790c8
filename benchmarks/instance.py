"""Throw-away installations: a database and the embedded queue server in a temporary folder."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
def temporary_instance(database_url: str | None = None) -> Iterator[Settings]:
    """The settings of a migrated installation, inside its application context; SQLite if unsaid."""
    with tempfile.TemporaryDirectory(prefix="opsapp-bench-") as folder:
        instance = Path(folder)
        settings = Settings(
            secret_key="x" * 32,
            encryption_keys=(Fernet.generate_key().decode(),),
            instance=instance,
            database_url=database_url or f"sqlite:///{instance / 'opsapp.sqlite3'}",
            redis_url=None,
        )
        with EmbeddedRedis(instance), create_app(settings).app_context():
            flask_migrate.upgrade()
            yield settings
            db.session.remove()
            db.engine.dispose()


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
