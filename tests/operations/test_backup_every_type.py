"""A backup holds every policy type: a tenant that has some of each."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.config import Settings
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import BackupItem, BackupSet, Policy, TypeCompleteness
from opsapp.services import backups
from opsapp.simulator.process import Simulator, running_simulator
from tests.support.performing import connect, performer

pytestmark = pytest.mark.timeout(300)
SLUG = "contoso"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator"), demo=True) as running:
        yield running


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


def test_every_type_is_in_the_set(
    app: Flask,
    app_context: None,
    settings: Settings,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    perform = performer(app, connect(settings, simulator.tenants[SLUG]), monkeypatch)
    run = perform("backup_set.create", {"name": "All"})
    assert run.outcome == "succeeded", run.failure_summary
    backup = db.session.scalars(sa.select(BackupSet)).one()
    rows = {row.collection: row for row in backups.types_of(backup)}
    assert set(rows) == set(CATALOGUE)
    assert {row.completeness for row in rows.values()} == {TypeCompleteness.COMPLETE}
    held = {(item.collection, item.graph_id) for item in backups.all_items(backup)}
    present = sa.select(Policy.collection, Policy.graph_id).where(Policy.gone_at.is_(None))
    assert held == {(key, graph_id) for key, graph_id in db.session.execute(present)}
    assert backup.item_count == len(held) == run.summary_counts["total"]
    second = perform("backup_set.create", {"name": "Again", "full": True})
    assert second.outcome == "succeeded"
    hashes = sa.select(BackupItem.collection, BackupItem.graph_id, BackupItem.compare_sha256)
    one, two = (
        {tuple(row) for row in db.session.execute(hashes.where(BackupItem.set_id == set_id))}
        for set_id in db.session.scalars(sa.select(BackupSet.id).order_by(BackupSet.id))
    )
    assert one == two
