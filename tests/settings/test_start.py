"""Processes that cannot start say why in one line, on stderr, and end with 1."""

import stat
import subprocess
import sys
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa

from opsapp.database_trouble import trouble
from opsapp.extensions import db
from tests.support import apps

BIN = Path(sys.executable).parent
FLASK = [BIN / "flask", "tenants", "list"]
UPGRADE = [BIN / "flask", "db", "upgrade"]
WORKER = [sys.executable, "-m", "workers"]
WEB = [BIN / "gunicorn", "wsgi:app"]
EVERYTHING = pytest.mark.parametrize(
    "command", [FLASK, WORKER, WEB], ids=["flask", "worker", "gunicorn"]
)
PASSWORD = "hunter2"
UNREACHABLE = f"postgresql://u:{PASSWORD}@127.0.0.1:1/x"


@pytest.fixture
def complaint(environment):
    """The one line of a command that cannot start."""

    def complaint(command, **variables):
        done = subprocess.run(
            command,
            env={**environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        [line] = done.stderr.splitlines()
        assert PASSWORD not in line
        return line

    return complaint


@EVERYTHING
def test_an_instance_folder_that_cannot_be_made(complaint, command, tmp_path):
    (tmp_path / "file").touch()
    line = complaint(command, OPSAPP_INSTANCE=str(tmp_path / "file" / "x"))
    assert line.startswith(f"opsapp: OPSAPP_INSTANCE: the folder {tmp_path}/file/x cannot be made")


@EVERYTHING
def test_a_malformed_url(complaint, command):
    line = complaint(command, DATABASE_URL=f"postgresql://u:{PASSWORD}@[bad")
    assert line.startswith("opsapp: DATABASE_URL: ")


@pytest.mark.parametrize("command", [FLASK, WORKER], ids=["flask", "worker"])
def test_a_database_that_was_never_migrated(complaint, command):
    line = complaint(command)
    assert line.startswith("opsapp: DATABASE_URL: ")
    assert line.endswith("run `flask db upgrade`")


@pytest.mark.parametrize("command", [FLASK, UPGRADE, WORKER], ids=["list", "upgrade", "worker"])
def test_a_server_that_does_not_answer(complaint, command):
    line = complaint(command, DATABASE_URL=UNREACHABLE)
    assert line.startswith("opsapp: DATABASE_URL: the database cannot be used: ")
    assert "refused" in line


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "99999"), ("PORT", "http"), ("WEB_CONCURRENCY", "0")]
)
def test_a_number_for_gunicorn_that_is_none(complaint, name, value):
    assert complaint(WEB, **{name: value}).startswith(f"opsapp: {name}: must be a number from ")


def test_a_worker_whose_embedded_server_cannot_start(complaint, environment, sqlite_url):
    folder = Path(environment["OPSAPP_INSTANCE"])
    folder.mkdir()
    (folder / "valkey").symlink_to(folder)  # a folder that somebody else could have prepared
    line = complaint(WORKER, DATABASE_URL=sqlite_url)
    assert line.startswith("opsapp: REDIS_URL is not set, and ")


@pytest.mark.parametrize(
    "content", [None, b"no database, but long enough to be taken for one" * 99]
)
def test_a_sqlite_file_that_cannot_be_opened(make_app, tmp_path, content):
    file = tmp_path / "nothing-here" / "x.db" if content is None else tmp_path / "x.db"
    if content:
        file.write_bytes(content)
    app = make_app(apps.make_settings(tmp_path, database_url=f"sqlite:///{file}"))
    for command in (["tenants", "list"], ["users", "list"], ["groups", "list", "--tenant", "x"]):
        answer = app.test_cli_runner().invoke(args=command)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr.startswith("opsapp: DATABASE_URL: the database cannot be used: ")


def test_postgresql_without_our_tables_or_without_the_database(postgres_server, make_app, tmp_path):
    name = postgres_server.create()
    for database, ending in ((name, "run `flask db upgrade`"), ("missing", "does not exist")):
        url = postgres_server.url(database)
        app = make_app(apps.make_settings(tmp_path, database_url=url))
        answer = app.test_cli_runner().invoke(args=["tenants", "list"])
        assert (answer.exit_code, answer.stdout) == (1, "")
        [line] = answer.stderr.splitlines()
        assert line.startswith("opsapp: DATABASE_URL: ")
        assert line.endswith(ending)


@pytest.mark.usefixtures("app_context")
@pytest.mark.parametrize("statement", ["NONSENSE 1", "SELECT nothing FROM tenants"])
def test_a_wrong_statement_is_no_trouble_of_the_database(database_url, statement):
    with pytest.raises(sa.exc.DBAPIError) as wrong:
        db.session.execute(sa.text(statement))
    assert trouble(wrong.value) is None


class TestPrivacy:
    def test_folder_and_database_are_for_their_owner_alone(self, make_app, tmp_path):
        folder = tmp_path / "instance"
        app = make_app(apps.make_settings(folder))
        with app.app_context():
            flask_migrate.upgrade()
            modes = {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert modes["opsapp.sqlite3"] == "0o600"
        assert set(modes.values()) == {"0o600"}

    def test_a_database_that_others_could_read_is_closed_to_them(
        self, make_app, tmp_path, sqlite_url
    ):
        file = tmp_path / "opsapp.sqlite3"
        file.chmod(0o644)
        app = make_app(apps.make_settings(tmp_path, database_url=sqlite_url))
        assert app.test_cli_runner().invoke(args=["tenants", "list"]).exit_code == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
