"""Every policy type is read completely: a tenant that has some of each."""

from collections.abc import Iterator

import pytest
from flask import Flask

from opsapp.config import Settings
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import RunOutcome
from opsapp.simulator.process import Simulator, running_simulator
from tests.support.performing import connect, performer
from tests.support.whole_objects import assert_all_whole, stored_content

pytestmark = pytest.mark.timeout(300)
SLUG = "contoso"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator"), demo=True) as running:
        yield running


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


def test_every_type_is_read_completely(
    app: Flask,
    app_context: None,
    settings: Settings,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = connect(settings, simulator.tenants[SLUG])
    perform = performer(app, tenant, monkeypatch)
    first = perform("inventory.sync")
    assert first.outcome == RunOutcome.SUCCEEDED, first.failure_summary
    assert {key for key, _ in stored_content(tenant)} == set(CATALOGUE)
    assert_all_whole(simulator, tenant)
    second = perform("inventory.sync")
    assert second.summary_counts["unchanged"] == first.summary_counts["total"]
    third = perform("inventory.sync", {"full": True})
    assert third.summary_counts["unchanged"] == first.summary_counts["total"]
