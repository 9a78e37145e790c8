"""The demo's data: complete after the first start, and untouched by the next ones."""

import json

import pytest
import sqlalchemy as sa

from opsapp.audit import Actor
from opsapp.extensions import db
from opsapp.models import AuditEvent, Membership, Role, Tenant, User
from opsapp.services import members, passwords, tenants, users

PASSWORD = "a-demo-password-1"
ENTRIES = [
    {
        "slug": slug,
        "id": f"11111111-1111-4111-8111-11111111111{number}",
        "name": slug.title(),
        "client_id": f"22222222-2222-4222-8222-22222222222{number}",
        "client_secret": f"secret-of-{slug}",
    }
    for number, slug in enumerate(("contoso", "fabrikam", "northwind"))
]


@pytest.fixture
def seed(runner, tmp_path):
    def seed(entries=ENTRIES):
        file = tmp_path / "simulator.json"
        file.write_text(json.dumps({"tenants": entries}))
        arguments = ["demo", "seed", "--simulator", str(file), "--password", PASSWORD]
        result = runner.invoke(args=arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert PASSWORD not in result.output

    return seed


def audit_lines():
    return db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent))


def roles_of(email):
    query = sa.select(Tenant.slug, Membership.role).join(Tenant).join(User)
    return dict(list(db.session.execute(query.where(User.email == email))))


@pytest.mark.usefixtures("app_context")
def test_the_first_start_makes_people_tenants_and_roles(seed):
    seed()
    admin = users.find("admin@demo.test")
    assert admin.is_admin
    assert passwords.matches(admin, PASSWORD)
    assert not passwords.is_one_time(admin)
    assert roles_of("admin@demo.test") == {}
    assert roles_of("viewer@demo.test") == {"contoso": Role.READONLY}
    assert roles_of("operator@demo.test") == {
        "contoso": Role.OPERATOR,
        "fabrikam": Role.OPERATOR,
    }
    assert set(roles_of("owner@demo.test")) == {"contoso", "fabrikam", "northwind"}
    credential = tenants.own_credential(tenants.find("northwind"))
    assert credential.client_secret == "secret-of-northwind"


@pytest.mark.usefixtures("app_context")
def test_the_next_start_changes_nothing(seed):
    seed()
    before = audit_lines()
    seed()
    assert audit_lines() == before


@pytest.mark.usefixtures("app_context")
def test_what_people_changed_stays(seed):
    seed()
    actor = Actor("somebody")
    tenant, operator = tenants.find("contoso"), users.find("operator@demo.test")
    tenants.change(actor, tenant, name="Contoso Ltd", is_production=False)
    members.revoke(actor, tenant, operator)
    seed()
    db.session.expire_all()
    assert tenants.find("contoso").name == "Contoso Ltd"
    assert roles_of("operator@demo.test") == {"fabrikam": Role.OPERATOR}


@pytest.mark.usefixtures("app_context")
def test_a_new_secret_of_the_simulator_reaches_the_tenant(seed):
    seed()
    changed = [{**entry, "client_secret": "another-secret"} for entry in ENTRIES]
    seed(changed)
    db.session.expire_all()
    assert tenants.own_credential(tenants.find("contoso")).client_secret == "another-secret"
