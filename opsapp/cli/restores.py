"""``flask restores``: from a backup set to a proof."""

import sys
import time
from pathlib import Path
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
    printable,
)
from opsapp.cli.restore_mapping import Given, apply_mapping, mapping, mapping_options
from opsapp.cli.runs import EXIT_CODES, wait_for_end, wait_option
from opsapp.cli.tenant_option import visible_tenant
from opsapp.extensions import db
from opsapp.models import ConflictChoice, OperationRun, RestoreRun, RestoreStatus, RunOutcome, User
from opsapp.presenters import restore_report
from opsapp.presenters.restore_json import restore_in_full, restore_keys
from opsapp.presenters.restore_words import sentence
from opsapp.refusals import Refused
from opsapp.runs.sentences import sentence as run_sentence
from opsapp.services import (
    restore_confirming,
    restore_mappings,
    restore_undo,
    restore_views,
)
from opsapp.services import restores as service
from opsapp.services.paging import Cursor
from opsapp.services.restore_access import active_preview
from opsapp.services.restore_scope import STATES

restores = AppGroup("restores", help="Restores: drafted, previewed, confirmed, proved, undone.")
restores.add_command(mapping)

LIST_COLUMNS = ("id", "tenant", "status", "verdict", "backup_set", "created_by", "created_at")


@restores.command("create")
@click.option("--backup", "set_id", required=True, type=ID, metavar="ID", help="A backup set.")
@click.option("--tenant", "slug", required=True, metavar="SLUG", help="Where to restore to.")
@click.option(
    "--item", "items", multiple=True, metavar="ID|TYPE/GRAPH_ID", help="Only this object."
)
@click.option("--type", "types", multiple=True, metavar="KEY", help="Only objects of this type.")
@click.option("--no-dependencies", is_flag=True, help="Leave out what the objects need of the set.")
@click.option(
    "--on-conflict",
    type=click.Choice([choice.value for choice in ConflictChoice]),
    help="What to do where another object has the same name and type.",
)
@click.option(
    "--state",
    type=click.Choice(STATES),
    help="Of Conditional Access policies. Without it they are restored disabled.",
)
@mapping_options
@as_option
@json_option
@answers
def create(
    set_id: int, slug: str, given: Given, as_email: str | None, as_json: bool, **options: Any
) -> None:
    """Drafts a restore of a backup set, or of a part of it, and prints its id.

    Nothing is written to the tenant before it is previewed and executed.
    """
    user = acting_user(as_email)
    on_conflict = options["on_conflict"]
    draft = service.Draft(
        backup_set_id=set_id,
        items=options["items"],
        types=options["types"],
        with_dependencies=not options["no_dependencies"],
        on_conflict=ConflictChoice(on_conflict) if on_conflict else None,
        state=options["state"],
    )
    restore = service.create(user, visible_tenant(slug, user), draft)
    try:
        apply_mapping(user, restore, given)
    except Refused:
        service.delete(user, restore)  # a draft that is not what was asked for helps nobody
        raise
    restore = service.find(restore.id, user)
    if as_json:
        print_one(_keys(restore), as_json=True)
    else:
        click.echo(restore.id)


@restores.command("list")
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option("--status", type=click.Choice([status.value for status in RestoreStatus]))
@as_option
@json_option
@answers
def list_restores(slug: str, status: str | None, as_email: str | None, as_json: bool) -> None:
    """Lists the newest restores into a tenant."""
    tenant = visible_tenant(slug, acting_user(as_email))
    found = service.browse(tenant, status or "", Cursor()).rows
    rows = [_keys(restore) for restore in found]
    print_many(rows, LIST_COLUMNS, as_json=as_json, none="No restores.")


@restores.command("show")
@click.argument("restore_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def show(restore_id: int, as_email: str | None, as_json: bool) -> None:
    """Shows a restore; --json with mapping, items, requests, journal and differences."""
    restore = service.find(restore_id, acting_user(as_email))
    if as_json:
        print_one(_in_full(restore), as_json=True)
        return
    _say(restore)
    print_one(_keys(restore), as_json=False)
    for item in restore_views.all_items(restore):
        said = item.verdict or item.reason_code or ("blocked" if item.is_blocked else "")
        line = f"{item.action or '-':<10} {said:<24} {item.collection:<32} {item.name}"
        click.echo(printable(line))


@restores.command("preview")
@click.argument("restore_id", metavar="ID", type=ID)
@wait_option
@as_option
@json_option
@answers
def preview(restore_id: int, wait: float | None, as_email: str | None, as_json: bool) -> None:
    """Starts the run that reads the target again and plans the restore.

    A worker makes the preview: without one the run stays queued, and --wait ends with 6.
    """
    user = acting_user(as_email)
    run = restore_confirming.start_preview(user, service.find(restore_id, user))
    _report(run, restore_id, user, wait, as_json=as_json)


@restores.command("execute")
@click.argument("restore_id", metavar="ID", type=ID)
@click.option(
    "--confirm", "typed", required=True, metavar="SLUG", help="The tenant's short name, typed."
)
@click.option("--reason", default="CLI", show_default=True, metavar="TEXT", help="Why.")
@wait_option
@as_option
@json_option
@answers
def execute(
    restore_id: int,
    typed: str,
    reason: str,
    wait: float | None,
    as_email: str | None,
    as_json: bool,
) -> None:
    """Confirms a previewed restore: that starts it.

    Refused while something blocks it, and when source, mapping or target changed since the preview.
    With --wait a preview that is still being made is waited for first.
    """
    user = acting_user(as_email)
    restore = service.find(restore_id, user)
    deadline = None if wait is None else time.monotonic() + wait
    making = active_preview(db.session(), restore)
    if making is not None and wait is not None:
        wait_for_end(making, wait)
        restore = service.find(restore_id, user)
    given = restore_confirming.Confirmation(reason, typed, has_read=True)
    restore = restore_confirming.confirm(user, restore, given)
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    _report_execution(restore, user, left, as_json=as_json)


@restores.command("approve")
@click.argument("restore_id", metavar="ID", type=ID)
@wait_option
@as_option
@json_option
@answers
def approve(restore_id: int, wait: float | None, as_email: str | None, as_json: bool) -> None:
    """Lets a confirmed restore go, as an owner who did not confirm it (--as)."""
    user = acting_user(as_email)
    restore = restore_confirming.approve(user, service.find(restore_id, user))
    _report_execution(restore, user, wait, as_json=as_json)


@restores.command("cancel")
@click.argument("restore_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def cancel(restore_id: int, as_email: str | None, as_json: bool) -> None:
    """Cancels a restore; one that is running stops at its next item."""
    user = acting_user(as_email)
    service.cancel(user, service.find(restore_id, user))
    _print(service.find(restore_id, user), as_json=as_json)


@restores.command("undo")
@click.argument("restore_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def undo(restore_id: int, as_email: str | None, as_json: bool) -> None:
    """Drafts the restore that undoes this one, and prints its id: preview and execute it."""
    user = acting_user(as_email)
    made = restore_undo.undo(user, service.find(restore_id, user))
    if as_json:
        print_one(_keys(service.find(made.id, user)), as_json=True)
    else:
        click.echo(made.id)


@restores.command("delete")
@click.argument("restore_id", metavar="ID", type=ID)
@as_option
@answers
def delete(restore_id: int, as_email: str | None) -> None:
    """Deletes a draft."""
    user = acting_user(as_email)
    service.delete(user, service.find(restore_id, user))


@restores.command("report")
@click.argument("restore_id", metavar="ID", type=ID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_option
@answers
def report(restore_id: int, file: Path, as_email: str | None) -> None:
    """Writes what was restored and proved to FILE: a page for .html, else JSON."""
    user = acting_user(as_email)
    restore = service.find(restore_id, user)
    is_page = file.suffix.lower() in (".html", ".htm")
    said = sentence(restore, restore_views.counts_of(restore))
    text = restore_report.report(_in_full(restore), said, "html" if is_page else "json")
    service.note_report(user, restore)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from None


def _keys(restore: RestoreRun) -> dict[str, object]:
    return restore_keys(restore, restore_views.counts_of(restore))


def _in_full(restore: RestoreRun) -> dict[str, object]:
    return restore_in_full(
        restore,
        restore_views.counts_of(restore),
        restore_views.all_items(restore),
        restore_views.journal(restore),
        restore_mappings.rows_of(restore),
    )


def _say(restore: RestoreRun) -> None:
    click.echo(printable(sentence(restore, restore_views.counts_of(restore))))


def _print(restore: RestoreRun, *, as_json: bool) -> None:
    if not as_json:
        _say(restore)
    print_one(_keys(restore), as_json=as_json)


def _report(
    run: OperationRun, restore_id: int, user: User | None, wait: float | None, *, as_json: bool
) -> None:
    """Prints the restore, after waiting for the run if asked; the exit code is the run's."""
    if wait is not None:
        wait_for_end(run, wait)
    outcome = run.outcome
    if not as_json:
        click.echo(printable(run_sentence(run)))
    _print(service.find(restore_id, user), as_json=as_json)
    failed_to_start = wait is None and not run.is_active
    if (wait is not None or failed_to_start) and EXIT_CODES[outcome]:
        sys.exit(EXIT_CODES[outcome])


def _report_execution(
    restore: RestoreRun, user: User | None, wait: float | None, *, as_json: bool
) -> None:
    """The same for a confirmed restore; one that awaits approval has nothing to wait for."""
    run = restore.run
    if run is None or restore.status == RestoreStatus.PREVIEWED:
        _print(restore, as_json=as_json)
        if wait is not None:
            sys.exit(EXIT_CODES[RunOutcome.PENDING])
        return
    _report(run, restore.id, user, wait, as_json=as_json)
