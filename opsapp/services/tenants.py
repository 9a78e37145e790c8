"""Tenants under management: added, changed, given credentials, suspended."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opsapp import crypto
from opsapp.audit import Actor, record
from opsapp.backup.rescheduling import reschedule_all
from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Cloud, Tenant
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.services.names import checked_name
from opsapp.services.paging import Cursor, Page, page_of
from opsapp.services.users import time_zones

MAX_SECRET = 500
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
RESERVED_SLUGS = frozenset({"new"})  # pages beside /tenants/<slug>/


@dataclass(frozen=True)
class Credential:
    """A tenant's own app registration: client id and secret."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class NewTenant:
    slug: str
    name: str
    entra_tenant_id: str
    cloud: Cloud = Cloud.GLOBAL
    is_production: bool = False
    credential: Credential | None = None


def create_tenant(actor: Actor, new: NewTenant) -> Tenant:
    """Adds a tenant. Raises Refused for malformed values and for a taken slug or Entra id."""
    tenant = Tenant(
        slug=_checked_slug(new.slug),
        name=checked_name(new.name),
        entra_tenant_id=_checked_guid(new.entra_tenant_id, "entra_tenant_id"),
        cloud=new.cloud,
        is_production=new.is_production,
    )
    _set_credential(tenant, new.credential)
    with write() as session:
        _refuse_taken(session, tenant)
        session.add(tenant)
        try:
            session.flush()
        except IntegrityError:  # somebody else was faster
            raise Refused("There is already such a tenant.", "slug") from None
        record(
            session,
            actor,
            "tenant.created",
            tenant.slug,
            tenant=tenant,
            data={
                "name": tenant.name,
                "entra_tenant_id": tenant.entra_tenant_id,
                "cloud": tenant.cloud.value,
                "client_id": tenant.client_id,
            },
        )
    return tenant


def _refuse_taken(session: Session, tenant: Tenant) -> None:
    if session.scalar(sa.select(Tenant.id).where(Tenant.slug == tenant.slug)):
        raise Refused(f"There is already a tenant {tenant.slug}.", "slug")
    same = sa.select(Tenant.slug).where(Tenant.entra_tenant_id == tenant.entra_tenant_id)
    if slug := session.scalar(same):
        raise Refused(f"That Entra tenant is already managed as {slug}.", "entra_tenant_id")


def find(slug: str) -> Tenant:
    """The tenant of a slug. Raises NotFound."""
    tenant = db.session.scalar(sa.select(Tenant).where(Tenant.slug == slug.strip().lower()))
    if tenant is None:
        raise NotFound(f"There is no tenant {slug.strip()}.", "slug")
    return tenant


def everything() -> Sequence[Tenant]:
    """All tenants, by slug."""
    return db.session.scalars(sa.select(Tenant).order_by(Tenant.slug)).all()


def browse(visible: sa.Select[Tenant], search: str, sort: str, cursor: Cursor) -> Page[Tenant]:
    """A page of the ``visible`` tenants. ``sort``: name or slug, with ``-`` in front to reverse."""
    query = visible
    if search:
        text = [column.icontains(search, autoescape=True) for column in (Tenant.name, Tenant.slug)]
        query = query.where(sa.or_(*text, Tenant.entra_tenant_id == search.strip().lower()))
    order = Tenant.slug if sort.removeprefix("-") == "slug" else sa.func.lower(Tenant.name)
    return page_of(query, Tenant, order, cursor, descending=sort.startswith("-"))


def change(
    actor: Actor,
    tenant: Tenant,
    *,
    name: str,
    is_production: bool,
    timezone: str | None = None,
    needs_approval: bool | None = None,
) -> None:
    """Changes a tenant's name, its production mark, the clocks of its schedules, and whether
    restores need a second person.

    None leaves the last two as they are. Raises Refused for a malformed name and an unknown time
    zone.
    """
    name, timezone = checked_name(name), timezone or tenant.timezone
    if timezone != tenant.timezone and timezone not in time_zones():
        raise Refused("Choose a time zone from the list.", "timezone")
    if needs_approval is None:
        needs_approval = tenant.needs_approval
    with write() as session:
        changes: dict[str, list[Any]] = {
            "name": [tenant.name, name],
            "production": [tenant.is_production, is_production],
            "timezone": [tenant.timezone, timezone],
            "needs_approval": [tenant.needs_approval, needs_approval],
        }
        data = {what: pair for what, pair in changes.items() if pair[0] != pair[1]}
        if data:
            tenant.name, tenant.is_production, tenant.timezone = name, is_production, timezone
            tenant.needs_approval = needs_approval
            if "timezone" in data:
                reschedule_all(session, tenant)
            record(session, actor, "tenant.changed", tenant.slug, tenant=tenant, data=data)


def replace_credential(actor: Actor, tenant: Tenant, credential: Credential) -> None:
    """Stores the tenant's own app registration, encrypted; it counts as unverified from now."""
    with write() as session:
        _set_credential(tenant, credential)
        tenant.verified_at = None
        data = {"client_id": tenant.client_id}
        record(session, actor, "tenant.credentials_replaced", tenant.slug, tenant=tenant, data=data)


def remove_credential(actor: Actor, tenant: Tenant) -> None:
    """Back to the default app registration. Does nothing when there is no own one."""
    with write() as session:
        if tenant.client_id is None:
            return
        data = {"client_id": tenant.client_id}
        _set_credential(tenant, None)
        tenant.verified_at = None
        record(session, actor, "tenant.credentials_removed", tenant.slug, tenant=tenant, data=data)


def own_credential(tenant: Tenant) -> Credential | None:
    """The tenant's own app registration, decrypted; None when it uses the default one.

    Raises crypto.WrongKey when the encryption key is gone.
    """
    if tenant.client_id is None or tenant.client_secret_encrypted is None:
        return None
    secret = crypto.decrypt(current_settings(), tenant.client_secret_encrypted)
    return Credential(tenant.client_id, secret)


def suspend(actor: Actor, tenant: Tenant) -> None:
    """From now on runs of this tenant are refused, until it is resumed."""
    with write() as session:
        if tenant.suspended_at is None:
            tenant.suspended_at = utcnow()
            record(session, actor, "tenant.suspended", tenant.slug, tenant=tenant)


def resume(actor: Actor, tenant: Tenant) -> None:
    with write() as session:
        if tenant.suspended_at is not None:
            tenant.suspended_at = None
            record(session, actor, "tenant.resumed", tenant.slug, tenant=tenant)


def _set_credential(tenant: Tenant, credential: Credential | None) -> None:
    if credential is None:
        tenant.client_secret_encrypted = tenant.client_id = None
        return
    secret = credential.client_secret.strip()
    if not 1 <= len(secret) <= MAX_SECRET:
        raise Refused(f"Enter the client secret: 1 to {MAX_SECRET} characters.", "client_secret")
    tenant.client_id = _checked_guid(credential.client_id, "client_id")
    tenant.client_secret_encrypted = crypto.encrypt(current_settings(), secret)


def _checked_slug(slug: str) -> str:
    slug = slug.strip().lower()
    if not SLUG.fullmatch(slug):
        raise Refused(
            "Use 1 to 63 lower-case letters, digits and hyphens; no hyphen at either end.", "slug"
        )
    if slug in RESERVED_SLUGS:
        raise Refused(f"“{slug}” is reserved. Choose another one.", "slug")
    return slug


def _checked_guid(text: str, field_name: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        example = "00000000-0000-0000-0000-000000000000"
        raise Refused(f"Enter a GUID such as {example}.", field_name) from None
