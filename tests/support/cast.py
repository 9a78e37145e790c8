"""The cast: one person for every kind of access, and one tenant.

The passwords are all ``PASSWORD``. ``anonymous`` is nobody: a browser without a session.
"""

import functools
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash

from opsapp.models import Membership, Role, Tenant, User
from opsapp.models.base import write

PASSWORD = "correct horse battery staple"
SLUG = "contoso"
ENTRA_ID = "11111111-1111-4111-8111-111111111111"
MEMBERS = {role.value: role for role in Role}
ROLES = ("anonymous", "outsider", *MEMBERS, "admin")


@functools.cache
def password_hash() -> str:
    return generate_password_hash(PASSWORD)


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    name: str


@dataclass(frozen=True)
class Cast:
    """Ids and addresses, not rows: they stay valid in every session and process."""

    app: Flask
    tenant_id: int
    slug: str
    people: dict[str, Person]
    password: str = PASSWORD

    def __getitem__(self, role: str) -> Person:
        return self.people[role]

    def client(self, role: str = "anonymous", *, csrf: bool = False) -> FlaskClient:
        """A browser signed in as ``role``. CSRF tokens are only checked with ``csrf=True``."""
        self.app.config["WTF_CSRF_ENABLED"] = csrf
        client = self.app.test_client()
        if role != "anonymous":
            sign_in(client, self.people[role].id)
        return client


def sign_in(client: FlaskClient, user_id: int) -> None:
    """Gives ``client`` a session without the cost of hashing a password."""
    from opsapp.extensions import db
    from opsapp.services import sign_in as service

    with client.application.app_context():
        user = db.session.get_one(User, user_id)
        with client.session_transaction() as cookie:
            cookie[service.COOKIE_KEY] = service.open_session(user, "127.0.0.1", "tests")


def create(app: Flask) -> Cast:
    with app.app_context():
        with write() as session:
            tenant = Tenant(slug=SLUG, name="Contoso", entra_tenant_id=ENTRA_ID)
            users = {role: _user(role) for role in ROLES if role != "anonymous"}
            users["admin"].is_admin = True
            session.add_all([tenant, *users.values()])
            session.flush()
            session.add_all(
                Membership(tenant_id=tenant.id, user_id=users[name].id, role=role)
                for name, role in MEMBERS.items()
            )
        people = {role: Person(user.id, user.email, user.name) for role, user in users.items()}
        return Cast(app, tenant.id, tenant.slug, people)


def _user(role: str) -> User:
    return User(
        email=f"{role}@opsapp.test",
        name=f"{role.title()} Person",
        password_hash=password_hash(),
    )
