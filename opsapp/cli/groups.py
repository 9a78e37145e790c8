"""``flask groups``: the directory cache of a tenant."""

from typing import Any

import click
from flask.cli import AppGroup

from opsapp.cli.output import acting_user, answers, as_option, json_option, print_many
from opsapp.cli.tenant_option import visible_tenant
from opsapp.models import DirectoryGroup
from opsapp.services import groups as service

groups = AppGroup("groups", help="Groups of a tenant's directory, as last read.")

COLUMNS = ("graph_id", "name", "kind", "dynamic", "last_seen_at", "removed_at")


@groups.command("list")
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option("--search", default="", metavar="TEXT", help="In name, nickname or Graph id.")
@as_option
@json_option
@answers
def list_groups(slug: str, search: str, as_email: str | None, as_json: bool) -> None:
    """Lists the cached groups of a tenant by name, removed ones included."""
    tenant = visible_tenant(slug, acting_user(as_email))
    chosen = service.GroupFilter(state="all", q=search.strip())
    rows = [as_data(group) for group in service.everything(tenant, chosen)]
    print_many(rows, COLUMNS, as_json=as_json, none="No groups.")


def as_data(group: DirectoryGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "graph_id": group.graph_id,
        "name": group.display_name,
        "description": group.description,
        "kind": service.kind_of(group).value,
        "dynamic": service.is_dynamic(group),
        "membership_rule": group.membership_rule,
        "last_seen_at": group.last_seen_at,
        "removed_at": group.removed_at,
    }
