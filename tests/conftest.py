"""Fixtures for everybody. What they are made of is in ``tests/support``.

Two fixtures are meant to be overridden in a module or folder that needs more than the default::

    @pytest.fixture
    def database_url(any_database):  # every test of the module on SQLite and on PostgreSQL
        return any_database


    @pytest.fixture
    def queue_url(redis_url):  # with a real queue; without, Redis is unreachable
        return redis_url
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from opsapp.config import Settings
from tests.support import apps, valkey
from tests.support import cast as cast_support
from tests.support.cast import Cast
from tests.support.inventory_rows import Inventory
from tests.support.ledger_rows import Ledger
from tests.support.postgres import Postgres, running_postgres

for _field in Settings.model_fields:  # the developer's own settings stay outside
    os.environ.pop(Settings.variable(_field), None)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apps.migrated_sqlite(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = postgres_server.create()
    apps.migrate(tmp_path_factory.mktemp("postgres"), postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with valkey.running_valkey() as url:
        yield url


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite database of the test's own."""
    return apps.copy_of(migrated_sqlite, tmp_path)


@pytest.fixture
def postgres_url(postgres_server: Postgres, migrated_postgres: str) -> Iterator[str]:
    """A migrated, empty PostgreSQL database of the test's own."""
    name = postgres_server.create(migrated_postgres)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def any_database(request: pytest.FixtureRequest) -> str:
    """Runs the test twice, on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """A real, empty Valkey; one server per test process."""
    valkey.empty(redis_server)
    return redis_server


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def queue_url(tmp_path: Path) -> str:
    return f"unix://{tmp_path}/nothing-listens-here?db=0"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, queue_url: str) -> Settings:
    return apps.make_settings(tmp_path, database_url=database_url, redis_url=queue_url)


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Builds applications; their connections are closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(apps.running_app(settings))


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """No context is pushed: a client's requests must not share ``g``. See ``app_context``."""
    return make_app(settings)


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """For tests that call services, models or the ledger directly."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that is not signed in; ``cast.client(role)`` gives one that is."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """A person per role, and the tenant ``contoso``."""
    return cast_support.create(app)


@pytest.fixture
def ledger(app: Flask, cast: Cast) -> Ledger:
    """Rows of runs in ``contoso``, as the ledger would have left them."""
    return Ledger(app, cast.tenant_id)


@pytest.fixture
def inventory(app: Flask, cast: Cast) -> Inventory:
    """Rows of policies and groups in ``contoso``, as a sync would have left them."""
    return Inventory(app, cast.tenant_id)
