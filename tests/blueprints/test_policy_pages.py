"""Comparing, the history of a setting, the policies of all tenants, files."""

import base64
import csv
import io
import json
from datetime import timedelta

import pytest

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.secrets import SEALED_PREFIX
from opsapp.models import AuditEvent, Membership, Role
from opsapp.models.base import write
from tests.blueprints.test_inventory_pages import answer, chips, names, words
from tests.support.inventory_rows import (
    HOSTILE,
    add_tenant,
    catalog,
    choice,
    graph_id,
    simple,
    to_all_devices,
    to_group,
)
from tests.support.queries import counted

POLICIES = "/tenants/contoso/policies"
DEVICE = "device_vendor_msft_policy_config_"
SCANNING = f"{DEVICE}defender_allowscanning"
MINUTES = f"{DEVICE}defender_minutes"


@pytest.fixture
def cost(app, cast):
    """How many statements a page takes."""

    def cost(path: str, role: str = "operator") -> int:
        client = cast.client(role)
        client.get(path)
        with counted(app) as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    return cost


@pytest.fixture
def audited(app):
    """What was recorded under an action: subject and data."""

    def audited(action: str) -> list[tuple[str, dict]]:
        with app.app_context():
            rows = db.session.query(AuditEvent).filter_by(action=action)
            return [(row.subject, row.data) for row in rows]

    return audited


def changes(page) -> dict[str, tuple[str, ...]]:
    """Rows that changed: kind, then the two sides."""
    return {
        words(row.th).rpartition(" ")[0]: (
            row["class"][0].removeprefix("diff-"),
            *(words(cell) for cell in row.select("td")),
        )
        for row in page.select("tr[data-change]")
    }


@pytest.fixture
def policy(inventory):
    """Three versions: a setting changes, then the assignments do."""
    group = inventory.group("Pilot ring")
    for chosen, minutes, targets in (
        ("0", 5, []),
        ("1", 5, [to_all_devices()]),
        ("1", 5, [to_all_devices(), to_group(group, excluded=True)]),
    ):
        content = catalog(choice(SCANNING, chosen), simple(MINUTES, minutes, "Integer"))
        policy_id = inventory.policy("Antivirus", content, targets, key=graph_id(900))
    return policy_id


class TestCompare:
    def test_the_latest_with_the_one_before(self, policy, page):
        found = page(f"{POLICIES}/{policy}/compare")
        assert answer(found) == "Settings unchanged; 1 assignment added."
        assert changes(found) == {
            "Pilot ring": ("added", "not assigned", "Excluded"),
        }
        assert words(found.select_one(".diff-same summary")) == "2 unchanged settings"
        assert [option["value"] for option in found.select("option[selected]")] == ["2", "3"]

    def test_any_two_versions(self, policy, page):
        found = page(f"{POLICIES}/{policy}/compare?from=1&to=3")
        assert answer(found) == "1 setting changed; 2 assignments added."
        assert changes(found)["Allow scanning"] == ("changed", "0", "1")
        backwards = page(f"{POLICIES}/{policy}/compare?from=3&to=1")
        assert changes(backwards)["Allow scanning"] == ("changed", "1", "0")
        for wrong in ("from=9", "to=4", "to=0", "from=-1", "to=99999999999999999999"):
            page(f"{POLICIES}/{policy}/compare?{wrong}", status=404)

    def test_a_policy_of_one_version_says_so(self, inventory, page):
        found = page(f"{POLICIES}/{inventory.policy('New')}/compare")
        assert "There is only one version" in found.text

    def test_the_version_list_leads_there_and_says_who(self, inventory, policy, page):
        change = {"at": "2026-11-20T10:00:00Z", "actor": "kim@contoso.test", "activity": "Patch"}
        inventory.version(policy, 3, changes=[change])
        found = page(f"{POLICIES}/{policy}")
        lines = [words(line) for line in found.select("#versions .rows > li")]
        assert "Assignments changed · what changed kim@contoso.test" in lines[0]
        assert "what changed" not in lines[2]
        assert words(found.select_one("#versions .settings-note")).startswith("Who made a change")
        link = found.select_one("#versions .rows-sub a")["href"]
        assert answer(page(link)) == "Settings unchanged; 1 assignment added."
        assert "changed by kim@contoso.test" in words(page(link).select_one(".compare-tools"))

    def test_where_all_is_known_nothing_is_said_of_the_audit_log(self, inventory, policy, page):
        for number in (2, 3):
            inventory.version(policy, number, changes=[])
        assert page(f"{POLICIES}/{policy}").select_one("#versions .settings-note") is None

    def test_scripts_by_line_and_secrets_not_at_all(self, inventory, page, cast):
        for number in "12":
            script = "\n".join(["echo start", f"echo {number}", "echo end"])
            policy_id = inventory.policy(
                "Script",
                {
                    "scriptContent": base64.b64encode(script.encode()).decode(),
                    "presharedKey": f"{SEALED_PREFIX}{number * 32}",
                },
                collection="deviceManagementScripts",
                key=graph_id(901),
            )
        url = f"{POLICIES}/{policy_id}/compare"
        found = page(url)
        assert answer(found) == "2 settings changed."
        assert [words(line) for line in found.select(".line-removed, .line-added")] == [
            "2 \N{MINUS SIGN} echo 1",
            "2 + echo 2",
        ]
        assert "The secret is another one" in found.text
        assert SEALED_PREFIX not in found.text
        assert SEALED_PREFIX not in page(f"{POLICIES}/{policy_id}").select_one("#settings").text

    def test_intunes_own_words_are_used(self, inventory, policy, page):
        inventory.define(SCANNING, "Allow scanning of files", {f"{SCANNING}_1": "Allowed."})
        found = page(f"{POLICIES}/{policy}/compare?from=1&to=2")
        assert changes(found)["Allow scanning of files"] == ("changed", "0", "Allowed.")
        shown = page(f"{POLICIES}/{policy}")
        assert "Allow scanning of files" in words(shown.select_one("#settings"))

    def test_two_policies_of_two_tenants_by_name(self, app, cast, inventory, page):
        other = add_tenant(app, "fabrikam", "Fabrikam")
        sides = []
        for tenant in (inventory, other):
            group = tenant.group("Pilot ring", description=tenant.tenant_id)
            content = {"conditions": {"users": {"excludeGroups": [group]}}, "state": "enabled"}
            sides.append(tenant.policy("CA", content, collection="conditionalAccessPolicies"))
        url = f"/policies/compare?left={sides[0]}&right={sides[1]}@1"
        page(url, status=404)
        found = page(url, "admin")
        assert answer(found) == "Nothing differs that is part of the policy."
        assert "Fabrikam" in found.text
        for wrong in ("x", "1@x", "999999", f"{sides[0]}@2", "99999999999999999999999"):
            page(f"/policies/compare?left={wrong}", "admin", status=404)

    def test_the_other_side_is_found_by_searching(self, inventory, policy, page):
        other = inventory.policy("Antivirus, servers", catalog(choice(SCANNING, "0")))
        found = page(f"/policies/compare?left={policy}@2&find=servers")
        (link,) = found.select("#choose .row-link")
        assert words(link) == "Antivirus, servers"
        compared = page(link["href"])
        assert (
            answer(compared) == "1 setting changed, 1 removed; name changed; 1 assignment removed."
        )
        assert f"right={other}" in link["href"]
        assert "Nothing fits" in page(f"/policies/compare?left={policy}&find=zzzz").text
        assert "Choose two policies" in page("/policies/compare").text

    def test_hostile_names_are_text(self, inventory, cast, page):
        for name in HOSTILE:
            for value in "12":
                policy_id = inventory.policy(
                    name,
                    {"omaSettings": [{"displayName": name, "omaUri": name, "value": value}]},
                    [to_group(inventory.group(name))],
                    collection="deviceConfigurations",
                    key=graph_id(HOSTILE.index(name) + 300),
                )
            for url in (
                f"{POLICIES}/{policy_id}/compare",
                f"/policies/compare?left={policy_id}&find={name[:20]}",
                f"/policies?q={name[:20]}",
            ):
                assert b"<script>alert" not in cast.client("operator").get(url).data
            assert words(page(f"{POLICIES}/{policy_id}/compare").h1) == name

    def test_the_cost_does_not_grow(self, inventory, policy, cost):
        many = catalog(*[simple(f"{DEVICE}a_b{n}", graph_id(n)) for n in range(300)])
        groups = [to_group(inventory.group(f"G{n}")) for n in range(20)]
        inventory.policy("Antivirus", many, groups, key=graph_id(900))
        assert (
            cost(f"{POLICIES}/{policy}/compare") == cost(f"{POLICIES}/{policy}/compare?to=2") <= 13
        )
        assert cost(f"/policies/compare?left={policy}@1&right={policy}@4") <= 14


class TestHistory:
    def test_since_when_and_by_whom(self, inventory, policy, page):
        inventory.version(
            policy, 2, changes=[{"at": "2026-11-20T10:00:00Z", "actor": "kim@contoso.test"}]
        )
        shown = page(f"{POLICIES}/{policy}")
        link = next(a for a in shown.select("a.setting-since") if words(a) == "Allow scanning")
        found = page(link["href"])
        assert words(found.h1) == "Allow scanning"
        assert answer(found) == "It has had this value since version 2, seen 5 min ago."
        newest, oldest = (words(line) for line in found.select(".history > li"))
        assert newest.startswith("1 Since version 2 , seen 5 min ago")
        assert "the same up to version 3" in newest
        assert "kim@contoso.test" in newest
        assert oldest.startswith("0 Since version 1")

    def test_a_value_that_never_changed(self, policy, page):
        found = page(f"{POLICIES}/{policy}/history?setting={MINUTES}")
        assert answer(found) == (
            "It has had this value ever since it was seen, first version 1, seen 5 min ago."
        )

    def test_a_setting_that_came_and_went(self, inventory, page):
        for settings in ([simple(MINUTES, 5)], [], [simple(MINUTES, 7)], []):
            policy_id = inventory.policy("P", catalog(*settings), key=graph_id(902))
        found = page(f"{POLICIES}/{policy_id}/history?setting={MINUTES}")
        assert answer(found) == "The policy has not held it since version 4, seen 5 min ago."
        assert [words(one) for one in found.select(".history-value")] == [
            "Not set",
            "7",
            "Not set",
            "5",
        ]

    def test_an_entry_of_a_list_is_followed_where_it_moves(self, inventory, page):
        rules = "vendor_msft_firewall_rules_{rule}"

        def rule(name, port):
            return {"children": [simple(f"{rules}_name", name), simple(f"{rules}_port", port)]}

        a, b, b_changed = rule("A", "1"), rule("B", "2"), rule("B", "3")
        for entries in ([a, b], [b, a], [b_changed, a]):
            groups = {"settingDefinitionId": rules, "groupSettingCollectionValue": entries}
            policy_id = inventory.policy("Firewall", catalog(groups), key=graph_id(903))
        shown = page(f"{POLICIES}/{policy_id}")
        links = {words(one): one["href"] for one in shown.select("a.setting-since")[:2]}
        found = page(links["Port"])
        assert [words(one) for one in found.select(".history-value")] == ["3", "2"]
        assert answer(found).startswith("It has had this value since version 3")

    def test_an_unknown_key_is_told(self, policy, page):
        assert "No such setting" in page(f"{POLICIES}/{policy}/history?setting=zzz").text
        assert "No such setting" in page(f"{POLICIES}/{policy}/history").text

    def test_every_setting_of_a_page_has_a_history(self, inventory, page):
        content = {
            "omaSettings": [
                {"displayName": "One", "omaUri": "./a", "value": 1},
                {"displayName": "Two", "omaUri": "./b", "value": 2},
            ],
            "apps": [{"id": "1", "mobileAppIdentifier": {"bundleId": "com.a"}}],
            "list": ["b", "a"],
            "nested": {"deep": {"er": True}},
        }
        policy_id = inventory.policy("P", content, collection="deviceConfigurations")
        shown = page(f"{POLICIES}/{policy_id}")
        links = [one["href"] for one in shown.select("a.setting-since")]
        assert len(links) == len(set(links)) >= 7
        for link in links:
            assert answer(page(link)).startswith("It has had this value ever since it was seen")

    def test_the_cost_does_not_grow(self, inventory, cost):
        url = f"{POLICIES}/{{}}/history?setting={MINUTES}"
        few = inventory.policy("Few", catalog(simple(MINUTES, 1)), key=graph_id(904))
        before = cost(url.format(few))
        for value in range(20):
            many = inventory.policy("Many", catalog(simple(MINUTES, value)), key=graph_id(905))
        assert cost(url.format(many)) == before <= 12


class TestEverywhere:
    @pytest.fixture
    def both(self, app, cast, inventory):
        """A tenant more, in which the operator has no role."""
        other = add_tenant(app, "fabrikam", "Fabrikam")
        pilot = inventory.group("Pilot ring")
        first = inventory.policy("Antivirus", catalog(), [to_group(pilot)])
        inventory.holds(first, SCANNING, "Allow scanning")
        other.policy("Firewall", {"platforms": "macOS"}, key=graph_id(77))
        return other

    def test_it_lists_the_viewers_tenants(self, both, page):
        found = page("/policies", "admin")
        assert names(found) == ["Antivirus", "Firewall"]
        assert answer(found) == "2 policies in 2 tenants."
        assert names(page("/policies")) == ["Antivirus"]
        assert "No policy of your tenants" in page("/policies", "outsider").text

    def test_hits_say_why(self, both, page):
        by_setting = page("/policies?q=scanning")
        assert words(by_setting.select_one(".why")) == "Holds Allow scanning"
        by_group = page("/policies?group=Pilot")
        assert words(by_group.select_one(".why")) == "Assigned to Pilot ring"
        assert answer(by_group) == "1 policy assigned to, or excluded from, Pilot ring."
        assert chips(by_group) == ["Group Pilot"]
        held = page(f"/policies?setting={SCANNING}")
        assert chips(held) == ["Setting Allow scanning"]
        assert names(held) == ["Antivirus"]

    def test_the_settings_of_other_tenants_are_not_told(self, both, page):
        there = both.policy("Secretive", key=graph_id(79))
        both.holds(there, "./Vendor/TheirName", "./Vendor/TheirName")
        assert "TheirName" not in page("/policies?q=theirn&setting=theirn").text
        assert chips(page("/policies?setting=theirn")) == ["Setting theirn"]
        assert chips(page("/policies?setting=theirn", "admin")) == ["Setting ./Vendor/TheirName"]

    def test_filters(self, both, page, inventory):
        assert names(page("/policies?tenant=fabrikam", "admin")) == ["Firewall"]
        assert names(page("/policies?platform=macOS", "admin")) == ["Firewall"]
        assert names(page("/policies?assigned=yes", "admin")) == ["Antivirus"]
        assert names(page("/policies?sort=-name", "admin")) == ["Firewall", "Antivirus"]
        old = inventory.policy("Old")
        inventory.change(old, changed_at=utcnow() - timedelta(days=20))
        assert "Old" not in names(page("/policies?changed=7"))
        assert "Old" in names(page("/policies?changed=30"))
        assert "Old" in names(page("/policies?changed=-5"))
        assert "Filters hide 3 policies" in page("/policies?q=zzz", "admin").text

    def test_the_tenants_page_has_the_same_filters(self, both, page):
        assert names(page(f"{POLICIES}?q=scanning")) == ["Antivirus"]
        assert names(page(f"{POLICIES}?changed=7")) == ["Antivirus"]
        assert names(page(f"{POLICIES}?setting=nothing")) == []

    def test_groups_lead_to_their_policies(self, both, page):
        link = page("/tenants/contoso/groups").select_one("tbody td a")
        assert names(page(link["href"])) == ["Antivirus"]

    def test_the_cost_does_not_grow(self, app, cost, both, inventory):
        before = cost("/policies?q=pilot", "admin")
        for number in range(12):
            other = add_tenant(app, f"t{number}")
            for _ in range(3):
                policy_id = other.policy(assignments=[to_group(other.group(f"Pilot {number}"))])
                other.holds(policy_id, f"key{number}", f"Pilot setting {number}")
        assert cost("/policies?q=pilot", "admin") == before + 1 <= 14


class TestFiles:
    def rows(self, response) -> list[dict[str, str]]:
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(response.text)))

    def test_a_list_as_csv_with_its_filters(self, inventory, cast, audited):
        inventory.policy("Antivirus", catalog(), [to_all_devices()])
        inventory.policy("=cmd|' /C calc'!A0", {"description": "+1"})
        client = cast.client("manager")
        rows = self.rows(client.post(f"{POLICIES}/export"))
        assert [row["name"] for row in rows] == ["Antivirus", "'=cmd|' /C calc'!A0"]
        assert rows[1]["description"] == "'+1"
        assert rows[0]["tenant"] == "contoso"
        assert rows[0]["assignments"] == "1"
        assert rows[0]["changed_at"].endswith("Z")
        filtered = self.rows(client.post(f"{POLICIES}/export", data={"assigned": "yes"}))
        assert [row["name"] for row in filtered] == ["Antivirus"]
        assert audited("policies.exported") == [("csv", {}), ("csv", {"assigned": "yes"})]

    def test_the_button_sends_the_filters_in_force(self, inventory, cast, page):
        inventory.policy("Antivirus")
        form = page(f"{POLICIES}?q=anti&assigned=no", "manager").select_one(
            f"form[action='{POLICIES}/export']"
        )
        sent = {field["name"]: field["value"] for field in form.select("input")}
        assert (sent["q"], sent["assigned"]) == ("anti", "no")
        assert page(POLICIES).select_one(f"form[action='{POLICIES}/export']") is None

    def test_across_tenants_only_where_the_role_allows_it(self, app, cast, inventory, page):
        inventory.policy("Mine")
        other = add_tenant(app, "fabrikam")
        other.policy("Not mine")
        with app.app_context(), write() as session:
            user_id = cast["manager"].id
            session.add(Membership(tenant_id=other.tenant_id, user_id=user_id, role=Role.READONLY))
        rows = self.rows(cast.client("manager").post("/policies/export"))
        assert [row["name"] for row in rows] == ["Mine"]
        assert "leaves out 1 tenant" in page("/policies", "manager").text
        assert self.rows(cast.client("operator").post("/policies/export")) == []
        assert page("/policies").select_one("form[action='/policies/export']") is None

    def test_one_policy_as_graph_gave_it(self, inventory, policy, cast, audited):
        response = cast.client("manager").post(f"{POLICIES}/{policy}/export?version=1")
        assert response.headers["Content-Disposition"].endswith(f'"policy-{policy}-v1.json"')
        whole = json.loads(response.data)
        assert whole["assignments"] == []
        assert whole["content"]["settings"][0]["settingInstance"] == choice(SCANNING, "0")
        details = {"policy": policy, "version": 1, "secrets": False}
        assert audited("policy.exported") == [("Antivirus", details)]
        latest = json.loads(cast.client("manager").post(f"{POLICIES}/{policy}/export").data)
        assert len(latest["assignments"]) == 2
        assert (
            cast.client("manager").post(f"{POLICIES}/{policy}/export?version=9").status_code == 404
        )


class TestCapture:
    def test_the_button_is_there_with_the_operation(self, inventory, policy, page, monkeypatch):
        from opsapp.blueprints import policies as pages

        monkeypatch.setattr(pages, "REGISTRY", {})
        assert "Capture now" not in page(f"{POLICIES}/{policy}").text
        monkeypatch.setattr(pages, "REGISTRY", {pages.CAPTURE: object()})
        form = page(f"{POLICIES}/{policy}").select_one("form[action='/tenants/contoso/runs']")
        sent = {field["name"]: field["value"] for field in form.select("input")}
        assert (sent["type"], sent["policies"]) == (pages.CAPTURE, str(policy))
