"""Every folder of real exports: what a sync stores is what Graph answers, object by object."""

import os
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.config import Settings
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import Policy, PolicyVersion, RunOutcome, Tenant
from opsapp.simulator.process import SimulatedTenant, Simulator, TenantSpec, running_simulator
from tests.support.performing import connect, performer

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


EXPANDED = {
    "configurationPolicies": "settings",
    "deviceCompliancePolicies": "scheduledActionsForRule($expand=scheduledActionConfigurations)",
    "notificationMessageTemplates": "localizedNotificationMessages",
    "androidManagedAppProtections": "apps",
    "iosManagedAppProtections": "apps",
    "mobileApps": "categories",
}


class PlainGraph:
    """A client that shares nothing with ours: one GET at a time."""

    def __init__(self, simulator: Simulator, tenant: SimulatedTenant) -> None:
        trust = ssl.create_default_context(cafile=str(simulator.ca_path))
        self._http = httpx.Client(base_url=simulator.base_url, verify=trust, trust_env=False)
        answer = self._http.post(
            f"/{tenant.id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": tenant.client_id,
                "client_secret": tenant.client_secret,
                "scope": f"{simulator.base_url}/.default",
            },
        )
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, key: str, graph_id: str) -> Any:
        expand = f"?$expand={EXPANDED[key]}" if key in EXPANDED else ""
        answer = self._http.get(f"/beta{CATALOGUE[key].path}/{graph_id}{expand}")
        answer.raise_for_status()
        return without_contexts(answer.json())


def without_contexts(value: Any) -> Any:
    """Without ``@odata.context`` members: they name the request, and ours is another one."""
    if isinstance(value, dict):
        kept = {key: member for key, member in value.items() if "@odata.context" not in key}
        return {key: without_contexts(member) for key, member in kept.items()}
    return [without_contexts(member) for member in value] if isinstance(value, list) else value


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

    loaded = {key: simulator.objects(folder, key) for key in CATALOGUE}
    assert first.summary_counts["total"] == sum(len(rows) for rows in loaded.values())
    stored = stored_content(tenant)
    with PlainGraph(simulator, simulator.tenants[folder]) as graph:
        for key, rows in loaded.items():
            for row in rows:
                content, assignments = stored.pop((key, row["id"]))
                assert without_contexts(content) == graph.get(key, row["id"]), row["file"]
                assert assignments == row["children"].get("assignments", []), row["file"]
    assert not stored

    second = perform("inventory.sync")
    assert second.summary_counts["unchanged"] == first.summary_counts["total"]
    versions = db.session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion))
    assert versions == first.summary_counts["total"]


def stored_content(tenant: Tenant) -> dict[tuple[str, str], tuple[Any, Any]]:
    rows = db.session.execute(
        sa.select(Policy, PolicyVersion)
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .where(Policy.tenant_id == tenant.id)
    )
    return {
        (policy.collection, policy.graph_id): (version.content.content, version.assignments.content)
        for policy, version in rows
    }
