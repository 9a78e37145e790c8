"""The demo's accounts, tenants and memberships, made through the services. Safe to repeat."""

from dataclasses import dataclass
from typing import Any, Self

from opsapp.audit import Actor
from opsapp.models import Role, Tenant, User
from opsapp.refusals import NotFound
from opsapp.services import members, tenants, users
from opsapp.services.tenants import Credential, NewTenant

SYSTEM = Actor("System (demo)")
EVERYWHERE = "*"

# address, name, administrator, roles by tenant
PEOPLE: tuple[tuple[str, str, bool, dict[str, Role]], ...] = (
    ("admin@demo.test", "Avery Admin", True, {}),
    ("owner@demo.test", "Olu Owner", False, {EVERYWHERE: Role.OWNER}),
    ("manager@demo.test", "Mika Manager", False, {EVERYWHERE: Role.MANAGER}),
    (
        "operator@demo.test",
        "Oskar Operator",
        False,
        {"contoso": Role.OPERATOR, "fabrikam": Role.OPERATOR},
    ),
    ("viewer@demo.test", "Vera Viewer", False, {"contoso": Role.READONLY}),
)


@dataclass(frozen=True)
class DemoTenant:
    """A tenant as the simulator announces it."""

    slug: str
    name: str
    entra_tenant_id: str
    credential: Credential

    @classmethod
    def from_simulator(cls, entry: dict[str, Any]) -> Self:
        credential = Credential(entry["client_id"], entry["client_secret"])
        return cls(entry["slug"], entry["name"], entry["id"], credential)


def seed(password: str, wanted: list[DemoTenant]) -> None:
    """Adds what is missing. What people changed since the last start stays as they left it."""
    people = {email: _person(email, name, password, admin) for email, name, admin, _ in PEOPLE}
    for item in wanted:
        _tenant(item, people)


def _person(email: str, name: str, password: str, is_admin: bool) -> User:
    try:
        return users.find(email)
    except NotFound:
        user, _ = users.create_user(SYSTEM, email, name, password=password, is_admin=is_admin)
        return user


def _tenant(wanted: DemoTenant, people: dict[str, User]) -> None:
    try:
        tenant = tenants.find(wanted.slug)
    except NotFound:
        tenant = tenants.create_tenant(SYSTEM, _new(wanted))
        _grant_roles(tenant, people)
        return
    if tenants.own_credential(tenant) != wanted.credential:  # the simulator makes its own
        tenants.replace_credential(SYSTEM, tenant, wanted.credential)


def _new(wanted: DemoTenant) -> NewTenant:
    return NewTenant(
        slug=wanted.slug,
        name=wanted.name,
        entra_tenant_id=wanted.entra_tenant_id,
        is_production=wanted.slug == "contoso",
        credential=wanted.credential,
    )


def _grant_roles(tenant: Tenant, people: dict[str, User]) -> None:
    for email, _, _, roles in PEOPLE:
        role = roles.get(tenant.slug, roles.get(EVERYWHERE))
        if role is not None:
            members.grant(SYSTEM, tenant, people[email], role)
