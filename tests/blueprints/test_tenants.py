"""The list of tenants and their settings."""

import pytest

from opsapp.extensions import db
from opsapp.models import Tenant
from opsapp.services import tenants
from opsapp.services.tenants import Credential

GUID = "abcdef00-0000-4000-8000-000000000001"
SETTINGS = "/tenants/contoso/settings"
SECRET = "the-very-secret-value"


def contoso(cast):
    return db.session.get_one(Tenant, cast.tenant_id)


def test_people_see_their_own_tenants_only(cast):
    assert "Contoso" in cast.client("readonly").get("/tenants/").text
    outside = cast.client("outsider").get("/tenants/").text
    assert "Contoso" not in outside
    assert "You are not a member of any tenant" in outside


def test_a_search_without_hits_offers_to_clear(cast):
    assert "No tenant matches" in cast.client("admin").get("/tenants/?q=nothing").text


def test_a_tenant_is_added_with_its_own_registration(cast):
    data = {
        "slug": "fabrikam",
        "name": "Fabrikam",
        "entra_tenant_id": GUID,
        "cloud": "usgov",
        "client_id": GUID,
        "client_secret": SECRET,
    }
    response = cast.client("admin").post("/tenants/new", data=data)
    assert response.location == "/tenants/fabrikam/settings#members"
    with cast.app.app_context():
        made = tenants.find("fabrikam")
        assert (made.cloud, made.is_production) == ("usgov", False)
        assert tenants.own_credential(made) == Credential(GUID, SECRET)


def test_a_refused_tenant_keeps_what_was_entered_but_the_secret(cast):
    data = {"slug": "contoso", "name": "X", "entra_tenant_id": GUID, "cloud": "global"}
    secret = {"client_id": GUID, "client_secret": SECRET}
    response = cast.client("admin").post("/tenants/new", data=data | secret)
    assert response.status_code == 422
    assert "There is already a tenant contoso." in response.text
    assert f'value="{GUID}"' in response.text
    assert SECRET not in response.text


def test_a_stored_secret_is_never_shown(cast):
    owner = cast.client("owner")
    data = {"client_id": GUID, "client_secret": SECRET}
    owner.post(f"{SETTINGS}/credentials", data=data)
    with cast.app.app_context():
        encrypted = contoso(cast).client_secret_encrypted
        assert tenants.own_credential(contoso(cast)) == Credential(GUID, SECRET)
    for page in (owner.get(SETTINGS).text, cast.client("admin").get("/admin/audit").text):
        assert SECRET not in page
        assert encrypted not in page
    owner.post(f"{SETTINGS}/credentials/remove")
    with cast.app.app_context():
        assert contoso(cast).client_id is None


def test_a_manager_sees_collections_only(cast):
    page = cast.client("manager").get(SETTINGS).text
    assert "/settings/collections/mobileApps/exclude" in page
    for part in ("/settings/members", "/settings/credentials", "/settings/suspend"):
        assert part not in page


def test_a_collection_is_excluded_and_included(cast):
    manager = cast.client("manager")
    manager.post(f"{SETTINGS}/collections/mobileApps/exclude")
    page = manager.get(SETTINGS).text
    assert "1 collection excluded" in page
    assert "by manager@opsapp.test" in page
    manager.post(f"{SETTINGS}/collections/mobileApps/include")
    assert "every collection is read" in manager.get(SETTINGS).text
    assert manager.post(f"{SETTINGS}/collections/nothing/exclude").status_code == 404


@pytest.mark.parametrize(("typed", "status"), [(None, 400), ("Contoso", 400), ("contoso", 302)])
def test_suspending_needs_the_typed_name(cast, typed, status):
    data = {} if typed is None else {"confirm": typed}
    response = cast.client("owner").post(f"{SETTINGS}/suspend", data=data)
    assert response.status_code == status
    with cast.app.app_context():
        assert (contoso(cast).suspended_at is not None) == (status == 302)


def test_members_are_added_changed_and_removed(cast):
    owner, outsider = cast.client("owner"), cast["outsider"]
    owner.post(f"{SETTINGS}/members", data={"email": outsider.email, "role": "readonly"})
    visitor = cast.client("outsider")
    assert visitor.get(SETTINGS).status_code == 403
    owner.post(f"{SETTINGS}/members/{outsider.id}/role", data={"role": "manager"})
    assert visitor.get(SETTINGS).status_code == 200
    owner.post(f"{SETTINGS}/members/{outsider.id}/remove")
    assert visitor.get(SETTINGS).status_code == 404


def test_an_unknown_address_is_explained_at_the_field(cast):
    data = {"email": "nobody@opsapp.test", "role": "readonly"}
    response = cast.client("owner").post(f"{SETTINGS}/members", data=data)
    assert response.status_code == 422
    assert "There is no account for nobody@opsapp.test." in response.text


def test_the_last_owner_is_told_why_not(cast):
    owner = cast.client("owner")
    url = f"{SETTINGS}/members/{cast['owner'].id}/remove"
    assert "is the last owner" in owner.post(url, follow_redirects=True).text


def test_an_owner_who_steps_down_is_not_led_to_a_closed_door(cast):
    admin = cast.client("admin")
    admin.post(f"{SETTINGS}/members/{cast['manager'].id}/role", data={"role": "owner"})
    url = f"{SETTINGS}/members/{cast['owner'].id}/role"
    assert cast.client("owner").post(url, data={"role": "readonly"}).location == "/"


def test_a_role_that_does_not_exist_changes_nothing(cast):
    url = f"{SETTINGS}/members/{cast['manager'].id}/role"
    assert cast.client("owner").post(url, data={"role": "admin"}).status_code == 400


def test_a_person_who_is_no_member_is_not_found_there(cast):
    url = f"{SETTINGS}/members/{cast['outsider'].id}/remove"
    assert cast.client("owner").post(url).status_code == 404
