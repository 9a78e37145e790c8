"""inventory.sync from a service that brings less than it is asked for, in ways that are allowed."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsapp.config import Settings
from opsapp.crypto import encrypt
from opsapp.models import RunOutcome, Tenant
from opsapp.models.base import write
from tests.graph.stub import CLIENT, SECRET, TENANT, Stub, running_stub, write_certificates
from tests.support import apps
from tests.support.graph_content import current, policy_named, to_group, versions_of
from tests.support.performing import Perform
from tests.support.plain_service import PlainService

GROUP = "33333333-3333-4333-8333-333333333333"
OTHER_GROUP = "44444444-4444-4444-8444-444444444444"
DATED = {"displayName": "P", "lastModifiedDateTime": "2026-01-01T00:00:00Z"}
APP = {"id": "outlook", "mobileAppIdentifier": {"bundleId": "com.example.outlook"}}
RULE = {"ruleName": "R", "scheduledActionConfigurations": [{"actionType": "block"}]}
MESSAGE = {"id": "m", "locale": "de-de", "subject": "S", "messageTemplate": "T"}
FILE = {"id": "f", "displayName": "F", "file": "QUJD"}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def stub(certificates: tuple[Path, Path]) -> Iterator[Stub]:
    with running_stub(*certificates) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, queue_url: str, stub: Stub) -> Settings:
    return apps.make_settings(
        tmp_path,
        database_url=database_url,
        redis_url=queue_url,
        login_base_url=stub.base_url,
        graph_base_url=stub.base_url,
        ca_bundle=stub.ca_path,
    )


@pytest.fixture
def tenant(app_context: None, settings: Settings) -> Tenant:
    with write() as session:
        tenant = Tenant(
            slug="other",
            name="Other",
            entra_tenant_id=TENANT,
            client_id=CLIENT,
            client_secret_encrypted=encrypt(settings, SECRET),
        )
        session.add(tenant)
    return tenant


@pytest.fixture
def sync(perform: Perform) -> Callable[[str], None]:
    """One ordinary sync of a collection; all of it must succeed."""

    def run(key: str) -> None:
        done = perform("inventory.sync", {"types": [key]})
        assert (done.outcome, done.failure_summary) == (RunOutcome.SUCCEEDED, [])

    return run


Sync = Callable[[str], None]

# By type: where it is, and what belongs to an object besides its plain answer.
LACKING: dict[str, tuple[str, dict[str, Any]]] = {
    "deviceEnrollmentConfigurations": ("/deviceManagement", {"assignments": [to_group(GROUP)]}),
    "deviceCompliancePolicies": (
        "/deviceManagement",
        {"assignments": [to_group(GROUP)], "scheduledActionsForRule": [RULE]},
    ),
    "notificationMessageTemplates": (
        "/deviceManagement",
        {"localizedNotificationMessages": [MESSAGE]},
    ),
    "iosManagedAppProtections": (
        "/deviceAppManagement",
        {"assignments": [to_group(GROUP)], "apps": [APP]},
    ),
    "mobileApps": (
        "/deviceAppManagement",
        {"assignments": [to_group(GROUP)], "categories": [{"id": "c"}], "relationships": []},
    ),
    "policySets": (
        "/deviceAppManagement",
        {"assignments": [to_group(GROUP)], "items": [{"id": "i", "payloadId": "x"}]},
    ),
    "windowsInformationProtectionPolicies": (
        "/deviceAppManagement",
        {
            "assignments": [to_group(GROUP)],
            "protectedAppLockerFiles": [FILE],
            "exemptAppLockerFiles": [],
        },
    ),
    "authenticationStrengthPolicies": (
        "/identity/conditionalAccess/authenticationStrengths/policies",
        {"combinationConfigurations": [{"id": "c", "allowedAAGUIDs": ["a"]}]},
    ),
    "agreements": (
        "/identityGovernance/termsOfUse/agreements",
        {"files": [{"id": "f", "language": "en", "isDefault": True}]},
    ),
}


def service_of(stub: Stub, key: str, graph_id: str = "1", **choices: Any) -> PlainService:
    where, parts = LACKING[key]
    path = where if where.startswith("/identity") else f"{where}/{key}"
    row = {**DATED, "id": graph_id, **parts}
    return PlainService(stub, path, [row], frozenset(parts), **choices)


def assert_kept(parts: dict[str, Any]) -> None:
    version = current(policy_named("P"))
    content = version.content.content
    kept = {name: content.get(name) for name in parts if name != "assignments"}
    assert kept == {name: rows for name, rows in parts.items() if name != "assignments"}
    assert version.assignments.content == parts.get("assignments", [])


@pytest.mark.parametrize("key", LACKING)
def test_what_no_expand_brings_is_read_apart(key: str, stub: Stub, sync: Sync) -> None:
    service_of(stub, key)
    sync(key)
    assert_kept(LACKING[key][1])


@pytest.mark.parametrize("key", LACKING)
def test_a_change_of_what_no_expand_brings_is_found(key: str, stub: Stub, sync: Sync) -> None:
    service = service_of(stub, key)
    sync(key)
    parts = LACKING[key][1]
    for name in parts:
        service.rows[0][name] = [*parts[name], *service.rows[0][name], {"id": "n", "more": name}]
        sync(key)
        assert len(versions_of(policy_named("P"))) == 2 + list(parts).index(name)
    sync(key)
    assert len(versions_of(policy_named("P"))) == 1 + len(parts)


def test_a_list_that_brings_only_assignments_is_not_trusted_with_the_rest(
    stub: Stub, sync: Sync
) -> None:
    key = "iosManagedAppProtections"
    parts = frozenset(LACKING[key][1])
    service = service_of(stub, key, in_list=frozenset({"assignments"}), in_item=parts)
    sync(key)
    service.rows[0]["apps"] = [APP, {**APP, "id": "teams"}]
    sync(key)
    assert [row["id"] for row in current(policy_named("P")).content.content["apps"]] == [
        "outlook",
        "teams",
    ]


@pytest.mark.parametrize("key", ["iosManagedAppProtections", "notificationMessageTemplates"])
def test_expanded_lists_that_are_cut_short_are_read_on(key: str, stub: Stub, sync: Sync) -> None:
    parts = {
        name: [{**rows[0], "id": str(number)} for number in range(5)]
        for name, rows in LACKING[key][1].items()
    }
    all_parts = frozenset(parts)
    service = service_of(stub, key, in_list=all_parts, in_item=all_parts, cut=2)
    service.rows[0] |= parts
    sync(key)
    assert_kept(parts)
    content = current(policy_named("P")).content.content
    assert not [name for name in content if name.endswith("nextLink")]
    for name in parts:
        service.rows[0][name][-1]["note"] = "changed"
        sync(key)
    assert len(versions_of(policy_named("P"))) == 1 + len(parts)


def test_null_in_place_of_no_rows_is_none(stub: Stub, sync: Sync) -> None:
    key = "deviceCompliancePolicies"
    service = service_of(stub, key, none_is_null=True)
    service.rows[0] |= {"assignments": [], "scheduledActionsForRule": []}
    sync(key)
    assert_kept({"assignments": [], "scheduledActionsForRule": []})


def test_null_assignments_that_have_no_address_are_none(stub: Stub, sync: Sync) -> None:
    parts = frozenset({"assignments"})
    PlainService(
        stub,
        "/deviceManagement/deviceShellScripts",
        [{**DATED, "id": "1", "assignments": []}],
        parts,
        in_item=parts,
        none_is_null=True,
        has_addresses=False,
    )
    sync("deviceShellScripts")
    assert_kept({"assignments": []})


@pytest.mark.parametrize("refused", ["$filter", "$expand", "$orderby"])
def test_a_list_that_takes_no_options_is_asked_without(
    refused: str, stub: Stub, sync: Sync
) -> None:
    key = "mobileApps"
    service_of(stub, key, in_item=frozenset(LACKING[key][1]), refused=frozenset({refused}))
    sync(key)
    assert_kept(LACKING[key][1])


def test_without_dates_what_the_list_leaves_out_is_read_each_time(stub: Stub, sync: Sync) -> None:
    script = {"id": "1", "displayName": "P", "scriptContent": "QQ==", "assignments": []}
    service = PlainService(
        stub,
        "/deviceManagement/deviceManagementScripts",
        [script, {**script, "id": "2", "displayName": "Q", "assignments": [to_group(GROUP)]}],
        frozenset({"assignments"}),
        in_list=frozenset({"assignments"}),
        hidden=frozenset({"scriptContent"}),
    )
    sync("deviceManagementScripts")
    service.rows[0]["scriptContent"] = base64.b64encode(b"changed").decode()
    sync("deviceManagementScripts")
    content = current(policy_named("P")).content.content
    assert base64.b64decode(content["scriptContent"]) == b"changed"
    assert len(versions_of(policy_named("Q"))) == 1


def test_an_id_may_hold_what_an_address_must_not(stub: Stub, sync: Sync) -> None:
    key = "iosManagedAppProtections"
    service_of(stub, key, "T_a b?c#d%e+é", in_item=frozenset(LACKING[key][1]))
    sync(key)
    assert policy_named("P").graph_id == "T_a b?c#d%e+é"
    assert_kept(LACKING[key][1])


def test_an_id_may_be_written_in_two_ways(stub: Stub, sync: Sync) -> None:
    key = "iosManagedAppProtections"
    service_of(stub, key, "T_ABC", in_item=frozenset(LACKING[key][1]), lower_ids=True)
    sync(key)
    assert policy_named("P").graph_id == "T_ABC"
