"""The words each role has, and the pure functions that answer from them."""

from itertools import pairwise

import pytest
from flask import Flask

from opsapp.extensions import db
from opsapp.models import Role, Tenant, User
from opsapp.models.base import write
from opsapp.permissions import (
    APP_WORDS,
    TENANT_WORDS,
    allows,
    public,
    requires,
    signed_in,
    tenants_of,
    viewer_may,
    words_of,
)

WHO_MAY = {
    "tenant.view": {"readonly", "operator", "manager", "owner", "admin"},
    "runs.view": {"readonly", "operator", "manager", "owner", "admin"},
    "runs.start": {"operator", "manager", "owner", "admin"},
    "runs.retry": {"operator", "manager", "owner", "admin"},
    "runs.cancel_own": {"operator", "manager", "owner", "admin"},
    "runs.cancel_any": {"manager", "owner", "admin"},
    "backups.create": {"operator", "manager", "owner", "admin"},
    "restores.preview": {"operator", "manager", "owner", "admin"},
    "backups.export": {"manager", "owner", "admin"},
    "backups.delete": {"manager", "owner", "admin"},
    "schedules.manage": {"manager", "owner", "admin"},
    "restores.execute": {"manager", "owner", "admin"},
    "mappings.save": {"manager", "owner", "admin"},
    "restores.approve": {"owner", "admin"},
    "collections.exclude": {"manager", "owner", "admin"},
    "policies.export": {"manager", "owner", "admin"},
    "members.manage": {"owner", "admin"},
    "tenant.settings": {"owner", "admin"},
    "tenant.suspend": {"owner", "admin"},
    "tenant.pause": {"owner", "admin"},
}


@pytest.fixture
def people(cast, app_context):
    return {role: db.session.get_one(User, person.id) for role, person in cast.people.items()}


@pytest.fixture
def tenant(people):
    return db.session.query(Tenant).one()


def test_every_word_is_spoken_for():
    assert set(WHO_MAY) == TENANT_WORDS


@pytest.mark.parametrize("word", sorted(WHO_MAY))
def test_a_tenant_word_belongs_to_its_roles(people, tenant, word):
    assert {role for role, user in people.items() if allows(user, tenant, word)} == WHO_MAY[word]


@pytest.mark.parametrize("word", sorted(APP_WORDS))
def test_an_app_word_belongs_to_administrators(people, word):
    assert {role for role, user in people.items() if allows(user, None, word)} == {"admin"}


def test_a_role_includes_the_ones_below_it():
    assert words_of(None) == frozenset()
    steps = [words_of(role) for role in Role]
    assert all(lower < higher for lower, higher in pairwise(steps))


@pytest.mark.parametrize(
    ("word", "in_tenant"), [("runs.strat", True), ("queue.view", True), ("runs.start", False)]
)
def test_a_word_that_does_not_exist_there_is_a_bug(people, tenant, word, in_tenant):
    with pytest.raises(ValueError, match="no such word"):
        allows(people["admin"], tenant if in_tenant else None, word)


def test_a_member_of_another_tenant_is_an_outsider_here(people, tenant):
    with write() as session:
        other = Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36)
        session.add(other)
    assert not allows(people["owner"], other, "tenant.view")
    assert allows(people["admin"], other, "tenant.suspend")


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_a_deactivated_account_may_nothing(people, tenant, role):
    with write():
        people[role].is_active = False
    assert not allows(people[role], tenant, "tenant.view")
    assert not allows(people[role], None, "users.manage")
    assert db.session.scalars(tenants_of(people[role])).all() == []


def test_people_see_the_tenants_they_belong_to(people, tenant):
    with write() as session:
        session.add(Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36))
    seen = {
        role: {found.slug for found in db.session.scalars(tenants_of(user))}
        for role, user in people.items()
    }
    assert seen == {
        "outsider": set(),
        **{role.value: {"contoso"} for role in Role},
        "admin": {"contoso", "fabrikam"},
    }


def test_templates_may_ask_for_anonymous_viewers_too(app):
    with app.test_request_context("/"):
        assert viewer_may("users.manage") is False


def test_a_view_has_one_guard():
    @signed_in
    def view() -> str:
        return ""

    with pytest.raises(TypeError, match="two guards"):
        public(view)


def test_a_guard_with_an_unknown_word_fails_at_import():
    with pytest.raises(ValueError, match="no such word"):
        requires("tenant.veiw")


def test_a_tenant_word_guards_by_the_slug_in_the_address(cast):
    app: Flask = cast.app
    seen = []

    @requires("runs.start")
    def view(tenant: Tenant) -> str:
        seen.append(tenant.slug)
        return "in"

    app.add_url_rule("/probe/<slug>", view_func=view)
    answers = {role: cast.client(role).get("/probe/contoso").status_code for role in cast.people}
    assert answers == {
        "outsider": 404,
        "readonly": 403,
        "operator": 200,
        "manager": 200,
        "owner": 200,
        "admin": 200,
    }
    assert seen == ["contoso"] * 4
    assert cast.client("admin").get("/probe/nowhere").status_code == 404
