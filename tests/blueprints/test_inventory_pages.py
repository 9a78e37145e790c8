"""Portfolio, overview, policies and groups: what the pages say, to whom, at which cost."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from opsapp.database import utcnow
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import CollectionState, Completeness, Membership, Role, RunStatus
from opsapp.models.base import write
from tests.support.inventory_rows import (
    HOSTILE,
    LONG_NAME,
    add_tenant,
    catalog,
    choice,
    graph_id,
    simple,
    to_all_devices,
    to_group,
)
from tests.support.ledger_rows import FAILED, Ledger
from tests.support.queries import counted

HOME = "/tenants/contoso/"
POLICIES = "/tenants/contoso/policies"
GROUPS = "/tenants/contoso/groups"
DEVICE = "device_vendor_msft_policy_config_"
NONE = "\N{EN DASH}"
UNKNOWN = "99999999-9999-4999-8999-999999999999"


@pytest.fixture
def cost(app, cast):
    """How many statements a page takes."""

    def cost(path: str, role: str = "operator") -> int:
        client = cast.client(role)
        client.get(path)  # the session's own bookkeeping is done once a minute
        with counted(app) as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    return cost


def words(element) -> str:
    return " ".join(element.get_text(" ").split())


def names(page: BeautifulSoup) -> list[str]:
    return [words(link) for link in page.select("tbody .row-link")]


def answer(page: BeautifulSoup) -> str:
    return words(page.select_one(".answer"))


def figure(page: BeautifulSoup, label: str) -> str:
    tiles = {words(tile.select_one(".stat-label")): tile for tile in page.select(".stat")}
    return words(tiles[label].select_one(".stat-value"))


def chips(page: BeautifulSoup) -> list[str]:
    return [words(chip).removesuffix(" \N{EN DASH} remove") for chip in page.select(".chip")]


class TestPortfolio:
    def test_it_answers_in_a_sentence_and_lists_the_worst_first(self, app, inventory, ledger, page):
        inventory.read_completely()
        ledger.run(RunStatus.RUNNING)
        add_tenant(app, "fabrikam", "Fabrikam")
        found = page("/", "admin")
        assert answer(found) == "1 of 2 tenants needs attention; 1 run is active."
        assert names(found) == ["Fabrikam", "Contoso"]
        rows = [words(row) for row in found.select("tbody tr")]
        assert "Never synced" in rows[0]
        assert "In order" in rows[1]
        assert f"{len(CATALOGUE)} of {len(CATALOGUE)} complete" in rows[1]
        assert figure(found, "Need attention") == "1"

    def test_problems_link_to_where_they_are_seen(self, inventory, ledger, page):
        inventory.collection("mobileApps", Completeness.FORBIDDEN)
        inventory.collection("namedLocations", Completeness.FAILED)
        inventory.permission("Policy.Read.All", missing=True)
        ledger.run(FAILED)
        links = {words(link): link["href"] for link in page("/").select(".problems a")}
        assert links == {
            "1 run failed or partial": (
                "/monitoring/operations?tenant=contoso&state=attention&since=7d"
            ),
            "1 permission missing": f"{HOME}#permissions",
            "1 collection not permitted": f"{HOME}#collections",
            "1 collection incomplete": f"{HOME}#collections",
        }

    def test_all_in_order(self, inventory, page):
        inventory.read_completely()
        assert answer(page("/")) == "Your tenant is in order."
        assert "Nothing needs attention" in page("/?show=attention").text

    def test_filters(self, app, inventory, page):
        inventory.read_completely()
        add_tenant(app, "fabrikam", "Fabrikam")
        assert names(page("/?show=attention", "admin")) == ["Fabrikam"]
        assert names(page("/?q=CONT", "admin")) == ["Contoso"]
        assert "Filters hide 2 tenants" in page("/?q=nobody", "admin").text
        assert names(page("/?show=nonsense", "admin")) == ["Fabrikam", "Contoso"]

    def test_who_belongs_nowhere_is_told_so(self, page):
        assert "You are not a member of any tenant" in page("/", "outsider").text

    def test_the_cost_does_not_grow_with_tenants(self, app, cost):
        before = cost("/", "admin")
        for number in range(12):
            other = add_tenant(app, f"t{number}")
            other.collection("mobileApps", Completeness.FORBIDDEN)
            Ledger(app, other.tenant_id).run(FAILED)
        assert cost("/", "admin") == before


class TestOverview:
    def test_the_breadcrumb_does_not_repeat_the_title(self, inventory, page):
        found = page(HOME)
        assert words(found.select_one(".crumbs")) == "Portfolio"
        assert words(found.h1) == "Contoso"

    @pytest.mark.parametrize(
        ("organization", "above"), [("Contoso", []), ("Contoso AG", ["Contoso AG"])]
    )
    def test_the_organization_is_named_where_it_has_another_name(
        self, inventory, page, organization, above
    ):
        inventory.tenant(organization_name=organization)
        assert [words(line) for line in page(HOME).select(".eyebrow")] == above

    def test_a_new_tenant_says_what_to_do(self, page):
        found = page(HOME)
        assert answer(found).startswith("Nothing has been read from this tenant yet.")
        assert found.select_one(".page-actions .btn-primary").text.strip() == "Sync inventory"
        forms = found.select(".page-actions form")
        assert [form["action"] for form in forms] == ["/tenants/contoso/runs"] * 3
        assert [form.select_one("[name=type]")["value"] for form in forms] == [
            "inventory.sync",
            "directory_groups.sync",
            "tenant.verify",
        ]

    def test_problems_are_counted_and_explained(self, inventory, page):
        inventory.read_completely()
        with inventory.app.app_context(), write() as session:
            state = session.get_one(CollectionState, (inventory.tenant_id, "mobileApps"))
            state.completeness = Completeness.FORBIDDEN
            state.reason_code, state.message = "graph.forbidden", "Refused <b>access</b>."
        inventory.policy("A")
        inventory.permission("DeviceManagementApps.Read.All", missing=True)
        found = page(HOME)
        assert answer(found) == (
            f"1 policy known; 1 of {len(CATALOGUE)} collections could not be read completely in the"
            " last sync, 5 min ago. 1 permission is missing."
        )
        first = found.select_one("#collections tbody tr")
        assert words(first).startswith(
            "Apps 0 Not permitted Refused <b>access</b>. graph.forbidden"
        )
        assert "Missing" in words(found.select_one("#permissions"))

    @pytest.mark.parametrize(
        ("role", "suspended", "why"),
        [
            ("readonly", False, "Your role is Read only; an operator can start this."),
            ("owner", True, "The tenant is suspended."),
        ],
    )
    def test_what_cannot_be_started_says_why(self, inventory, page, role, suspended, why):
        inventory.tenant(suspended_at=utcnow() if suspended else None)
        found = page(HOME, role)
        assert found.select(".page-actions form") == []
        assert [words(one) for one in found.select(".page-actions .action-why")] == [why] * 3

    def test_an_active_run_is_linked_instead_and_the_page_moves(self, ledger, page):
        run_id = ledger.run(RunStatus.RUNNING)
        found = page(HOME)
        link = found.select_one(".page-actions .action-why a")
        assert link["href"] == f"/monitoring/operations/{run_id}"
        assert len(found.select(".page-actions form")) == 2
        assert found.select_one("#overview")["hx-trigger"] == "every 5s"

    def test_a_calm_page_stands_still(self, ledger, page):
        ledger.run()
        assert page(HOME).select_one("[data-live]") is None

    def test_the_cost_does_not_grow(self, inventory, ledger, cost):
        inventory.policy()
        ledger.run()
        before = cost(HOME)
        for number in range(8):
            inventory.policy(f"P{number}")
            inventory.group(f"G{number}")
            inventory.permission(f"P{number}", missing=True)
            ledger.run(RunStatus.RUNNING, inputs={"types": [str(number)]})
            ledger.run(FAILED)
        inventory.read_completely()
        assert cost(HOME) == before


class TestPolicyList:
    def test_nothing_yet_offers_the_sync(self, page):
        found = page(POLICIES)
        assert answer(found) == "No policy of this tenant has been read yet."
        assert found.select_one(".empty form [name=type]")["value"] == "inventory.sync"

    def test_columns(self, inventory, page):
        inventory.policy("Baseline", catalog(description="For all"), [to_all_devices()])
        inventory.policy("Berlin", collection="namedLocations")
        first, second = (words(row) for row in page(POLICIES).select("tbody tr"))
        assert first.startswith("Baseline For all Settings catalog policies Windows 1 target")
        assert second.startswith(f"Berlin Named locations {NONE} {NONE}")

    def test_optional_columns_can_be_chosen(self, inventory, page):
        inventory.policy()
        offered = page(POLICIES).select(".filters [name=columns][type=checkbox]")
        assert [box["value"] for box in offered] == ["platform", "version", "seen"]
        assert "Last seen" in words(page(f"{POLICIES}?columns=seen").thead)

    def test_gone_policies_are_counted_and_can_be_asked_for(self, inventory, page):
        inventory.policy("Here")
        inventory.policy("Away", gone=True)
        assert answer(page(POLICIES)) == "1 policy in this tenant; 1 more is gone from it."
        gone = page(f"{POLICIES}?seen=gone")
        assert names(gone) == ["Away"]
        assert "Gone" in words(gone.select_one("tbody tr"))

    def test_filters_are_shown_as_chips_in_words(self, inventory, page):
        group = inventory.group("Pilot ring")
        inventory.policy("One", assignments=[to_group(group)])
        inventory.policy("Two")
        found = page(f"{POLICIES}?group={group}&assigned=yes&type=configurationPolicies")
        assert names(found) == ["One"]
        assert answer(found) == "1 policy assigned to, or excluded from, Pilot ring."
        assert chips(found) == [
            "Type Settings catalog policies",
            "Assignment Assigned",
            "Group Pilot ring",
        ]
        assert found.select_one(".filter-form [name=group]")["value"] == group
        hidden = page(f"{POLICIES}?q=zzz")
        assert "Filters hide 2 policies" in hidden.text
        assert answer(hidden) == "0 of 2 policies fit the filters."

    def test_pages_and_sorting_keep_the_filters(self, inventory, page):
        for number in range(60):
            inventory.policy(f"Policy {number:02}")
        first = page(f"{POLICIES}?q=policy&sort=-name")
        assert names(first)[0] == "Policy 59"
        assert words(first.select_one(".pager-count")) == "50 of 60 policies"
        second = page(first.select_one("[rel=next]")["href"])
        assert names(second)[-1] == "Policy 00"
        assert names(page(second.select_one("[rel=prev]")["href"])) == names(first)

    def test_hostile_names_are_text(self, inventory, page, cast):
        for name in HOSTILE:
            inventory.policy(name, {"description": name})
        assert sorted(names(page(POLICIES))) == sorted(HOSTILE)
        assert b"<script>alert" not in cast.client("operator").get(POLICIES).data

    def test_numbers_beyond_all_numbers_lead_nowhere(self, inventory, page):
        inventory.policy("One")
        assert names(page(f"{POLICIES}?after={10**30}")) == ["One"]
        page(f"{POLICIES}/{10**30}", status=404)

    def test_the_cost_does_not_grow(self, inventory, cost):
        inventory.policy()
        before = cost(POLICIES)
        for number in range(20):
            inventory.policy(f"P{number}", assignments=[to_group(inventory.group())])
        assert cost(POLICIES) == before


class TestPolicy:
    @pytest.fixture
    def url(self, inventory) -> str:
        """A settings catalog policy with everything a page has to show."""
        known = inventory.group("Pilot ring")
        removed = inventory.group("Former staff", removed=True)
        inventory.policy("Corporate devices", collection="assignmentFilters", key=graph_id(90))
        policy_id = inventory.policy(
            "Defender",
            catalog(
                choice(f"{DEVICE}defender_allowrealtimemonitoring", "1"),
                simple(f"{DEVICE}wifi_presharedkey", "hunter2"),
                roleScopeTagIds=["0", "7"],
                description="Keep it on",
            ),
            [
                to_all_devices(filter_id=graph_id(90)),
                to_group(known),
                to_group(removed, excluded=True),
                to_group(UNKNOWN),
            ],
        )
        return f"{POLICIES}/{policy_id}"

    def test_the_sentence_and_the_settings(self, url, page):
        found = page(url)
        assert answer(found).startswith(
            "Assigned to all devices and 2 groups, 1 group excluded; 2 settings; first seen"
        )
        settings = {
            words(row.dt): words(row.dd) for row in found.select("#settings .settings > .setting")
        }
        assert settings == {"Allow realtime monitoring": "1", "Pre shared key": "••• (secret)"}
        assert "Choices shown as a number" in found.text

    def test_assignments_by_name_where_it_is_known(self, url, page):
        rows = [words(row) for row in page(url).select("#assignments li")]
        assert rows == [
            "All devices Included Only what fits the filter Corporate devices",
            "Pilot ring Included",
            f"{UNKNOWN} Included Not in the directory cache",
            "Former staff Excluded Removed from the directory",
        ]

    def test_facts_and_raw_json_without_secrets(self, url, page, cast):
        found = page(url)
        facts = {words(row.dt): words(row.dd) for row in found.select("#facts .facts > div")}
        assert facts["Scope tags"] == "Default, 7"
        assert facts["Type key"] == "configurationPolicies"
        assert '"settingDefinitionId"' in found.select_one("#raw-content").text
        assert b"hunter2" not in cast.client("owner").get(url).data

    def test_an_older_version_is_marked(self, inventory, page):
        for value in "123":
            policy_id = inventory.policy(
                "P", catalog(simple(f"{DEVICE}defender_x", value)), key=graph_id(5)
            )
        url = f"{POLICIES}/{policy_id}"
        old = page(f"{url}?version=2")
        assert words(old.select_one(".setting dd")) == "2"
        assert words(old.select_one(".notice")).startswith("Version 2 of 3, as it was seen")
        assert words(old.select_one("#versions [aria-current]")) == "Version 2"
        assert answer(old) == "Not assigned; 1 setting; version 2, seen 5 min ago."
        assert page(url).select_one(".notice") is None
        for wrong in ("4", "0", "-1", "99999999999999999999", "-99999999999999999999"):
            page(f"{url}?version={wrong}", status=404)
        page(f"{url}?version=x")

    def test_versions_page_back(self, inventory, page):
        for value in range(25):
            policy_id = inventory.policy(
                "P", catalog(simple(f"{DEVICE}defender_x", value)), key=graph_id(5)
            )
        first = page(f"{POLICIES}/{policy_id}")
        assert len(first.select("#versions li")) == 20
        older = page(first.select_one("#versions .rows-foot a")["href"])
        assert [words(link) for link in older.select("#versions .row-link")][-1] == "Version 1"

    def test_finding_in_hundreds_of_settings(self, inventory, page):
        many = [choice(f"{DEVICE}area{n}_setting{n}", "1") for n in range(400)]
        url = f"{POLICIES}/{inventory.policy('Big', catalog(*many))}"
        assert len(page(url).select("#settings .setting")) == 400
        found = page(f"{url}?find=setting399&ids=1")
        assert len(found.select("#settings .setting")) == 1
        assert words(found.select_one(".setting-id")) == f"{DEVICE}area399_setting399"
        assert "Nothing fits" in page(f"{url}?find=zzz").text

    def test_large_json_is_only_sent_when_asked_for(self, inventory, page):
        many = [simple(f"{DEVICE}area_setting{n}", "x" * 400) for n in range(400)]
        url = f"{POLICIES}/{inventory.policy('Big', catalog(*many))}"
        offered = page(url)
        assert offered.select_one("#raw-content") is None
        shown = page(offered.select_one(".raw-offer a")["href"])
        assert shown.select_one("details#raw-content[open]")

    def test_ids_inside_settings_get_names(self, inventory, page):
        group = inventory.group("Break-glass accounts")
        content = {"conditions": {"users": {"excludeGroups": [group, UNKNOWN]}}}
        policy_id = inventory.policy("CA", content, collection="conditionalAccessPolicies")
        found = page(f"{POLICIES}/{policy_id}")
        assert [words(one) for one in found.select("#settings .values li")] == [
            f"Break-glass accounts {group}",
            UNKNOWN,
        ]
        assert "This type has no assignments." in found.text

    def test_a_gone_policy_says_so(self, inventory, page):
        found = page(f"{POLICIES}/{inventory.policy('Gone', gone=True)}")
        assert words(found.select_one(".page-title .state")) == "Gone"

    def test_hostile_content_is_text(self, inventory, page, cast):
        for name in HOSTILE:
            content = {
                "description": name,
                "omaSettings": [{"displayName": name, "omaUri": name, "value": name * 3}],
                name: name,
            }
            inventory.group(name)
            policy_id = inventory.policy(name, content, collection="deviceConfigurations")
            url = f"{POLICIES}/{policy_id}"
            assert words(page(url).h1) == name
            assert b"<script>alert" not in cast.client("operator").get(url).data

    def test_policies_of_other_tenants_are_not_found(self, app, cast, page):
        other = add_tenant(app, "fabrikam")
        foreign = other.policy()
        page(f"{POLICIES}/{foreign}", status=404)
        page(f"/tenants/fabrikam/policies/{foreign}", status=404)
        with app.app_context(), write() as session:
            user_id = cast["operator"].id
            session.add(Membership(tenant_id=other.tenant_id, user_id=user_id, role=Role.READONLY))
        page(f"/tenants/fabrikam/policies/{foreign}")
        page(f"{POLICIES}/{foreign}", status=404)

    def test_the_cost_does_not_grow(self, inventory, cost):
        few = inventory.policy("Few", catalog(simple("a_b", "1")), [to_group(inventory.group())])
        groups = [inventory.group(f"G{number}") for number in range(30)]
        many = catalog(*[simple(f"a_b{number}", graph_id(number)) for number in range(50)])
        for number in range(10):
            big = inventory.policy(
                "Many",
                many | {"description": str(number)},
                [to_group(group) for group in groups],
                key=graph_id(500),
            )
        assert cost(f"{POLICIES}/{few}") == cost(f"{POLICIES}/{big}")


class TestGroups:
    def test_nothing_yet(self, page):
        found = page(GROUPS)
        assert answer(found).startswith("The directory has not been read yet")
        assert found.select_one(".page-actions .btn-primary").text.strip() == "Sync groups"

    def test_rows(self, inventory, page):
        inventory.tenant(groups_synced_at=utcnow() - timedelta(hours=2))
        group = inventory.group(
            "Pilot", group_types=["DynamicMembership"], membership_rule="(user.city -eq <b>)"
        )
        inventory.group("Old", removed=True)
        inventory.policy(assignments=[to_group(group)])
        found = page(GROUPS)
        assert answer(found) == "1 group in the directory cache, last synced 2 h ago."
        assert names(found) == ["Pilot"]
        row = found.select_one("tbody tr")
        assert "Security Dynamic (user.city -eq <b>) 1" in words(row)
        assert row.select_one("td a")["href"] == f"{POLICIES}?group={group}"
        removed = page(f"{GROUPS}?state=removed")
        assert names(removed) == ["Old"]
        assert "Removed" in words(removed.select_one("tbody tr"))

    def test_filters_hide(self, inventory, page):
        inventory.group("One")
        assert "No group fits" in page(f"{GROUPS}?q=zzz").text
        assert "No removed groups" in page(f"{GROUPS}?state=removed").text
        assert names(page(f"{GROUPS}?kind=nonsense&state=nonsense")) == ["One"]

    def test_long_and_hostile_names(self, inventory, page, cast):
        for name in HOSTILE:
            inventory.group(name, description=name, membership_rule=name)
        assert LONG_NAME in names(page(GROUPS))
        assert b"<script>alert" not in cast.client("operator").get(GROUPS).data

    def test_the_cost_does_not_grow(self, inventory, cost):
        inventory.group()
        before = cost(GROUPS)
        for number in range(40):
            inventory.policy(assignments=[to_group(inventory.group(f"G{number}"))])
        assert cost(GROUPS) == before
