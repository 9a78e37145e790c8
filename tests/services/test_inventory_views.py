"""What pages and commands read of policies, groups and tenants, on both databases."""

from datetime import timedelta

import pytest

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Completeness, Membership, Role, RunStatus, Tenant, User
from opsapp.models.base import write
from opsapp.permissions import tenants_of
from opsapp.refusals import NotFound
from opsapp.services import groups, overview, policies, policy_list, portfolio
from opsapp.services.paging import Cursor
from opsapp.services.policy_search import Scope
from tests.support.inventory_rows import (
    add_tenant,
    catalog,
    graph_id,
    simple,
    to_all_devices,
    to_group,
)
from tests.support.ledger_rows import FAILED, SUCCEEDED, Ledger

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def tenant(cast) -> Tenant:
    return detached(Tenant, cast.tenant_id)


def detached(model, key):
    """A row outside the session, whose read transaction ends: what is written later is seen."""
    row = db.session.get_one(model, key)
    db.session.expunge(row)
    db.session.rollback()
    return row


class TestPolicies:
    @pytest.fixture
    def names(self, inventory):
        """Policies of several kinds, by the letter they are called."""
        group = inventory.group("Pilot")
        inventory.policy("a", catalog(platforms="windows10,macOS"), [to_all_devices()])
        inventory.policy("B", catalog(platforms="macOS"), [to_group(group)])
        inventory.policy("c", {"description": "the needle"}, collection="conditionalAccessPolicies")
        inventory.policy("d", gone=True)
        return group

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, "aBc"),
            ({"seen": "gone"}, "d"),
            ({"seen": "all"}, "aBcd"),
            ({"type": "conditionalAccessPolicies"}, "c"),
            ({"platform": "macOS"}, "aB"),
            ({"platform": "Windows"}, "a"),
            ({"assigned": "yes"}, "aB"),
            ({"assigned": "no"}, "c"),
            ({"q": "NEEDLE"}, "c"),
            ({"q": "%"}, ""),
            ({"platform": "mac"}, ""),
            ({"type": "nonsense"}, ""),
        ],
    )
    def test_filters(self, tenant, names, filters, found):
        chosen = policy_list.PolicyFilter(**filters)
        listed = policy_list.browse(Scope(tenant), chosen, "name", Cursor())
        assert "".join(policy.name for policy in listed.page.rows) == found
        assert listed.count == len(found)
        assert len(policy_list.everything(Scope(tenant), chosen)) == len(found)

    def test_by_group_and_by_id(self, tenant, names):
        for chosen in (
            policy_list.PolicyFilter(group=names),
            policy_list.PolicyFilter(q=graph_id(3)),
        ):
            rows = policy_list.browse(Scope(tenant), chosen, "name", Cursor()).page.rows
            assert [policy.name for policy in rows] == ["B"]

    def test_facets_name_what_there_is(self, tenant, names):
        found = policy_list.facets(tenant)
        assert [key for key, _ in found.types] == [
            "conditionalAccessPolicies",
            "configurationPolicies",
        ]
        assert [key for key, _ in found.platforms] == ["Windows", "macOS"]
        assert found.total == 4

    @pytest.mark.parametrize("sort", ["name", "-name", "type", "-type", "changed", "-changed"])
    def test_every_order_pages_through_all_and_back(self, inventory, tenant, sort):
        for number in range(115):
            stamp = f"2026-0{1 + number % 6}-02T10:00:00.1234567Z" if number % 3 else None
            inventory.policy(
                f"Policy {number % 7}",
                {"lastModifiedDateTime": stamp},
                collection=["configurationPolicies", "roleScopeTags"][number % 2],
                seen=timedelta(hours=number),
            )
        everything = policy_list.PolicyFilter()
        seen, cursor, pages = [], Cursor(), []
        while True:
            page = policy_list.browse(Scope(tenant), everything, sort, cursor).page
            pages.append([policy.id for policy in page.rows])
            seen += pages[-1]
            if page.after is None:
                break
            cursor = Cursor(after=page.after)
        assert len(seen) == len(set(seen)) == 115
        back = policy_list.browse(Scope(tenant), everything, sort, Cursor(before=pages[-1][0])).page
        assert [policy.id for policy in back.rows] == pages[-2]

    def test_versions_say_what_changed(self, inventory, tenant):
        key, one, two = graph_id(99), simple("a_b", "1"), simple("a_b", "2")
        for content, assigned in (
            (catalog(one), []),
            (catalog(two), []),
            (catalog(two), [to_all_devices()]),
            (catalog(one), []),
        ):
            policy_id = inventory.policy("P", content, assigned, key=key)
        policy = policies.find(tenant, policy_id)
        lines, older = policies.versions_of(policy)
        assert [(line.number, line.changed) for line in lines] == [
            (4, "both"),
            (3, "assignments"),
            (2, "object"),
            (1, "first"),
        ]
        assert not older
        lines, older = policies.versions_of(policy, before=4, limit=2)
        assert [(line.number, line.changed) for line in lines] == [
            (3, "assignments"),
            (2, "object"),
        ]
        assert older
        assert policies.version_of(policy).number == 4
        assert (
            policies.version_of(policy, 2).content.content["settings"][0]["settingInstance"] == two
        )
        for missing in (0, 5):
            with pytest.raises(NotFound):
                policies.version_of(policy, missing)

    def test_a_policy_of_another_tenant_is_not_found(self, app, tenant):
        foreign = add_tenant(app, "fabrikam").policy()
        with pytest.raises(NotFound):
            policies.find(tenant, foreign)

    def test_ids_become_names_of_this_tenant_only(self, app, inventory, tenant):
        known, removed = inventory.group("Known"), inventory.group("Removed", removed=True)
        inventory.policy("Corporate", collection="assignmentFilters", key=graph_id(50))
        inventory.policy("Berlin", collection="roleScopeTags", key="3")
        other = add_tenant(app, "fabrikam")
        other.number = 70
        foreign = other.group("Not ours")
        names = policies.names_in(
            tenant,
            {"roleScopeTagIds": ["3"], "conditions": {"users": [known, foreign]}},
            [to_group(removed, filter_id=graph_id(50))],
        )
        assert {key: (one.name, one.gone) for key, one in names.groups.items()} == {
            known: ("Known", False),
            removed: ("Removed", True),
        }
        assert names.filter(graph_id(50)).name == "Corporate"
        assert names.objects["roleScopeTags", "3"].name == "Berlin"
        assert names.of(foreign) is None
        assert names.of(known).name == "Known"


class TestGroups:
    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, ["All", "Dyn", "M365", "mail"]),
            ({"kind": "security"}, ["All", "Dyn"]),
            ({"kind": "microsoft365"}, ["M365"]),
            ({"kind": "mail"}, ["mail"]),
            ({"kind": "dynamic"}, ["Dyn"]),
            ({"state": "removed"}, ["old"]),
            ({"q": "nick"}, ["mail"]),
        ],
    )
    def test_filters(self, inventory, tenant, filters, found):
        inventory.group("All")
        inventory.group("Dyn", group_types=["DynamicMembership"])
        inventory.group("M365", group_types=["Unified"], mail_enabled=True)
        inventory.group("mail", security_enabled=False, mail_nickname="nick")
        inventory.group("old", removed=True)
        listed = groups.browse(tenant, groups.GroupFilter(**filters), "name", Cursor())
        assert [group.display_name for group in listed.page.rows] == found
        assert listed.count == len(found)

    def test_policies_are_counted_once_and_only_present_ones_of_the_tenant(self, inventory, tenant):
        group, unused = inventory.group("A"), inventory.group("B")
        inventory.policy("1", assignments=[to_group(group), to_group(group, excluded=True)])
        inventory.policy("2", assignments=[to_group(group)])
        inventory.policy("3", assignments=[to_group(group)], gone=True)
        rows = groups.everything(tenant, groups.GroupFilter())
        assert groups.policy_counts(tenant, rows) == {group: 2}
        assert unused not in groups.policy_counts(tenant, rows)


class TestOverview:
    def test_a_new_tenant_knows_nothing(self, tenant):
        found = overview.overview_of(tenant)
        assert {row.word for row in found.collections} == {"not_read"}
        assert (found.policies, found.attempted_at, found.problems) == (0, None, [])

    def test_problems_come_first(self, inventory, tenant):
        inventory.collection("configurationPolicies")
        inventory.collection(
            "mobileApps", Completeness.FORBIDDEN, reason_code="graph.forbidden", message="No."
        )
        inventory.collection("namedLocations", None, excluded_at=utcnow(), excluded_by="Ana")
        inventory.policy("1")
        inventory.policy("2", gone=True)
        found = overview.overview_of(tenant)
        words = {row.key: row.word for row in found.collections}
        assert found.collections[0].key == "mobileApps"
        assert [row.key for row in found.problems] == ["mobileApps"]
        assert words["namedLocations"] == "excluded"
        catalog_row = next(r for r in found.collections if r.key == "configurationPolicies")
        assert (catalog_row.present, catalog_row.gone, found.policies) == (1, 1, 1)

    def test_a_run_of_some_types_is_not_the_run_a_button_would_join(self, app, cast, tenant):
        ledger = Ledger(app, cast.tenant_id)
        ledger.run(RunStatus.RUNNING, inputs={"types": ["mobileApps"]})
        assert overview.overview_of(tenant).active_run("inventory.sync") is None
        db.session.rollback()
        whole = ledger.run(RunStatus.QUEUED)
        assert overview.overview_of(tenant).active_run("inventory.sync").id == whole


class TestPortfolio:
    @pytest.fixture
    def admin(self, cast) -> User:
        return detached(User, cast["admin"].id)

    @pytest.fixture
    def look(self, admin):
        def look(user: User = admin, **values):
            db.session.rollback()
            return portfolio.portfolio_of(user, portfolio.PortfolioFilter(), **values)

        return look

    def test_the_worst_is_first(self, app, inventory, look):
        inventory.read_completely()  # contoso is in order
        add_tenant(app, "new", "A new one")
        add_tenant(app, "failing").read_completely()
        bad = add_tenant(app, "bad", "Bad")
        bad.read_completely()
        Ledger(app, bad.tenant_id).run(FAILED)
        missing = add_tenant(app, "missing", "Missing")
        missing.read_completely()
        missing.permission("Policy.Read.All", missing=True)
        suspended = add_tenant(app, "zzz", suspended_at=utcnow())
        Ledger(app, suspended.tenant_id).run(FAILED)
        found = look()
        assert [row.slug for row in found.rows] == [
            "bad",
            "missing",
            "new",
            "contoso",
            "failing",
            "zzz",
        ]
        assert (found.tenants, found.attention, found.never_synced) == (6, 3, 2)

    def test_a_failure_counts_until_the_same_work_succeeds(self, app, cast, inventory, look):
        inventory.read_completely()
        ledger = Ledger(app, cast.tenant_id)
        ledger.run(FAILED, age=timedelta(days=8), run_identity_hash="1" * 64)
        assert look().rows[0].failed_runs == 0, "older than a week"
        ledger.run(FAILED, age=timedelta(hours=2), run_identity_hash="2" * 64)
        assert look().rows[0].failed_runs == 1
        ledger.run(SUCCEEDED, age=timedelta(hours=1), run_identity_hash="3" * 64)
        assert look().rows[0].failed_runs == 1, "other work succeeded"
        ledger.run(SUCCEEDED, age=timedelta(minutes=1), run_identity_hash="2" * 64)
        assert look().rows[0].failed_runs == 0
        assert look().attention == 0

    def test_what_is_excluded_is_no_problem(self, inventory, look):
        inventory.read_completely(0)
        row = look().rows[0]
        assert (row.unread, row.needs_attention) == (0, False)
        with write() as session:
            state = session.get_one(overview.CollectionState, (inventory.tenant_id, "mobileApps"))
            state.completeness, state.excluded_at = Completeness.FAILED, utcnow()
        assert not look().rows[0].needs_attention

    def test_people_see_their_own_tenants_with_their_role(self, app, cast, look):
        other = add_tenant(app, "fabrikam")
        outsider = detached(User, cast["outsider"].id)
        assert look(outsider).rows == []
        with write() as session:
            session.add(
                Membership(tenant_id=other.tenant_id, user_id=outsider.id, role=Role.MANAGER)
            )
        assert [(row.slug, row.role) for row in look(outsider).rows] == [("fabrikam", Role.MANAGER)]
        assert {row.slug for row in look().rows} == {"contoso", "fabrikam"}

    def test_pages_follow_each_other(self, app, look):
        for number in range(7):
            add_tenant(app, f"t{number}")
        everyone = [row.slug for row in look().rows]
        assert len(everyone) == 8
        first = look(size=3)
        second = look(size=3, after=first.after)
        third = look(size=3, after=second.after)
        pages = [[row.slug for row in page.rows] for page in (first, second, third)]
        assert [slug for page in pages for slug in page] == everyone
        assert (first.before, third.after) == (None, None)
        assert [row.slug for row in look(size=3, before=third.before).rows] == pages[1]
        assert look(size=3, after="no-such-tenant").rows == first.rows

    def test_a_person_without_rights_any_more_sees_nothing(self, cast, look):
        with write() as session:
            user = session.get_one(User, cast["owner"].id)
            user.is_active = False
        user = db.session.get_one(User, cast["owner"].id)
        assert db.session.scalars(tenants_of(user)).all() == []
        assert look(user).tenants == 0
