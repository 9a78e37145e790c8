"""Two rigs: ``shared_rig`` lives as long as the test process and its worker survives every test;
``rig`` is a test's own, to be destroyed as the test likes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import apps
from tests.support.drill import registered_drills
from tests.support.postgres import Postgres
from tests.workers.rig import QUICK, Rig, redis_server

DATABASES = ["sqlite", "postgres"]


@pytest.fixture(autouse=True)
def drills() -> Iterator[None]:
    with registered_drills():
        yield


@pytest.fixture(scope="session")
def shared_rigs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Rig]]:
    """One rig per kind of database, made when it is first asked for."""
    made: dict[str, Rig] = {}
    with ExitStack() as stack:

        def get(kind: str) -> Rig:
            if kind not in made:
                folder = tmp_path_factory.mktemp(f"rig-{kind}")
                url = _new_database(request, kind, folder)
                made[kind] = _new_rig(stack, url, folder)
                with made[kind].app.app_context():
                    made[kind].ready_worker()
            return made[kind]

        yield get


def _new_rig(stack: ExitStack, url: str, folder: Path) -> Rig:
    server = stack.enter_context(redis_server())
    settings = apps.make_settings(folder, database_url=url, redis_url=server.url, **QUICK)
    app = stack.enter_context(apps.running_app(settings))
    made = Rig(app, settings, folder, server)
    stack.callback(made.end)
    return made


def _new_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return apps.copy_of(request.getfixturevalue("migrated_sqlite"), folder)
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.url(server.create(request.getfixturevalue("migrated_postgres")))


@pytest.fixture(params=DATABASES)
def shared_rig(request: pytest.FixtureRequest, shared_rigs: Callable[[str], Rig]) -> Iterator[Rig]:
    rig = shared_rigs(request.param)
    with rig.app.app_context():
        yield rig


@pytest.fixture(params=DATABASES)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with ExitStack() as stack:
        url = _new_database(request, request.param, tmp_path)
        made = _new_rig(stack, url, tmp_path)
        stack.enter_context(made.app.app_context())
        yield made
