"""A throw-away installation: SQLite and the embedded queue server in a temporary folder."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from cryptography.fernet import Fernet

from opsapp import create_app
from opsapp.config import Settings
from opsapp.embedded_redis import EmbeddedRedis
from opsapp.extensions import db
from opsapp.models import Tenant
from opsapp.models.base import write


@contextmanager
def temporary_instance() -> Iterator[Settings]:
    """The settings of a migrated installation, inside its application context."""
    with tempfile.TemporaryDirectory(prefix="opsapp-bench-") as folder:
        instance = Path(folder)
        settings = Settings(
            secret_key="x" * 32,
            encryption_keys=(Fernet.generate_key().decode(),),
            instance=instance,
            database_url=f"sqlite:///{instance / 'opsapp.sqlite3'}",
            redis_url=None,
        )
        with EmbeddedRedis(instance), create_app(settings).app_context():
            flask_migrate.upgrade()
            yield settings
            db.session.remove()
            db.engine.dispose()


def a_tenant() -> Tenant:
    with write() as session:
        tenant = Tenant(slug="t", name="T", entra_tenant_id="0" * 36)
        session.add(tenant)
    return tenant
