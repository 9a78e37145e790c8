"""``flask tenants``: the tenants under management and their members."""

import sys
from typing import Any

import click
from flask.cli import AppGroup

from opsapp.audit import CLI
from opsapp.cli.output import answers, json_option, print_many, print_one
from opsapp.models import Cloud, Membership, Role, Tenant
from opsapp.services import members, users
from opsapp.services import tenants as service
from opsapp.services.tenants import Credential

tenants = AppGroup("tenants", help="The tenants under management and their members.")

COLUMNS = ("slug", "name", "entra_tenant_id", "cloud", "is_production", "suspended_at")


@tenants.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="How people call the tenant.")
@click.option("--entra-tenant-id", required=True, metavar="GUID", help="Its directory id.")
@click.option("--cloud", type=click.Choice([cloud.value for cloud in Cloud]), default="global")
@click.option("--production", is_flag=True, help="Mark its pages as production.")
@click.option("--client-id", metavar="ID", help="Its own app registration, instead of the default.")
@click.option(
    "--client-secret-stdin", is_flag=True, help="Read that app's secret from standard input."
)
@json_option
@answers
def add(
    slug: str,
    name: str,
    entra_tenant_id: str,
    cloud: str,
    production: bool,
    client_id: str | None,
    client_secret_stdin: bool,
    as_json: bool,
) -> None:
    """Adds a tenant under the short name SLUG."""
    new = service.NewTenant(
        slug=slug,
        name=name,
        entra_tenant_id=entra_tenant_id,
        cloud=Cloud(cloud),
        is_production=production,
        credential=_credential(client_id, from_stdin=client_secret_stdin),
    )
    print_one(_as_data(service.create_tenant(CLI, new)), as_json=as_json)


def _credential(client_id: str | None, *, from_stdin: bool) -> Credential | None:
    if (client_id is not None) != from_stdin:
        raise click.UsageError("--client-id and --client-secret-stdin belong together")
    if client_id is None:
        return None
    secret = sys.stdin.readline().strip()
    if not secret:
        raise click.UsageError("--client-secret-stdin: standard input is empty")
    return Credential(client_id, secret)


@tenants.command("change")
@click.argument("slug")
@click.option("--name", help="How people call the tenant.")
@click.option("--production/--no-production", default=None, help="Mark its pages as production.")
@click.option("--timezone", metavar="NAME", help="Clocks of its schedules: Europe/Lisbon.")
@json_option
@answers
def change(
    slug: str, name: str | None, production: bool | None, timezone: str | None, as_json: bool
) -> None:
    """Changes the name, the production mark or the time zone of SLUG."""
    tenant = service.find(slug)
    service.change(
        CLI,
        tenant,
        name=tenant.name if name is None else name,
        is_production=tenant.is_production if production is None else production,
        timezone=timezone,
    )
    print_one(_as_data(tenant), as_json=as_json)


@tenants.command("list")
@json_option
@answers
def list_(as_json: bool) -> None:
    """Lists all tenants."""
    rows = [_as_data(tenant) for tenant in service.everything()]
    print_many(rows, COLUMNS, as_json=as_json, none="No tenants yet: flask tenants add")


@tenants.command("show")
@click.argument("slug")
@json_option
@answers
def show(slug: str, as_json: bool) -> None:
    """Shows the tenant SLUG and its members."""
    tenant = service.find(slug)
    people = [_member_as_data(member) for member in members.members_of(tenant)]
    if as_json:
        print_one(_as_data(tenant) | {"members": people}, as_json=True)
        return
    print_one(_as_data(tenant), as_json=False)
    click.echo()
    print_many(people, ("email", "name", "role"), as_json=False, none="No members yet")


@tenants.command("grant")
@click.argument("slug")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@json_option
@answers
def grant(slug: str, email: str, role: str, as_json: bool) -> None:
    """Gives EMAIL the ROLE in SLUG, or changes it."""
    member = members.grant(CLI, service.find(slug), users.find(email), Role(role))
    print_one({"tenant": member.tenant.slug} | _member_as_data(member), as_json=as_json)


@tenants.command("revoke")
@click.argument("slug")
@click.argument("email")
@json_option
@answers
def revoke(slug: str, email: str, as_json: bool) -> None:
    """Takes EMAIL's membership in SLUG away."""
    tenant, user = service.find(slug), users.find(email)
    members.revoke(CLI, tenant, user)
    print_one({"tenant": tenant.slug, "email": user.email, "role": None}, as_json=as_json)


def _as_data(tenant: Tenant) -> dict[str, Any]:
    names = (
        *("id", "slug", "name", "entra_tenant_id", "cloud", "is_production", "suspended_at"),
        *("client_id", "organization_name", "verified_at", "groups_synced_at", "created_at"),
        "timezone",
    )
    return {name: getattr(tenant, name) for name in names}


def _member_as_data(member: Membership) -> dict[str, Any]:
    return {"email": member.user.email, "name": member.user.name, "role": member.role}
