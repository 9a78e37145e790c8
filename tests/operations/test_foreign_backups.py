"""What other tools wrote: all of it imports, and equals what a tenant made of it holds."""

import io
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.config import Settings
from opsapp.extensions import db
from opsapp.intune.normalise import normal_form
from opsapp.models import (
    BackupGroup,
    BackupItem,
    BackupSet,
    DirectoryGroup,
    OperationRun,
    RunOutcome,
    Tenant,
)
from opsapp.services import uploads
from opsapp.simulator.process import Simulator, TenantSpec, running_simulator
from tests.support.performing import connect, performer
from tests.support.whole_objects import stored_content

pytestmark = [pytest.mark.baselines, pytest.mark.timeout(300)]

BASELINES = os.environ.get("OPSAPP_TEST_BASELINES")
FOLDERS = sorted(p.name for p in Path(BASELINES).iterdir() if p.is_dir()) if BASELINES else []
# Files that hold no JSON, or one object that cannot be read, by folder.
UNREADABLE = {"open-intune-baseline-history": 1}
EQUAL = ("ces2026-intunecd-backup", "open-intune-baseline")
# What the service fills in when an object is made; IntuneCD leaves it out of its files.
BUILT_IN = {"roleScopeTags", "roleDefinitions", "deviceManagementSettings"}  # of every tenant
FILLED = ".assignments[].sourceId"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    specs = [
        TenantSpec(name, str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), Path(str(BASELINES)) / name)
        for name in FOLDERS
    ]
    with running_simulator(tmp_path_factory.mktemp("simulator"), tenants=specs) as running:
        yield running


def imported(folder: str, tenant: Tenant, perform: Any) -> tuple[OperationRun, BackupSet]:
    file = io.BytesIO()
    uploads.zip_of(Path(str(BASELINES)) / folder, file)
    upload = uploads.keep(tenant, "Ana Ferreira", file.getvalue(), "files.zip", "")
    run = perform("backup_set.import", {"upload": upload, "name": folder})
    return run, db.session.scalars(sa.select(BackupSet).where(BackupSet.run_id == run.id)).one()


@pytest.mark.skipif(not BASELINES, reason="OPSAPP_TEST_BASELINES is not set")
@pytest.mark.parametrize("folder", FOLDERS or ["none"])
def test_every_real_export_imports_and_every_file_is_accounted_for(
    folder: str,
    app: Flask,
    app_context: None,
    settings: Settings,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = connect(settings, simulator.tenants[folder])
    run, made = imported(folder, tenant, performer(app, tenant, monkeypatch))
    failed = UNREADABLE.get(folder, 0)
    assert run.summary_counts["failed"] == failed, run.failure_summary
    assert run.outcome == (RunOutcome.PARTIALLY_SUCCEEDED if failed else RunOutcome.SUCCEEDED)
    items = db.session.scalars(sa.select(BackupItem).where(BackupItem.set_id == made.id)).all()
    root = Path(str(BASELINES)) / folder
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    groups = {file for file in files if file.startswith(("groups/", "_tool"))}
    told = {str(item.file).split("[")[0] for item in items}
    told |= {str(row["file"]).split("[")[0] for row in made.left_out}
    assert files - groups <= told
    assert made.item_count == len(items) > 0


@pytest.mark.skipif(not BASELINES, reason="OPSAPP_TEST_BASELINES is not set")
@pytest.mark.parametrize("folder", EQUAL)
def test_an_import_equals_what_a_tenant_made_of_the_same_folder_holds(
    folder: str,
    app: Flask,
    app_context: None,
    settings: Settings,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = connect(settings, simulator.tenants[folder])
    perform = performer(app, tenant, monkeypatch)
    perform("directory_groups.sync")
    assert perform("inventory.sync").outcome == RunOutcome.SUCCEEDED
    _, made = imported(folder, tenant, perform)
    items = list(db.session.scalars(sa.select(BackupItem).where(BackupItem.set_id == made.id)))
    names = {g.graph_id: g.display_name for g in db.session.scalars(sa.select(BackupGroup))}
    names |= {g.graph_id: g.display_name for g in db.session.scalars(sa.select(DirectoryGroup))}
    theirs: dict[tuple[str, str], list[Any]] = {}
    for (collection, _), whole in stored_content(tenant).items():
        theirs.setdefault((collection, title(whole[0])), []).append(plain(whole, names))
    more: set[str] = set()
    for item in items:
        ours = plain((item.content.content, item.assignments.content), names)
        candidates = theirs[item.collection, title(item.content.content)]
        gaps = [differences(ours, one) for one in candidates]
        best = min(gaps, key=len)
        candidates.pop(gaps.index(best))
        assert not [gap for gap in best if not gap.startswith("+")], (item.file, best)
        more.update(gap.removeprefix("+") for gap in best)
    assert more <= {FILLED}
    left = [key for (key, _), some in theirs.items() for _ in some if key not in BUILT_IN]
    same = [row for row in made.left_out if str(row["reason"]).startswith("the same object")]
    assert len(left) == len(same)  # the simulator gives the second one an id of its own


def title(content: dict[str, Any]) -> str:
    return str(content.get("displayName") or content.get("name") or "")


def plain(whole: tuple[Any, Any], names: dict[str, str]) -> Any:
    """Content and assignments to compare: groups by name, made-up ids gone."""
    content = normal_form({key: v for key, v in whole[0].items() if key != "id"})
    assignments = [
        {key: value for key, value in normal_form(one).items() if key != "id"} for one in whole[1]
    ]
    text = json.dumps({"content": content, "assignments": assignments}, sort_keys=True)
    for graph_id, name in names.items():
        text = text.replace(graph_id, f"group {name}")
    return json.loads(text)


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where they differ; what only the tenant has begins with ``+``."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"+{path}.{key}" for key in theirs.keys() - ours.keys()]
        for key, value in ours.items():
            found += differences(value, theirs.get(key), f"{path}.{key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            gap
            for one, other in zip(ours, theirs, strict=True)
            for gap in differences(one, other, f"{path}[]")
        ]
    return [] if ours == theirs else [f"{path}: {str(ours)[:80]} != {str(theirs)[:80]}"]
