"""``flask policies``: what the last sync found in a tenant."""

import json
from typing import Any

import click
from flask.cli import AppGroup

from opsapp.cli.output import (
    ID,
    acting_user,
    answers,
    as_option,
    json_option,
    print_many,
    print_one,
)
from opsapp.cli.tenant_option import visible_tenant
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import Policy
from opsapp.permissions import allows
from opsapp.refusals import NotFound
from opsapp.services import policies as service

policies = AppGroup("policies", help="Policies as last seen in a tenant.")

COLUMNS = ("id", "name", "type", "platform", "version", "last_seen_at", "gone_at")


@policies.command("list")
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option("--type", "type_", metavar="KEY", type=click.Choice(list(CATALOGUE)))
@click.option("--search", default="", metavar="TEXT", help="In name, Graph id or description.")
@as_option
@json_option
@answers
def list_policies(
    slug: str, type_: str | None, search: str, as_email: str | None, as_json: bool
) -> None:
    """Lists the policies of a tenant by name, those that are gone included."""
    tenant = visible_tenant(slug, acting_user(as_email))
    chosen = service.PolicyFilter(type=type_ or "", seen="all", q=search.strip())
    rows = [as_data(policy) for policy in service.everything(tenant, chosen)]
    print_many(rows, COLUMNS, as_json=as_json, none="No policies.")


@policies.command("show")
@click.argument("policy_id", metavar="ID", type=ID)
@click.option(
    "--version", "number", type=click.IntRange(1, 2**31 - 1), help="Instead of the latest."
)
@as_option
@json_option
@answers
def show(policy_id: int, number: int | None, as_email: str | None, as_json: bool) -> None:
    """Shows a policy with its content and assignments exactly as Graph gave them."""
    user = acting_user(as_email)
    policy = service.find_anywhere(policy_id)
    if user is not None and not allows(user, policy.tenant, "tenant.view"):
        raise NotFound(f"There is no policy {policy_id}.")
    version = service.version_of(policy, number)
    versions, _ = service.versions_of(policy, limit=None)
    if not as_json:
        print_one(as_data(policy), as_json=False)
        click.echo(json.dumps(version.content.content, indent=2, ensure_ascii=False))
        return
    data = as_data(policy) | {
        "shown_version": version.number,
        "content": version.content.content,
        "assignments": version.assignments.content,
        "versions": [
            {"number": line.number, "seen_at": line.seen_at, "run_id": line.run_id}
            for line in versions
        ],
    }
    print_one(data, as_json=True)


def as_data(policy: Policy) -> dict[str, Any]:
    """A policy in the keys of design §7; ``type`` is the policy type key."""
    return {
        "id": policy.id,
        "graph_id": policy.graph_id,
        "type": policy.collection,
        "kind": policy.kind,
        "name": policy.name,
        "platform": policy.platform,
        "version": policy.version,
        "last_seen_at": policy.last_seen_at,
        "gone_at": policy.gone_at,
    }
