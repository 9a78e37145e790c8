"""``flask policies``: what is known of policies: lists, one policy, differences, history, files."""

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
from opsapp.cli.policy_commands import COMMANDS, visible_version
from opsapp.cli.tenant_option import visible_tenant
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import Policy
from opsapp.services import policies as service
from opsapp.services import policy_list
from opsapp.services.policy_search import Scope

policies = AppGroup("policies", help="Policies as last seen in the tenants.")
for _command in COMMANDS:
    policies.add_command(_command)

COLUMNS = ("id", "name", "type", "platform", "version", "last_seen_at", "gone_at")


@policies.command("list")
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option("--type", "type_", metavar="KEY", type=click.Choice(list(CATALOGUE)))
@click.option("--search", default="", metavar="TEXT", help="In name, setting, group or Graph id.")
@as_option
@json_option
@answers
def list_policies(
    slug: str, type_: str | None, search: str, as_email: str | None, as_json: bool
) -> None:
    """Lists the policies of a tenant by name, those that are gone included."""
    tenant = visible_tenant(slug, acting_user(as_email))
    chosen = policy_list.PolicyFilter(type=type_ or "", seen="all", q=search.strip())
    rows = [as_data(policy) for policy in policy_list.everything(Scope(tenant), chosen)]
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
    version = visible_version(policy_id, number, acting_user(as_email))
    policy = version.policy
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
