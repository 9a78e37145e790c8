"""Every folder of real exports: what a sync stores is what Graph answers, object by object."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.config import Settings
from opsapp.extensions import db
from opsapp.models import PolicyVersion, RunOutcome
from opsapp.simulator.process import Simulator, TenantSpec, running_simulator
from tests.support.performing import connect, performer
from tests.support.whole_objects import assert_all_whole

pytestmark = [pytest.mark.baselines, pytest.mark.timeout(300)]

BASELINES = os.environ.get("OPSAPP_TEST_BASELINES")
FOLDERS = sorted(p.name for p in Path(BASELINES).iterdir() if p.is_dir()) if BASELINES else []


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    specs = [
        TenantSpec(name, str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), Path(str(BASELINES)) / name)
        for name in FOLDERS
    ]
    with running_simulator(tmp_path_factory.mktemp("simulator"), tenants=specs) as running:
        yield running


@pytest.mark.skipif(not BASELINES, reason="OPSAPP_TEST_BASELINES is not set")
@pytest.mark.parametrize("folder", FOLDERS or ["none"])
def test_stored_content_is_what_graph_answers(
    folder: str,
    app: Flask,
    app_context: None,
    settings: Settings,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = connect(settings, simulator.tenants[folder])
    perform = performer(app, tenant, monkeypatch)
    first = perform("inventory.sync")
    assert first.outcome == RunOutcome.SUCCEEDED, first.failure_summary

    assert_all_whole(simulator, tenant)

    second = perform("inventory.sync")
    assert second.summary_counts["unchanged"] == first.summary_counts["total"]
    versions = db.session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion))
    assert versions == first.summary_counts["total"]
