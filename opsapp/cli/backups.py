"""``flask backups``: backup sets."""

from typing import Any

import click
from flask.cli import AppGroup

from opsapp.cli.backup_keys import keys_of_set_made
from opsapp.cli.output import (
    ID,
    acting_user,
    actor_for,
    answers,
    as_option,
    json_option,
    print_many,
    print_one,
    printable,
)
from opsapp.cli.runs import SYSTEM_CLI, report, wait_option
from opsapp.cli.tenant_option import visible_tenant
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import BackupItem, BackupSet, User
from opsapp.permissions import allows
from opsapp.presenters import backup_words
from opsapp.refusals import NotAllowed, NotFound, Refused
from opsapp.services import backups as service

backups = AppGroup("backups", help="Backup sets: make, list, show, fill, close, delete, as files.")

COLUMNS = ("id", "tenant", "name", "state", "item_count", "created_at", "completed_at")
TYPE_COLUMNS = ("type", "completeness", "item_count", "object_count", "reason_code")


@backups.command("create")
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option("--name", required=True)
@click.option("--note", default="", metavar="TEXT")
@click.option(
    "--type", "types", multiple=True, metavar="KEY", type=click.Choice(list(CATALOGUE)),
    help="Only these policy types; given as often as needed.",
)  # fmt: skip
@click.option("--keep-open", is_flag=True, help="For more policies, until it is closed.")
@click.option("--full", is_flag=True, help="Read every object whole, whatever the lists tell.")
@as_option
@wait_option
@json_option
@answers
def create(
    slug: str, as_email: str | None, wait: float | None, as_json: bool, **inputs: Any
) -> None:
    """Reads a tenant into a new backup set."""
    user = acting_user(as_email)
    run = service.start(visible_tenant(slug, user), inputs, user or SYSTEM_CLI)
    report(run, wait, as_json=as_json, created=run.is_new, about=keys_of_set_made)


@backups.command("list")
@click.option("--tenant", "slug", metavar="SLUG")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
@as_option
@json_option
@answers
def list_(slug: str | None, limit: int, as_email: str | None, as_json: bool) -> None:
    """Lists backup sets, the newest first."""
    user = acting_user(as_email)
    tenant = visible_tenant(slug, user) if slug else None
    lines = service.newest(tenant, user, limit)
    rows = [backup_words.as_data(line.backup, line.run) for line in lines]
    print_many(rows, COLUMNS, as_json=as_json, none="No backup sets.")


@backups.command("show")
@click.argument("set_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def show(set_id: int, as_email: str | None, as_json: bool) -> None:
    """Shows a backup set: how complete it is, and with --json what is in it."""
    backup = _found(set_id, acting_user(as_email))
    run, types = service.run_of(backup), service.types_of(backup)
    count = service.item_count(backup)
    data = backup_words.as_data(backup, run) | {"item_count": count}
    of_types = [backup_words.type_as_data(row) for row in types]
    if as_json:
        items = [_item(item) for item in service.all_items(backup)]
        more = {"completeness": of_types, "items": items, "left_out": backup.left_out}
        print_one(data | more, as_json=True)
        return
    for line in (
        backup_words.sentence(backup, run, types, count),
        backup_words.types_sentence(types),
    ):
        click.echo(printable(line)) if line else None
    print_one(data, as_json=False)
    click.echo()
    print_many(of_types, TYPE_COLUMNS, as_json=False, none="No types were read.")


@backups.command("add")
@click.argument("set_id", metavar="ID", type=ID)
@click.option("--policy", "policies", multiple=True, required=True, metavar="ID", type=ID)
@as_option
@wait_option
@json_option
@answers
def add(
    set_id: int,
    policies: tuple[int, ...],
    as_email: str | None,
    wait: float | None,
    as_json: bool,
) -> None:
    """Reads chosen policies now and puts them into an open set."""
    user = acting_user(as_email)
    run = service.add_policies(_found(set_id, user), policies, user or SYSTEM_CLI)
    report(run, wait, as_json=as_json, created=run.is_new, about=keys_of_set_made)


@backups.command("close")
@click.argument("set_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def close(set_id: int, as_email: str | None, as_json: bool) -> None:
    """Completes an open set as it is."""
    user = acting_user(as_email)
    backup = _allowed(set_id, user, "backups.create")
    service.close(actor_for(user), backup)
    print_one(backup_words.as_data(backup, service.run_of(backup)), as_json=as_json)


@backups.command("delete")
@click.argument("set_id", metavar="ID", type=ID)
@click.option("--confirm", required=True, metavar="NAME", help="The name of the set.")
@as_option
@json_option
@answers
def delete(set_id: int, confirm: str, as_email: str | None, as_json: bool) -> None:
    """Deletes a set with all of its items."""
    user = acting_user(as_email)
    backup = _allowed(set_id, user, "backups.delete")
    if confirm != backup.name:
        raise Refused(f"The set is called “{backup.name}”, not “{confirm}”.")
    data = {"id": backup.id, "name": backup.name, "deleted": True}
    service.delete(actor_for(user), backup)
    print_one(data, as_json=as_json)


def _found(set_id: int, user: User | None) -> BackupSet:
    backup = service.find(set_id)
    if user is not None and not allows(user, backup.tenant, "tenant.view"):
        raise NotFound(f"There is no backup set {set_id}.")
    return backup


def _allowed(set_id: int, user: User | None, word: str) -> BackupSet:
    backup = _found(set_id, user)
    if user is not None and not allows(user, backup.tenant, word):
        raise NotAllowed(f"Your role in {backup.tenant.name} does not allow this.")
    return backup


def _item(item: BackupItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "graph_id": item.graph_id,
        "type": item.collection,
        "kind": item.kind,
        "name": item.name,
        "platform": item.platform,
        "assignment_count": item.assignment_count,
        "compare_sha256": item.compare_sha256,
        "policy_id": item.policy_id,
        "version": item.version,
        "file": item.file,
    }
