import pytest

from tests.permissions import world as world_support
from tests.permissions.world import World
from tests.support import apps


@pytest.fixture(scope="package")
def walked_world(migrated_sqlite, tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk")
    url = apps.copy_of(migrated_sqlite, folder)
    settings = apps.make_settings(folder, database_url=url, debug_pages=True)
    with apps.running_app(settings) as app:
        yield world_support.build(app, folder / "opsapp.sqlite3")


@pytest.fixture
def world(walked_world: World) -> World:
    walked_world.restore()
    return walked_world
