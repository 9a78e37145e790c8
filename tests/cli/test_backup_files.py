"""``flask backups export`` and ``import``."""

import json

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import BackupSet, Upload
from tests.support.backup_files import made_set
from tests.support.inventory_rows import catalog, simple


@pytest.fixture
def queue_url(redis_url):
    return redis_url


@pytest.fixture
def backup(app, inventory):
    inventory.policy("Baseline", catalog(simple("device_a", "x")))
    with app.app_context():
        return made_set(inventory.tenant_id)


def test_export_writes_a_folder_that_is_empty_and_no_other(data, flask, backup, tmp_path):
    folder = tmp_path / "out"
    assert data("backups", "export", backup, folder) == {
        "id": backup,
        "folder": str(folder),
        "objects": 1,
    }
    assert (folder / "manifest.json").is_file()
    again = flask("backups", "export", backup, folder)
    assert (again.exit_code, "is not an empty folder" in again.stderr) == (1, True)


def test_export_asks_for_the_right(flask, backup, tmp_path):
    for role, words in (("operator", "does not allow exports"), ("outsider", "There is no backup")):
        result = flask("backups", "export", backup, tmp_path / role, role=role)
        assert (result.exit_code, words in result.stderr) == (1, True), role
    assert flask("backups", "export", 4711, tmp_path / "x").exit_code == 1


def test_import_takes_a_folder_and_starts_a_run(app, data, flask, tmp_path):
    (tmp_path / "in" / ".git").mkdir(parents=True)
    (tmp_path / "in" / "a.json").write_text(json.dumps({"displayName": "A"}))
    folder = tmp_path / "in"
    run = data("backups", "import", folder, "--tenant", "contoso", "--name", "Brought")
    assert (run["type"], run["status"], run["created"]) == ("backup_set.import", "queued", True)
    with app.app_context():
        upload = db.session.scalars(sa.select(Upload)).one()
        assert (upload.file_name, upload.passphrase_sealed) == ("in", None)
        assert db.session.scalars(sa.select(BackupSet)).all() == []
    refused = flask(
        "backups", "import", folder, "--tenant", "contoso", "--name", "B", role="readonly"
    )
    assert refused.exit_code == 1


def test_an_empty_folder_or_no_name_is_refused(flask, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, words in (("B", "The zip file is empty."), (" ", "has a name")):
        result = flask("backups", "import", folder, "--tenant", "contoso", "--name", name)
        assert (result.exit_code, words in result.stderr) == (1, True)
