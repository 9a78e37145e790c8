"""``flask policies`` and ``flask groups``."""

import json

import pytest

from opsapp.models import Membership, Role
from opsapp.models.base import write
from tests.support.inventory_rows import (
    add_tenant,
    catalog,
    graph_id,
    simple,
    to_all_devices,
)

POLICY_KEYS = {
    "id", "graph_id", "type", "kind", "name", "platform", "version", "last_seen_at", "gone_at",
}  # fmt: skip


@pytest.fixture
def run(runner):
    """Runs a command; gives its JSON, or its whole result when it must fail."""

    def run(*arguments: str, code: int = 0):
        result = runner.invoke(args=list(arguments))
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if code == 0 and "--json" in arguments else result

    return run


class TestPolicies:
    def test_list(self, inventory, run):
        inventory.policy("Second", catalog())
        inventory.policy("first", collection="namedLocations")
        inventory.policy("Third", gone=True)
        listed = run("policies", "list", "--tenant", "contoso", "--json")
        assert [policy["name"] for policy in listed] == ["first", "Second", "Third"]
        assert set(listed[0]) == POLICY_KEYS
        assert [policy["gone_at"] is None for policy in listed] == [True, True, False]
        assert listed[1]["platform"] == "Windows"

    def test_list_filters(self, inventory, run):
        inventory.policy("Alpha")
        inventory.policy("Beta", collection="namedLocations")
        of_type = run(
            "policies", "list", "--tenant", "contoso", "--type", "namedLocations", "--json"
        )
        found = run("policies", "list", "--tenant", "contoso", "--search", "ALPH", "--json")
        assert [policy["name"] for policy in of_type] == ["Beta"]
        assert [policy["name"] for policy in found] == ["Alpha"]
        assert run("policies", "list", "--tenant", "contoso", "--search", "x", "--json") == []

    def test_show_gives_content_exactly_as_stored(self, inventory, run):
        odd = {"scriptContent": "aGk=", "empty": None, "ä": ["b", 1.5], "masked": "****"}
        secret = {"presharedKey": "hunter2"}
        policy_id = inventory.policy("P", odd | secret, [to_all_devices()], key=graph_id(3))
        shown = run("policies", "show", str(policy_id), "--json")
        mark = shown["content"].pop("presharedKey")
        assert mark.startswith("opsapp-sealed:")
        assert "hunter2" not in str(shown)
        assert shown["content"] == {"id": graph_id(3), "name": "P"} | odd
        assert shown["assignments"] == [to_all_devices()]
        assert shown["type"] == "configurationPolicies"
        assert [version["number"] for version in shown["versions"]] == [1]

    def test_show_an_older_version(self, inventory, run):
        for value in "12":
            content = catalog(simple("a_b", value))
            policy_id = str(inventory.policy("P", content, key=graph_id(3)))
        old = run("policies", "show", policy_id, "--version", "1", "--json")
        new = run("policies", "show", policy_id, "--json")
        assert (old["shown_version"], new["shown_version"], new["version"]) == (1, 2, 2)
        assert old["content"] != new["content"]
        assert [version["number"] for version in new["versions"]] == [2, 1]

    def test_for_people(self, inventory, run):
        policy_id = inventory.policy("Baseline", catalog(simple("a_b", "1")))
        table = run("policies", "list", "--tenant", "contoso").stdout.splitlines()
        assert table[0].split()[:3] == ["ID", "NAME", "TYPE"]
        assert "Baseline" in table[1]
        assert '"settingDefinitionId": "a_b"' in run("policies", "show", str(policy_id)).stdout

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["policies", "list", "--tenant", "nowhere"], 1),
            (["policies", "show", "999"], 1),
            (["policies", "show", "1", "--version", "9"], 1),
            (["policies", "list"], 2),
            (["policies", "list", "--tenant", "contoso", "--type", "nonsense"], 2),
            (["policies", "show", "1", "--version", "0"], 2),
            (["policies", "show", "1", "--version", "99999999999999999999999"], 2),
            (["policies", "show", "99999999999999999999999"], 2),
            (["groups", "list", "--tenant", "nowhere"], 1),
            (["groups", "list"], 2),
        ],
    )
    def test_refusals(self, inventory, run, arguments, code):
        inventory.policy()
        result = run(*arguments, "--json", code=code)
        assert result.stdout == ""
        assert result.stderr

    def test_acting_as_somebody_shows_what_they_may_see(self, app, cast, run):
        other = add_tenant(app, "fabrikam")
        policy_id = str(other.policy())
        somebody = ["--as", cast["readonly"].email, "--json"]
        for command in (["list", "--tenant", "fabrikam"], ["show", policy_id]):
            run("policies", *command, *somebody, code=1)
        run("groups", "list", "--tenant", "fabrikam", *somebody, code=1)
        with app.app_context(), write() as session:
            session.add(
                Membership(
                    tenant_id=other.tenant_id, user_id=cast["readonly"].id, role=Role.READONLY
                )
            )
        assert run("policies", "show", policy_id, *somebody)["id"] == int(policy_id)
        assert len(run("policies", "list", "--tenant", "fabrikam", *somebody)) == 1


class TestGroups:
    def test_list(self, inventory, run):
        inventory.group("Pilot", group_types=["DynamicMembership"], membership_rule="(x)")
        inventory.group("old", removed=True)
        listed = run("groups", "list", "--tenant", "contoso", "--json")
        assert [(group["name"], group["kind"], group["dynamic"]) for group in listed] == [
            ("old", "security", False),
            ("Pilot", "security", True),
        ]
        assert listed[0]["removed_at"]
        assert listed[1]["graph_id"] == graph_id(1)

    def test_search(self, inventory, run):
        inventory.group("Pilot")
        inventory.group("Staff")
        found = run("groups", "list", "--tenant", "contoso", "--search", "pil", "--json")
        assert [group["name"] for group in found] == ["Pilot"]
