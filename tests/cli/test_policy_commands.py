"""``flask policies search │ diff │ history │ export``."""

import csv
import json

import pytest

from opsapp.crypto import WrongKey, open_with_passphrase
from opsapp.models import Membership, Role
from opsapp.models.base import write
from tests.support.inventory_rows import (
    add_tenant,
    catalog,
    choice,
    graph_id,
    simple,
    to_all_devices,
    to_group,
)

SCANNING = "device_vendor_msft_policy_config_defender_allowscanning"
MINUTES = "device_vendor_msft_policy_config_defender_minutes"


@pytest.fixture
def policy(inventory):
    """Two versions: a value, the name and the assignments change."""
    pilot = inventory.group("Pilot ring")
    first = catalog(choice(SCANNING, "0"), simple(MINUTES, 5, "Integer"))
    inventory.policy("Antivirus", first, key=graph_id(900))
    second = catalog(choice(SCANNING, "1"), simple(MINUTES, 5, "Integer"))
    policy_id = inventory.policy("Defender", second, [to_group(pilot)], key=graph_id(900))
    inventory.holds(policy_id, SCANNING, "Allow scanning")
    return policy_id


class TestSearch:
    def test_by_setting_group_and_name_with_the_reason(self, policy, data):
        (by_setting,) = data("policies", "search", "scanning")
        assert (by_setting["name"], by_setting["tenant"]) == ("Defender", "contoso")
        assert by_setting["why"] == ["holds Allow scanning"]
        (by_group,) = data("policies", "search", "--group", "pilot")
        assert by_group["why"] == ["assigned to Pilot ring"]
        (by_key,) = data("policies", "search", "--setting", MINUTES)
        assert by_key["name"] == "Defender"
        assert data("policies", "search", "--setting", "no_such_setting") == []
        assert data("policies", "search", "defend", "--assigned", "no") == []
        assert len(data("policies", "search", "--changed-days", "1", "--platform", "Windows")) == 1

    def test_only_what_the_person_may_see(self, app, policy, data, flask):
        add_tenant(app, "fabrikam").policy("Elsewhere")
        assert len(data("policies", "search")) == 2
        assert len(data("policies", "search", role="operator")) == 1
        assert data("policies", "search", role="outsider") == []
        assert flask("policies", "search", "--tenant", "fabrikam", role="operator").exit_code == 1

    def test_as_csv_where_the_role_allows_it(self, app, cast, policy, flask, tmp_path):
        file = tmp_path / "policies.csv"
        other = add_tenant(app, "fabrikam")
        other.policy("Elsewhere")
        with app.app_context(), write() as session:
            user_id = cast["manager"].id
            session.add(Membership(tenant_id=other.tenant_id, user_id=user_id, role=Role.READONLY))
        result = flask("policies", "search", "--csv", file, role="manager")
        assert result.exit_code == 0
        assert result.stdout == ""
        assert result.stderr == "Left out: 1 tenant whose policies you may not export.\n"
        with file.open(newline="") as text:
            assert [row["name"] for row in csv.DictReader(text)] == ["Defender"]
        refused = flask("policies", "search", "--tenant", "contoso", "--csv", file, role="operator")
        assert refused.exit_code == 1
        assert "does not allow exports" in refused.stderr


class TestDiff:
    def test_in_words(self, policy, flask):
        result = flask("policies", "diff", f"{policy}@1", policy)
        assert result.stdout.splitlines() == [
            "1 setting changed; name changed; 1 assignment added.",
            "~ Facts / Name",
            "    before: Antivirus",
            "    after: Defender",
            "~ Defender / Allow scanning",
            "    before: 0",
            "    after: 1",
            "+ assignment: Pilot ring",
        ]

    def test_as_data_with_the_keys_of_settings(self, policy, data):
        found = data("policies", "diff", f"{policy}@1", f"{policy}@2")
        (setting,) = found["settings"]
        assert setting["key"] == SCANNING
        assert (setting["before"], setting["after"]) == (["0"], ["1"])
        assert found["before"] == {"id": policy, "version": 1}
        assert [one["change"] for one in found["assignments"]] == ["added"]

    def test_wrong_places(self, policy, flask):
        assert flask("policies", "diff", "x", policy).exit_code == 2
        assert flask("policies", "diff", f"{policy}@", policy).exit_code == 2
        assert flask("policies", "diff", f"{policy}@9", policy).exit_code == 1
        assert flask("policies", "diff", policy, policy, role="outsider").exit_code == 1


class TestHistory:
    def test_since_which_version(self, inventory, policy, data):
        inventory.version(policy, 2, changes=[{"at": "2026-11-20T10:00:00Z", "actor": "kim"}])
        now, before = data("policies", "history", policy, "--setting", SCANNING)
        assert (now["since_version"], now["value"], now["changed_by"]) == (2, "1", "kim")
        assert (before["since_version"], before["value"]) == (1, "0")

    def test_an_unknown_setting_is_refused(self, policy, flask):
        assert flask("policies", "history", policy, "--setting", "zzz").exit_code == 1
        assert flask("policies", "history", policy).exit_code == 2


class TestExport:
    def test_as_graph_gave_it(self, inventory, flask, tmp_path):
        policy_id = inventory.policy("P", {"a": ["ü", None]}, [to_all_devices()])
        file = tmp_path / "policy.json"
        assert flask("policies", "export", policy_id, "--output", file).exit_code == 0
        printed = flask("policies", "export", policy_id, role="manager")
        whole = json.loads(printed.stdout)
        assert whole == json.loads(file.read_text("utf-8"))
        assert whole["content"]["a"] == ["ü", None]
        assert whole["assignments"] == [to_all_devices()]
        assert flask("policies", "export", policy_id, role="operator").exit_code == 1
        assert flask("policies", "export", policy_id, role="outsider").exit_code == 1

    def test_secrets_leave_only_under_a_passphrase(self, inventory, runner):
        policy_id = inventory.policy("P", {"preSharedKey": "hunter2"})

        def export(passphrase=None):
            more = ["--passphrase-stdin"] if passphrase is not None else []
            args = ["policies", "export", str(policy_id), *more]
            return runner.invoke(args=args, input=f"{passphrase}\n")

        plain, sealed = export(), export("correct horse battery")
        assert "hunter2" not in plain.stdout + sealed.stdout
        whole = json.loads(sealed.stdout)
        mark = whole["content"]["preSharedKey"]
        opened = open_with_passphrase("correct horse battery", whole.pop("secrets"))
        assert json.loads(opened) == {mark: "hunter2"}
        assert whole == json.loads(plain.stdout)
        with pytest.raises(WrongKey):
            secrets = json.loads(sealed.stdout)["secrets"]
            open_with_passphrase("another passphrase", secrets)
        assert export("short").exit_code == 1
        assert "at least 12 characters" in export("short").stderr
        assert export("").exit_code == 2
