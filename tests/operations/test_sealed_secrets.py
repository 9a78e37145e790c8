"""Secrets of policies are sealed in the database, compared, and never shown."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp.config import Settings
from opsapp.extensions import db
from opsapp.inventory.sealing import opened
from opsapp.models import SealedValue
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.graph_content import current, items_of, policy_named
from tests.support.performing import Perform

CONFIG = "deviceConfigurations"
CANARY = "canary-3f9a-plain-text"
REFERENCE = "tenant_profile_1"


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


def custom_profile() -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
        "displayName": "Custom",
        "omaSettings": [
            {
                "@odata.type": "#microsoft.graph.omaSettingString",
                "displayName": "Key",
                "omaUri": "./Device/Vendor/MSFT/Example/Key",
                "isEncrypted": True,
                "secretReferenceValueId": REFERENCE,
                "value": "****",
            },
            {
                "@odata.type": "#microsoft.graph.omaSettingInteger",
                "displayName": "Number",
                "omaUri": "./Device/Vendor/MSFT/Example/Number",
                "value": 7,
            },
        ],
    }


@pytest.fixture
def profile(simulator: Simulator, simulated: SimulatedTenant) -> str:
    row = simulator.add_object(simulated.slug, CONFIG, custom_profile())
    simulator.set_hidden(simulated.slug, CONFIG, row["id"], secrets={REFERENCE: CANARY})
    return str(row["id"])


def mark_in(version: Any) -> str:
    return str(version.content.content["omaSettings"][0]["value"])


def dump() -> str:
    """Everything in every table, as text."""
    parts = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)):
            parts += [bytes(v) if isinstance(v, bytes | memoryview) else str(v) for v in row]
    return repr(parts)


def test_a_plain_text_is_sealed_and_can_be_opened(
    profile: str, app: Flask, settings: Settings, perform: Perform
) -> None:
    run = perform("inventory.sync", {"types": [CONFIG]})
    assert run.outcome == "succeeded"
    version = current(policy_named("Custom"))
    mark = mark_in(version)
    assert mark.startswith("opsapp-sealed:")
    assert version.content.content["omaSettings"][1]["value"] == 7
    assert opened(db.session(), settings, mark) == CANARY
    assert CANARY not in dump()
    assert CANARY.encode() not in b"".join(
        str(version.content.content).encode() for version in [current(policy_named("Custom"))]
    )
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SealedValue)) == 1
    with pytest.raises(KeyError):
        opened(db.session(), settings, "opsapp-sealed:" + "0" * 64)


def test_another_text_is_a_new_version_and_the_same_is_none(
    profile: str, simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    whole = {"types": [CONFIG], "full": True}
    perform("inventory.sync", whole)
    first = mark_in(current(policy_named("Custom")))
    assert perform("inventory.sync", whole).summary_counts["unchanged"] == 1
    simulator.set_hidden(simulated.slug, CONFIG, profile, secrets={REFERENCE: "another text"})
    assert perform("inventory.sync", whole).summary_counts["unchanged"] == 0
    policy = policy_named("Custom")
    assert policy.version == 2
    assert mark_in(current(policy)) != first


def test_a_text_that_graph_will_not_give_is_said(
    profile: str, simulator: Simulator, perform: Perform
) -> None:
    simulator.set_faults(rules=[{"path": "getOmaSettingPlainTextValue", "status": 403}])
    run = perform("inventory.sync", {"types": [CONFIG]})
    item = items_of(run.id)[profile]
    assert item.result == "succeeded"
    assert "without a secret value" in item.message
    assert mark_in(current(policy_named("Custom"))) == "****"


def test_a_text_that_cannot_be_read_just_now_fails_its_object(
    profile: str, simulator: Simulator, perform: Perform
) -> None:
    perform("inventory.sync", {"types": [CONFIG]})
    rule = {"path": "getOmaSettingPlainTextValue", "status": 409}
    simulator.set_faults(rules=[rule])
    run = perform("inventory.sync", {"types": [CONFIG], "full": True})
    assert items_of(run.id)[profile].reason_code == "graph.conflict"
    assert policy_named("Custom").version == 1


def test_keys_given_in_clear_are_sealed_too(
    simulator: Simulator, simulated: SimulatedTenant, settings: Settings, perform: Perform
) -> None:
    simulator.add_object(
        simulated.slug,
        CONFIG,
        {
            "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
            "displayName": "Wi-Fi",
            "ssid": "Office",
            "preSharedKey": CANARY,
        },
    )
    perform("inventory.sync", {"types": [CONFIG]})
    content = current(policy_named("Wi-Fi")).content.content
    assert opened(db.session(), settings, content["preSharedKey"]) == CANARY
    assert content["ssid"] == "Office"
    assert CANARY not in dump()
