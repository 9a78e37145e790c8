"""Bringing files and taking a set along, in the browser."""

import io
import zipfile

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import AuditEvent, BackupSet, OperationRun, Upload
from opsapp.models.base import write
from opsapp.services import uploads
from tests.support.backup_files import made_set, zip_with
from tests.support.inventory_rows import catalog, simple, to_group

IMPORT = "/tenants/contoso/backups/import"
FILTER = '{"displayName": "A", "platform": "iOS", "rule": "B"}'
PASSPHRASE = "a passphrase of some length"


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def queue_url(redis_url):
    return redis_url


def sent(client, body, **fields):
    file = (io.BytesIO(body), "files.zip")
    return client.post(IMPORT, data={"file": file, "name": "Brought", **fields})


def all_of(app, model):
    with app.app_context():
        return list(db.session.scalars(sa.select(model)))


def test_a_zip_file_becomes_a_run_and_its_passphrase_is_nowhere_in_clear(app, cast):
    body = zip_with({"Filters/a.json": FILTER}).getvalue()
    answer = sent(cast.client("operator"), body, note="From Ana", passphrase=PASSPHRASE)
    (run,) = all_of(app, OperationRun)
    assert (answer.status_code, answer.location) == (303, f"/monitoring/operations/{run.id}")
    (upload,) = all_of(app, Upload)
    assert run.inputs == {"upload": upload.id, "name": "Brought", "note": "From Ana"}
    with app.app_context():
        for table in db.metadata.sorted_tables:
            assert PASSPHRASE not in repr(db.session.execute(sa.select(table)).all())
    assert "backup.brought" in {event.action for event in all_of(app, AuditEvent)}


@pytest.mark.parametrize(
    ("body", "fields", "words"),
    [
        (b"hello", {}, "This is not a zip file"),
        (zip_with({}).getvalue(), {}, "The zip file is empty."),
        (zip_with({"a.json": "{}"}).getvalue(), {"name": " "}, "has a name of at most"),
        (zip_with({"a.json": "{}"}).getvalue(), {"passphrase": "short"}, "at least 12"),
    ],
)
def test_what_cannot_be_imported_is_said_on_the_form_and_nothing_is_kept(
    app, cast, body, fields, words
):
    answer = sent(cast.client("operator"), body, **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert all_of(app, Upload) == all_of(app, OperationRun) == []


def test_the_route_takes_large_files_and_no_larger_ones(app, cast, monkeypatch):
    """More than what other routes take; the stored zip is as large as what is in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("big.json", b"0" * (20 * 1024 * 1024))
    form = {"data": multipart(made.getvalue()), "content_type": f"{MULTIPART}; boundary=edge"}
    client = cast.client("operator")
    assert client.post(IMPORT, **form).status_code == 303
    monkeypatch.setattr(uploads, "MOST_BYTES", 10 * 1024 * 1024)
    too_large = client.post(IMPORT, **form)
    assert (too_large.status_code, "larger than 10 MB" in too_large.text) == (400, True)
    assert client.post("/tenants/contoso/runs", **form).status_code == 413


MULTIPART = "multipart/form-data"


def multipart(body):
    """A form with a name and a file, as a browser sends it."""
    name = b'Content-Disposition: form-data; name="name"\r\n\r\nBrought'
    file = b'Content-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n' + body
    return b"".join(b"--edge\r\n%s\r\n" % part for part in (name, file)) + b"--edge--\r\n"


@pytest.fixture
def backup(app, inventory):
    secret = simple("wifi_password", "hunter2-canary", "Secret")
    inventory.policy("Baseline", catalog(simple("device_a", "x"), secret), [to_group("g")])
    with app.app_context():
        return made_set(inventory.tenant_id)


def test_a_set_is_downloaded_as_a_zip_file_and_recorded(app, cast, backup):
    address = f"/tenants/contoso/backups/{backup}/export"
    answer = cast.client("manager").post(address, data={"passphrase": PASSPHRASE})
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].endswith('.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        texts = b"".join(map(archive.read, names))
    assert names[-1] == "manifest.json"
    assert [name.split("/")[0] for name in names[:-1]] == ["configurationPolicies"]
    assert b"hunter2-canary" not in texts
    events = [e for e in all_of(app, AuditEvent) if e.action == "backup.exported"]
    assert [event.data for event in events] == [{"backup_set": backup, "secrets": True}]


def test_a_short_passphrase_or_an_open_set_is_refused(app, cast, backup):
    client = cast.client("manager")
    address = f"/tenants/contoso/backups/{backup}"
    answer = client.post(f"{address}/export", data={"passphrase": "x"}, follow_redirects=True)
    assert "at least 12 characters" in answer.text
    with app.app_context(), write() as session:
        tenant = session.get_one(BackupSet, backup).tenant_id
        made = BackupSet(tenant_id=tenant, name="Open", created_by="Ana")
        session.add(made)
        session.flush()
        open_id = made.id
    page = client.get(f"/tenants/contoso/backups/{open_id}/files")
    assert "once it is complete" in page.text
    assert client.post(f"/tenants/contoso/backups/{open_id}/export").status_code == 303
    assert client.post("/tenants/contoso/backups/4711/export").status_code == 404
