"""A set as files and back: equal item by item, every type, secrets as the passphrase says."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp import runs
from opsapp.audit import CLI
from opsapp.config import Settings
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.secrets import marks_in
from opsapp.inventory.sealing import opened
from opsapp.models import (
    BackupGroup,
    BackupItem,
    BackupOrigin,
    BackupSet,
    BackupSetType,
    OperationRun,
    RunOutcome,
    Tenant,
    Upload,
)
from opsapp.models.base import write
from opsapp.operations import REGISTRY, backup_set_import
from opsapp.operations.base import InvalidInputs
from opsapp.runs.execution import ShutdownRequested
from opsapp.services import backup_export, uploads
from opsapp.simulator.process import Simulator, running_simulator
from tests.support import apps
from tests.support.backup_files import exported, kept_in, made_set, zip_with
from tests.support.performing import Perform, connect, performer
from tests.support.run_looks import begin

pytestmark = pytest.mark.timeout(300)
PASSPHRASE = "a passphrase of some length"
Bring = Callable[..., OperationRun]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator"), demo=True) as running:
        yield running


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def tenant(app_context: None, settings: Settings, simulator: Simulator) -> Tenant:
    return connect(settings, simulator.tenants["contoso"])


@pytest.fixture
def perform(app: Flask, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Perform:
    return performer(app, tenant, monkeypatch)


@pytest.fixture
def bring(perform: Perform, tenant: Tenant) -> Bring:
    """Imports a folder or a zip file into the tenant; gives the completed run."""
    tenant_id = tenant.id

    def bring(place: Path | io.BytesIO, passphrase: str = "", **about: Any) -> OperationRun:
        file = place if isinstance(place, io.BytesIO) else zipped(place)
        owner = db.session.get_one(Tenant, tenant_id)
        upload = keep(owner, file, passphrase)
        return perform("backup_set.import", {"upload": upload, "name": "Back", **about})

    return bring


def keep(owner: Tenant, file: io.BytesIO, passphrase: str = "") -> int:
    """An upload as the service keeps it, without its run."""
    return uploads.keep(owner, "Ana Ferreira", file.getvalue(), "files.zip", passphrase)


def zipped(folder: Path) -> io.BytesIO:
    made = io.BytesIO()
    uploads.zip_of(folder, made)
    return made


def imported(run: OperationRun) -> BackupSet:
    return db.session.scalars(sa.select(BackupSet).where(BackupSet.run_id == run.id)).one()


def types_of(set_id: int) -> dict[str, tuple[Any, ...]]:
    rows = db.session.scalars(sa.select(BackupSetType).where(BackupSetType.set_id == set_id))
    return {r.collection: (r.completeness, r.object_count, r.item_count) for r in rows}


def groups_of(set_id: int) -> dict[str, tuple[Any, ...]]:
    rows = db.session.scalars(sa.select(BackupGroup).where(BackupGroup.set_id == set_id))
    return {r.graph_id: (r.display_name, r.mail_nickname, r.membership_rule) for r in rows}


def test_every_type_comes_back_equal_item_by_item(
    perform: Perform, bring: Bring, tenant: Tenant, tmp_path: Path
) -> None:
    tenant_id = tenant.id
    perform("directory_groups.sync")
    assert perform("inventory.sync").outcome == RunOutcome.SUCCEEDED
    first = made_set(tenant_id)
    kept = kept_in(first)
    assert {collection for collection, _ in kept} == set(CATALOGUE)

    folder = exported(first, tmp_path / "export")
    run = bring(folder)
    assert run.outcome == RunOutcome.SUCCEEDED, run.failure_summary
    assert run.summary_counts["total"] == len(kept)
    back = imported(run)
    assert kept_in(back.id) == kept
    assert types_of(back.id) == types_of(first)
    assert groups_of(back.id) == groups_of(first) != {}
    assert (back.origin, back.item_count, back.left_out) == (BackupOrigin.IMPORT, len(kept), [])
    assert back.completed_at is not None
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Upload)) == 0

    whole = db.session.get_one(BackupSet, first)
    archive = io.BytesIO(b"".join(backup_export.as_zip(CLI, whole)))
    again = imported(bring(archive))
    assert kept_in(again.id) == kept


def test_secrets_stay_marks_without_a_passphrase_and_the_tenants_own_still_open(
    perform: Perform, bring: Bring, tenant: Tenant, settings: Settings, tmp_path: Path
) -> None:
    tenant_id = tenant.id
    perform("inventory.sync")
    folder = exported(made_set(tenant_id), tmp_path / "export")
    secrets = secrets_of(imported(bring(folder)).id, settings)
    assert secrets
    text = "".join(path.read_text() for path in folder.rglob("*.json"))
    assert all(secret not in text for secret in secrets)


def secrets_of(set_id: int, settings: Settings) -> set[str]:
    items = db.session.scalars(sa.select(BackupItem).where(BackupItem.set_id == set_id)).all()
    marks = {mark for item in items for mark in marks_in(item.content.content)}
    return {opened(db.session(), settings, mark) for mark in marks}


def test_another_installation_gets_the_secrets_by_the_passphrase_alone(
    perform: Perform,
    tenant: Tenant,
    settings: Settings,
    tmp_path: Path,
    sqlite_url: str,
    make_app: Callable[[Settings], Flask],
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    perform("inventory.sync")
    first = made_set(tenant.id)
    secrets = secrets_of(first, settings)
    folder = exported(first, tmp_path / "export", PASSPHRASE)
    text = "".join(path.read_text() for path in folder.rglob("*.json"))
    assert all(secret not in text for secret in secrets)
    db.session.remove()

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = apps.make_settings(elsewhere, database_url=fresh(elsewhere))
    with make_app(other).app_context():
        owner = connect(other, simulator.tenants["fabrikam"])
        run_there = performer(db_app(), owner, monkeypatch)

        def import_there(passphrase: str) -> OperationRun:
            upload = keep(db.session.get_one(Tenant, owner.id), zipped(folder), passphrase)
            return run_there("backup_set.import", {"upload": upload, "name": "There"})

        assert secrets_of(imported(import_there(PASSPHRASE)).id, other) == secrets
        with pytest.raises(InvalidInputs, match="does not open these secrets"):
            import_there("another passphrase!!")
        without = imported(import_there(""))
        with pytest.raises(KeyError):
            secrets_of(without.id, other)


def fresh(folder: Path) -> str:
    return apps.copy_of(apps.migrated_sqlite(folder), folder)


def db_app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def test_marks_of_another_tenant_never_open(
    perform: Perform, bring: Bring, tenant: Tenant, settings: Settings, tmp_path: Path,
    app: Flask, simulator: Simulator, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Who is given files with marks must not get at the secrets by a tenant of his own."""
    perform("inventory.sync")
    folder = exported(made_set(tenant.id), tmp_path / "export")
    other = connect(settings, simulator.tenants["fabrikam"])
    upload = keep(other, zipped(folder))
    run = performer(app, other, monkeypatch)(
        "backup_set.import", {"upload": upload, "name": "Stolen"}
    )
    assert run.outcome == RunOutcome.SUCCEEDED
    items = db.session.scalars(
        sa.select(BackupItem).where(BackupItem.set_id == imported(run).id)
    ).all()
    marks = {mark for item in items for mark in marks_in(item.content.content)}
    assert marks
    for mark in marks:
        with pytest.raises(KeyError):
            opened(db.session(), settings, mark)


def test_changed_and_missing_files_are_said_one_by_one(bring: Bring, tmp_path: Path) -> None:
    folder = exported(imported(bring(zip_with(THREE))).id, tmp_path / "export")
    changed, missing, _ = sorted((folder / "assignmentFilters").iterdir())
    changed.write_text(changed.read_text().replace("B", "C"))
    missing.unlink()
    (folder / "LICENSE").write_text("free")
    run = bring(folder)
    back = imported(run)
    assert run.outcome == RunOutcome.PARTIALLY_SUCCEEDED
    assert {row["file"]: row["reason"] for row in back.left_out} == {
        f"assignmentFilters/{missing.name}": "missing: the manifest lists it",
        "LICENSE": "not a JSON file",
        f"assignmentFilters/{changed.name}": "Changed since the export: taken as it is now.",
    }
    assert types_of(back.id) == {"assignmentFilters": ("partial", 3, 2)}


THREE = {
    "Filters/a.json": json.dumps({"id": "f1", "displayName": "A", "platform": "iOS", "rule": "B"}),
    "Filters/b.json": json.dumps({"id": "f2", "displayName": "A", "platform": "iOS", "rule": "B"}),
    "Filters/c.json": json.dumps({"displayName": "C", "platform": "iOS", "rule": "B"}),
}


def test_an_upload_that_is_gone_or_of_another_tenant_is_refused(
    perform: Perform, tenant: Tenant
) -> None:
    with pytest.raises(InvalidInputs, match="not there any more"):
        perform("backup_set.import", {"upload": 4711, "name": "Back"})
    run = db.session.scalars(sa.select(OperationRun)).one()
    assert (run.outcome, run.reason_code) == (RunOutcome.FAILED, "input.invalid")


def test_uploads_that_nobody_reads_go_after_a_day(perform: Perform, tenant: Tenant) -> None:
    owner = tenant.id
    old, new = (
        keep(tenant, zip_with(THREE)),
        keep(db.session.get_one(Tenant, owner), zip_with(THREE)),
    )
    assert uploads.delete_stale() == 0
    with write() as session:
        session.get_one(Upload, old).created_at -= uploads.KEPT
    assert uploads.delete_stale() == 1
    assert db.session.scalars(sa.select(Upload.id)).all() == [new]


def test_an_interrupted_import_goes_on_where_it_was(
    perform: Perform, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in the set already stays; the set is made once, and nothing is in it twice."""
    monkeypatch.setattr(backup_set_import, "AT_ONCE", 1)
    owner = tenant.id
    inputs = {"upload": keep(tenant, zip_with(THREE)), "name": "Back"}
    run = runs.ensure_run(db.session.get_one(Tenant, owner), "backup_set.import", inputs)
    execution = begin(run)
    stops = iter([False, False, True])
    check = execution.checkpoint

    def checkpoint() -> None:
        check()
        if next(stops):
            raise ShutdownRequested

    monkeypatch.setattr(execution, "checkpoint", checkpoint)
    with pytest.raises(ShutdownRequested):
        REGISTRY["backup_set.import"].perform(execution)
    assert 0 < len(kept_in(imported(run).id)) < 3
    assert runs.hand_back(run.id, run.dispatch_token, "The worker was told to stop.")

    assert perform("backup_set.import", inputs).id == run.id
    made = imported(run)
    assert (made.item_count, len(kept_in(made.id))) == (3, 3)
