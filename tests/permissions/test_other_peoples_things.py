"""Being let into one tenant opens nothing of another: ids of elsewhere do not exist here."""

import pytest

from opsapp.extensions import db
from opsapp.models import Membership, Notification, Policy, Role, Tenant, User
from opsapp.models.base import write


@pytest.fixture
def stranger(world):
    """A browser of somebody who owns another tenant, and nothing of contoso."""
    with world.app.app_context():
        with write() as session:
            other = Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36)
            session.add(other)
            session.flush()
            outsider = session.get_one(User, world.cast["outsider"].id)
            session.add(Membership(tenant_id=other.id, user_id=outsider.id, role=Role.OWNER))
        db.session.remove()
    world.app.config["WTF_CSRF_ENABLED"] = False
    client = world.app.test_client()
    client.set_cookie("session", world.cookies["outsider"])
    return client


def test_ones_own_tenant_does_not_open_anothers_policy(world, stranger):
    policy_id = world.samples["owner"]["policy_id"]
    assert stranger.get("/tenants/fabrikam/policies").status_code == 200
    assert stranger.get(f"/tenants/fabrikam/policies/{policy_id}").status_code == 404


def test_lists_show_nothing_of_the_other_tenant(world, stranger):
    with world.app.app_context():
        name = db.session.query(Policy).first().name
    for page in ("/", "/tenants/", "/monitoring/operations", "/tenants/fabrikam/policies"):
        text = stranger.get(page).text
        assert name not in text
        assert "contoso" not in text.lower(), page


@pytest.mark.parametrize("page", ["compare", "history?setting=a", "compare?from=1&to=1"])
def test_ones_own_tenant_does_not_open_anothers_versions(world, stranger, page):
    policy_id = world.samples["owner"]["policy_id"]
    assert stranger.get(f"/tenants/fabrikam/policies/{policy_id}/{page}").status_code == 404


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_other_tenants_policy_cannot_be_compared(world, stranger, side):
    policy_id = world.samples["owner"]["policy_id"]
    assert stranger.get(f"/policies/compare?{side}={policy_id}").status_code == 404
    assert stranger.get(f"/policies/compare?{side}={policy_id}@1").status_code == 404
    assert stranger.get("/policies/compare?find=Baseline").text.count("row-link") == 0


@pytest.mark.parametrize("query", ["", "?q=Baseline", "?tenant=contoso", "?group=g1", "?seen=all"])
def test_the_list_of_all_policies_holds_only_ones_own(world, stranger, query):
    page = stranger.get(f"/policies{query}")
    assert page.status_code == 200
    assert "tenants/contoso" not in page.text
    sent = dict(pair.split("=") for pair in query.removeprefix("?").split("&") if pair)
    lines = stranger.post("/policies/export", data=sent).text.splitlines()
    assert len(lines) == 1


@pytest.mark.parametrize("query", ["tenant=contoso", "q=contoso"])
def test_a_filter_does_not_reach_into_the_other_tenant(world, stranger, query):
    run_id = world.samples["owner"]["run_id"]
    text = stranger.get(f"/monitoring/operations?{query}").text
    assert f"/monitoring/operations/{run_id}" not in text


@pytest.mark.parametrize("action", ["", "/retry", "/cancel"])
def test_the_other_tenants_run_is_not_found(world, stranger, action):
    address = f"/monitoring/operations/{world.samples['owner']['run_id']}{action}"
    response = stranger.post(address) if action else stranger.get(address)
    assert response.status_code == 404


@pytest.mark.parametrize("action", ["open", "read"])
def test_somebody_elses_notification_is_not_found(world, stranger, action):
    notification_id = world.samples["owner"]["notification_id"]
    assert stranger.post(f"/notifications/{notification_id}/{action}").status_code == 404
    with world.app.app_context():
        assert db.session.get_one(Notification, notification_id).read_at is None


def test_a_member_of_ones_own_tenant_only_is_managed_there(world, stranger):
    user_id = world.cast["readonly"].id
    for action in ("role", "remove"):
        address = f"/tenants/fabrikam/settings/members/{user_id}/{action}"
        assert stranger.post(address, data={"role": "owner"}).status_code == 404
    with world.app.app_context():
        role = db.session.get_one(Membership, (world.cast.tenant_id, user_id)).role
        assert role == Role.READONLY
