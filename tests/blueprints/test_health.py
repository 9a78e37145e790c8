"""What a platform asks."""

import pytest

from tests.support import apps


@pytest.fixture
def database_url(any_database):
    return any_database


def test_a_migrated_database_is_ready(client):
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (200, "ready\n")


def test_an_old_schema_is_not_ready(app, client):
    from opsapp.extensions import db
    from opsapp.models.base import write

    with app.app_context(), write() as session:
        session.execute(db.text("UPDATE alembic_version SET version_num = '0001'"))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "at 0001, needs" in response.text


@pytest.mark.parametrize("url", ["sqlite:///{}/empty.sqlite3", "postgresql://nobody@/x?host={}"])
def test_without_a_database_the_process_is_alive_but_not_ready(make_app, tmp_path, url):
    address = url.format(tmp_path)
    client = make_app(apps.make_settings(tmp_path, database_url=address)).test_client()
    assert client.get("/healthz").text == "ok\n"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert str(tmp_path) not in response.text
