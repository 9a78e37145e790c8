"""Tenants, their credentials, members and collections."""

import threading

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from opsapp import crypto
from opsapp.audit import CLI
from opsapp.extensions import db
from opsapp.models import AuditEvent, CollectionState, Membership, Role, Tenant, User
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.services import collections, members, tenants
from opsapp.services.tenants import Credential, NewTenant
from tests.support import apps
from tests.support import cast as cast_support
from tests.support.postgres import waits_for_a_lock
from tests.support.processes import wait_until

GUID = "ABCDEF00-0000-4000-8000-000000000001"
SECRET = "the secret value"


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def contoso(cast, app_context):
    return db.session.get_one(Tenant, cast.tenant_id)


def person(cast, role):
    return db.session.get_one(User, cast[role].id)


def lines():
    return db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()


@pytest.mark.usefixtures("app_context")
class TestAdding:
    def test_names_are_made_canonical(self):
        made = tenants.create_tenant(CLI, NewTenant(" Fabrikam ", " Fabrikam  Inc ", GUID))
        assert (made.slug, made.name) == ("fabrikam", "Fabrikam Inc")
        assert made.entra_tenant_id == GUID.lower()
        assert tenants.own_credential(made) is None
        assert lines() == ["tenant.created"]

    @pytest.mark.parametrize("slug", ["", "-a", "a-", "a_b", "a/b", "x" * 64, "new", "ü"])
    def test_a_slug_fits_into_an_address(self, slug):
        with pytest.raises(Refused) as refused:
            tenants.create_tenant(CLI, NewTenant(slug, "X", GUID))
        assert refused.value.field == "slug"

    def test_the_entra_id_is_a_guid(self):
        with pytest.raises(Refused, match="GUID") as refused:
            tenants.create_tenant(CLI, NewTenant("x", "X", "contoso.onmicrosoft.com"))
        assert refused.value.field == "entra_tenant_id"

    def test_a_slug_and_an_entra_tenant_are_taken_once(self):
        tenants.create_tenant(CLI, NewTenant("fabrikam", "Fabrikam", GUID))
        with pytest.raises(Refused, match="already a tenant fabrikam"):
            tenants.create_tenant(CLI, NewTenant("FABRIKAM", "X", GUID.replace("1", "2")))
        with pytest.raises(Refused, match="already managed as fabrikam"):
            tenants.create_tenant(CLI, NewTenant("other", "X", GUID))

    @pytest.mark.parametrize("credential", [Credential(GUID, " "), Credential("x", SECRET)])
    def test_half_a_credential_is_refused(self, credential):
        with pytest.raises(Refused):
            tenants.create_tenant(CLI, NewTenant("x", "X", GUID, credential=credential))
        assert tenants.everything() == []


class TestCredentials:
    def test_a_secret_is_stored_encrypted_and_nowhere_else(self, contoso):
        tenants.replace_credential(CLI, contoso, Credential(GUID, f" {SECRET}\n"))
        assert SECRET not in contoso.client_secret_encrypted
        assert tenants.own_credential(contoso) == Credential(GUID.lower(), SECRET)
        assert SECRET not in repr(tenants.own_credential(contoso))
        event = db.session.scalars(sa.select(AuditEvent)).one()
        assert event.data == {"client_id": GUID.lower()}

    def test_new_credentials_are_unverified(self, contoso):
        with write():
            contoso.verified_at = contoso.created_at
        tenants.replace_credential(CLI, contoso, Credential(GUID, SECRET))
        assert contoso.verified_at is None

    def test_removing_returns_to_the_default(self, contoso):
        tenants.replace_credential(CLI, contoso, Credential(GUID, SECRET))
        tenants.remove_credential(CLI, contoso)
        tenants.remove_credential(CLI, contoso)
        assert (contoso.client_id, contoso.client_secret_encrypted) == (None, None)
        assert lines() == ["tenant.credentials_replaced", "tenant.credentials_removed"]


def test_keys_rotate(tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = crypto.encrypt(apps.make_settings(tmp_path, encryption_keys=(old,)), SECRET)
    rotated = apps.make_settings(tmp_path, encryption_keys=(new, old))
    assert crypto.decrypt(rotated, token) == SECRET
    assert Fernet(new).decrypt(crypto.encrypt(rotated, SECRET).encode()).decode() == SECRET
    with pytest.raises(crypto.WrongKey, match="OPSAPP_ENCRYPTION_KEYS") as wrong:
        crypto.decrypt(apps.make_settings(tmp_path, encryption_keys=(new,)), token)
    assert token not in str(wrong.value)


def test_suspending_and_resuming_are_recorded_once(contoso):
    tenants.suspend(CLI, contoso)
    since = contoso.suspended_at
    tenants.suspend(CLI, contoso)
    assert contoso.suspended_at == since
    tenants.resume(CLI, contoso)
    tenants.resume(CLI, contoso)
    assert contoso.suspended_at is None
    assert lines() == ["tenant.suspended", "tenant.resumed"]


def test_only_what_changed_is_recorded(contoso):
    tenants.change(CLI, contoso, name="Contoso", is_production=False)
    assert lines() == []
    tenants.change(CLI, contoso, name="Contoso", is_production=True)
    event = db.session.scalars(sa.select(AuditEvent)).one()
    assert event.data == {"production": [False, True]}
    assert event.tenant_id == contoso.id


class TestMembers:
    def test_owners_come_first(self, contoso):
        roles = [member.role for member in members.members_of(contoso)]
        assert roles == [Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.READONLY]

    def test_a_role_is_granted_and_changed(self, cast, contoso):
        outsider = person(cast, "outsider")
        members.grant(CLI, contoso, outsider, Role.READONLY)
        members.grant(CLI, contoso, outsider, Role.MANAGER)
        members.grant(CLI, contoso, outsider, Role.MANAGER)
        assert members.roles_of(outsider, [contoso]) == {contoso.id: Role.MANAGER}
        data = db.session.scalars(sa.select(AuditEvent.data).order_by(AuditEvent.id)).all()
        assert data == [{"role": [None, "readonly"]}, {"role": ["readonly", "manager"]}]

    def test_a_member_is_removed_once(self, cast, contoso):
        readonly = person(cast, "readonly")
        members.revoke(CLI, contoso, readonly)
        assert db.session.get(Membership, (contoso.id, readonly.id)) is None
        with pytest.raises(NotFound):
            members.revoke(CLI, contoso, readonly)

    def test_the_last_owner_stays(self, cast, contoso):
        owner, manager = person(cast, "owner"), person(cast, "manager")
        with pytest.raises(Refused, match="last owner"):
            members.revoke(CLI, contoso, owner)
        with pytest.raises(Refused, match="last owner"):
            members.grant(CLI, contoso, owner, Role.MANAGER)
        members.grant(CLI, contoso, manager, Role.OWNER)
        members.revoke(CLI, contoso, owner)
        assert members.roles_of(owner, [contoso]) == {}

    def test_a_deactivated_owner_does_not_count(self, cast, contoso):
        owner, manager = person(cast, "owner"), person(cast, "manager")
        members.grant(CLI, contoso, manager, Role.OWNER)
        with write():
            manager.is_active = False
        with pytest.raises(Refused, match="last owner"):
            members.revoke(CLI, contoso, owner)


class TestCollections:
    def test_excluding_is_explicit_visible_and_reversible(self, contoso):
        label = collections.exclude(CLI, contoso, "mobileApps")
        collections.exclude(CLI, contoso, "mobileApps")
        state = db.session.get_one(CollectionState, (contoso.id, "mobileApps"))
        assert state.excluded_at is not None
        assert state.excluded_by == "System (CLI)"
        excluded = [line.label for line in collections.collections_of(contoso) if line.is_excluded]
        assert excluded == [label]
        collections.include(CLI, contoso, "mobileApps")
        assert not any(line.is_excluded for line in collections.collections_of(contoso))
        assert lines() == ["collection.excluded", "collection.included"]

    def test_what_was_read_so_far_stays(self, contoso):
        with write() as session:
            session.add(
                CollectionState(tenant_id=contoso.id, collection="mobileApps", object_count=7)
            )
        collections.exclude(CLI, contoso, "mobileApps")
        assert db.session.get_one(CollectionState, (contoso.id, "mobileApps")).object_count == 7

    def test_an_unknown_collection_is_not_found(self, contoso):
        with pytest.raises(NotFound):
            collections.exclude(CLI, contoso, "nothing")
        assert lines() == []


def test_two_owners_cannot_remove_each_other(make_app, tmp_path, postgres_url):
    app = make_app(apps.make_settings(tmp_path, database_url=postgres_url))
    cast = cast_support.create(app)
    answers = []

    def remove_second():
        with app.app_context():
            try:
                members.revoke(CLI, tenants.find("contoso"), person(cast, "manager"))
                answers.append("removed")
            except Refused:
                answers.append("refused")

    with app.app_context():
        members.grant(CLI, tenants.find("contoso"), person(cast, "manager"), Role.OWNER)
        second = threading.Thread(target=remove_second)
        with write() as session:
            members._locked_owners(session, cast.tenant_id)
            second.start()
            wait_until(lambda: answers or waits_for_a_lock(session), what="the second is there")
            session.delete(session.get_one(Membership, (cast.tenant_id, cast["owner"].id)))
        second.join()
    assert answers == ["refused"]
