"""Policies across tenants: found by name, setting, group and id, on both databases."""

from datetime import timedelta

import pytest

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Membership, Role, User
from opsapp.models.base import write
from opsapp.services import policy_export, policy_list
from opsapp.services.paging import Cursor
from opsapp.services.policy_list import PolicyFilter
from opsapp.services.policy_search import Reason, Scope
from tests.support.inventory_rows import add_tenant, graph_id, to_group

SPYNET = "device_vendor_msft_policy_config_defender_allowcloudprotection"


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def person(app, cast):
    def person(role: str) -> User:
        with app.app_context():
            user = db.session.get_one(User, cast[role].id)
            db.session.expunge(user)
            return user

    return person


@pytest.fixture
def search(app, person):
    """The names of what is found, and why, as a person or (None) as the system."""

    def search(role: str | None = "admin", **filters):
        with app.app_context():
            scope = Scope(user=person(role) if role else None)
            found = policy_list.browse(scope, PolicyFilter(**filters), "name", Cursor())
            assert found.count == len(found.page.rows)
            return [(row.name, found.reasons.get(row.id, [])) for row in found.page.rows]

    return search


def names(found) -> list[str]:
    return [name for name, _ in found]


@pytest.fixture
def two_tenants(app, inventory):
    """Policies here and in a tenant that nobody is a member of."""
    pilot = inventory.group("Pilot ring")
    here = inventory.policy("Antivirus", assignments=[to_group(pilot)])
    inventory.holds(here, SPYNET, "Allow cloud protection")
    other = add_tenant(app, "fabrikam", "Fabrikam")
    there = other.policy("Firewall", assignments=[to_group(pilot, excluded=True)], key=graph_id(77))
    other.holds(there, "firewall_enabled", "Enable the firewall")
    other.policy("Old things", gone=True, key=graph_id(78))
    return pilot


class TestSearch:
    def test_by_name_and_by_id(self, two_tenants, search):
        assert names(search(q="ANTI")) == ["Antivirus"]
        assert names(search(q=graph_id(77))) == ["Firewall"]
        assert names(search()) == ["Antivirus", "Firewall"]

    def test_by_setting_which_it_says(self, two_tenants, search):
        why = [Reason("Allow cloud protection")]
        assert search(q="cloud prot") == [("Antivirus", why)]
        assert search(setting=SPYNET) == [("Antivirus", why)]
        assert search(setting="defender_allowcloud") == [("Antivirus", why)]
        assert search(setting="no such setting") == []

    def test_by_group_which_it_says_with_exclusions(self, two_tenants, search):
        expected = [
            ("Antivirus", [Reason("Pilot ring", is_group=True)]),
            ("Firewall", [Reason("Pilot ring", is_group=True, is_excluded=True)]),
        ]
        assert search(q="pilot") == expected
        assert search(group="pilot") == expected
        assert search(group=two_tenants) == expected
        assert search(group="nobody at all") == []

    def test_a_group_that_the_directory_does_not_know_is_found_by_its_id(self, inventory, search):
        inventory.policy("Orphan", assignments=[to_group(graph_id(500))])
        assert search(group=graph_id(500)) == [("Orphan", [Reason(graph_id(500), is_group=True)])]

    def test_signs_of_patterns_are_letters(self, two_tenants, search):
        for text in ("%", "_____", "\\", "'%\""):
            assert search(q=text) == []
            assert search(setting=text) == []
            assert search(group=text) == []

    def test_only_ones_own_tenants_are_searched(self, app, cast, two_tenants, search):
        assert names(search("operator")) == ["Antivirus"]
        assert names(search("operator", group=two_tenants)) == ["Antivirus"]
        assert names(search("operator", setting="firewall")) == []
        assert names(search("operator", tenant="fabrikam")) == []
        assert search("outsider") == []
        assert names(search(None)) == ["Antivirus", "Firewall"]

    def test_by_tenant_and_whether_gone(self, two_tenants, search):
        assert names(search(tenant="fabrikam")) == ["Firewall"]
        assert names(search(seen="gone")) == ["Old things"]
        assert names(search(tenant="nowhere")) == []

    def test_by_when_it_changed(self, inventory, search):
        for days in (2, 20):
            policy_id = inventory.policy(f"{days} days")
            inventory.change(policy_id, changed_at=utcnow() - timedelta(days=days))
        assert names(search(changed=7)) == ["2 days"]
        assert names(search(changed=30)) == ["2 days", "20 days"]
        assert names(search(changed=10**9)) == ["2 days", "20 days"]

    def test_pages_go_through_all_tenants_and_back(self, app, inventory):
        for number in range(60):
            inventory.policy(f"Policy {number:03}")
        other = add_tenant(app, "fabrikam")
        for number in range(60):
            other.policy(f"Policy {number:03}")
        with app.app_context():
            seen: list[int] = []
            cursor = Cursor()
            while True:
                page = policy_list.browse(Scope(), PolicyFilter(), "name", cursor).page
                seen += [row.id for row in page.rows]
                if page.after is None:
                    break
                cursor = Cursor(after=page.after)
            assert len(seen) == len(set(seen)) == 120
            back = policy_list.browse(
                Scope(), PolicyFilter(), "name", Cursor(before=page.before)
            ).page
            assert [row.id for row in back.rows] == seen[50:100]


class TestExport:
    def test_only_tenants_where_the_role_allows_it(self, app, cast, two_tenants, person):
        manager = person("manager")
        with app.app_context():
            other = add_tenant(app, "northwind")
            other.policy("Third")
            with write() as session:
                session.add(
                    Membership(tenant_id=other.tenant_id, user_id=manager.id, role=Role.OPERATOR)
                )
            scope = Scope(user=manager, word=policy_export.WORD)
            listed = [row.name for row in policy_list.everything(scope, PolicyFilter())]
            assert listed == ["Antivirus"]
            assert policy_export.reach_of(manager) == policy_export.Reach(1, 1)
        assert len(names_of(app, person("manager"))) == 2

    def test_batches_hold_everything_once(self, app, inventory, monkeypatch):
        monkeypatch.setattr(policy_list, "BATCH", 3)
        for number in range(7):
            inventory.policy(f"P{number}")
        with app.app_context():
            batches = [
                [row.name for row in batch]
                for batch in policy_list.in_batches(Scope(), PolicyFilter())
            ]
        assert [len(batch) for batch in batches] == [3, 3, 1]
        listed = sorted(name for batch in batches for name in batch)
        assert listed == [f"P{number}" for number in range(7)]


def names_of(app, user: User) -> list[str]:
    with app.app_context():
        return [row.name for row in policy_list.everything(Scope(user=user), PolicyFilter())]
