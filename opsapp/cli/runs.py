"""``flask runs``: start, watch, cancel and retry background operations."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from flask.cli import AppGroup

from opsapp import runs as ledger
from opsapp.cli.output import (
    ID,
    acting_user,
    answers,
    as_option,
    fail,
    json_option,
    print_many,
    print_one,
    printable,
)
from opsapp.cli.tenant_option import visible_tenant
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RunOutcome, RunStatus, User
from opsapp.operations import REGISTRY
from opsapp.permissions import allows, cancel_word
from opsapp.presenters import run_compare, run_outlook, run_wait
from opsapp.presenters.run_json import run_in_full, run_keys
from opsapp.refusals import NotAllowed, NotFound
from opsapp.runs import selection
from opsapp.runs.sentences import sentence
from opsapp.services import (
    comparison,
    estimates,
    lineage,
    obstacles,
    queue_health,
    run_detail,
    run_list,
    run_repairs,
)

runs = AppGroup("runs", help="Background operations: start, list, show, cancel, retry.")

EXIT_CODES = {
    RunOutcome.SUCCEEDED: 0,
    RunOutcome.PARTIALLY_SUCCEEDED: 3,
    RunOutcome.FAILED: 4,
    RunOutcome.CANCELLED: 5,
    RunOutcome.PENDING: 6,
}
POLL_SECONDS = 0.25
LIST_COLUMNS = ("id", "tenant", "type", "status", "outcome", "reason_code", "created_at")
SYSTEM_CLI = "System (CLI)"


wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Wait for the end; exit 0 succeeded, 3 partly, 4 failed, 5 cancelled, 6 still active.",
)


@runs.command("start")
@click.argument("type_", metavar="TYPE", type=click.Choice(sorted(REGISTRY)))
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option(
    "--input", "inputs", multiple=True, metavar="KEY=VALUE", help="A KEY given twice is a list."
)
@as_option
@wait_option
@json_option
@answers
def start(
    type_: str,
    slug: str,
    inputs: tuple[str, ...],
    as_email: str | None,
    wait: float | None,
    as_json: bool,
) -> None:
    """Starts an operation of TYPE, or joins the active run of the same work."""
    user = acting_user(as_email)
    run = ledger.start(visible_tenant(slug, user), type_, _parsed(inputs), user or SYSTEM_CLI)
    report(run, wait, as_json=as_json, created=run.is_new)


@runs.command("list")
@click.option("--tenant", "slug", metavar="SLUG")
@click.option("--type", "type_", metavar="TYPE")
@click.option("--status", type=click.Choice([status.value for status in RunStatus]))
@click.option("--outcome", type=click.Choice([outcome.value for outcome in RunOutcome]))
@click.option("--since", metavar="WHEN", help="A date, or a span such as 12h or 7d. Default 30d.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
@as_option
@json_option
@answers
def list_runs(
    slug: str | None,
    type_: str | None,
    status: str | None,
    outcome: str | None,
    since: str | None,
    limit: int,
    as_email: str | None,
    as_json: bool,
) -> None:
    """Lists runs, the newest first."""
    user = acting_user(as_email)
    wanted = run_list.Wanted(
        since=_since(since or "30d"),
        tenant=visible_tenant(slug, user) if slug else None,
        type=_listable(type_, user),
        status=RunStatus(status) if status else None,
        outcome=RunOutcome(outcome) if outcome else None,
    )
    rows = [run_keys(run) for run in run_list.newest(user, wanted, limit)]
    print_many(rows, LIST_COLUMNS, as_json=as_json, none="No runs.")


@runs.command("show")
@click.argument("run_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def show(run_id: int, as_email: str | None, as_json: bool) -> None:
    """Shows a run: why it waits, what is open of it, its items and events."""
    run = _run(run_id, acting_user(as_email))
    waits = run.status == RunStatus.QUEUED
    causes = run_wait.causes_of(run, obstacles.obstacles_of(run)) if waits else []
    offer = selection.offer_of(run)
    repair = run_repairs.repairs_of([run]).get(run.id)
    if as_json:
        items, events = run_detail.all_items(run), run_detail.all_events(run)
        estimate = estimates.estimate_of(run) if run.is_active else None
        kin = [each.id for each in lineage.family_of(run).runs]
        outlook = run_outlook.as_data(run, causes, estimate, offer, repair, kin)
        print_one(run_in_full(run, items, events) | outlook, as_json=True)
        return
    for line in (sentence(run), *run_outlook.lines_of(run, causes, offer, repair)):
        click.echo(printable(line))
    print_one(run_keys(run), as_json=False)


@runs.command("compare")
@click.argument("run_id", metavar="ID", type=ID)
@click.option(
    "--with", "with_id", metavar="ID", type=ID, help="Default: the run of the same work before it."
)
@as_option
@json_option
@answers
def compare(run_id: int, with_id: int | None, as_email: str | None, as_json: bool) -> None:
    """Says what fails now and did not then, and the other way round."""
    run = _run(run_id, acting_user(as_email))
    other = comparison.counterpart(run, with_id)
    if as_json:
        found = comparison.compare(run, other, comparison.MOST)
        print_one(run_compare.as_data(found), as_json=True)
        return
    for line in run_compare.lines_of(comparison.compare(run, other)):
        click.echo(printable(line))


@runs.command("cancel")
@click.argument("run_id", metavar="ID", type=ID)
@click.option("--reason", default="", metavar="TEXT", help="Why: kept with the run.")
@as_option
@wait_option
@json_option
@answers
def cancel(
    run_id: int, reason: str, as_email: str | None, wait: float | None, as_json: bool
) -> None:
    """Cancels a queued run at once, a running one at its next item."""
    user = acting_user(as_email)
    run = _run(run_id, user)
    if user and not allows(user, run.tenant, cancel_word(user, run)):
        raise NotAllowed("You may not cancel this run.")
    cancelled = ledger.cancel(run, user or SYSTEM_CLI, reason=reason)
    report(cancelled, wait, as_json=as_json, wants_cancel=True)


@runs.command("retry")
@click.argument("run_id", metavar="ID", type=ID)
@click.option(
    "--failed-only", is_flag=True, help="Only what failed, or was never begun, and is open still."
)
@click.option(
    "--reason-code", metavar="CODE", help="Only the open items that failed for this reason."
)
@as_option
@wait_option
@json_option
@answers
def retry(
    run_id: int,
    failed_only: bool,
    reason_code: str | None,
    as_email: str | None,
    wait: float | None,
    as_json: bool,
) -> None:
    """Starts the same work again as a new run."""
    user = acting_user(as_email)
    run = ledger.retry(
        _run(run_id, user),
        user or SYSTEM_CLI,
        failed_only=failed_only,
        reason_code=reason_code,
    )
    report(run, wait, as_json=as_json, created=run.is_new)


@runs.command("reconcile")
@json_option
@answers
def reconcile(as_json: bool) -> None:
    """Heals runs that nothing would move any more; the workers' tick does so by itself."""
    healed = ledger.reconcile(by=SYSTEM_CLI)
    if as_json or healed:
        print_one(healed, as_json=as_json)
    else:
        click.echo("Nothing to heal.", err=True)
    queue = queue_health.queue_state()
    if queue is None or not queue.reachable:
        fail("Redis does not answer: what is queued could not be looked at.")


def report(
    run: OperationRun,
    wait: float | None,
    *,
    as_json: bool,
    created: bool | None = None,
    wants_cancel: bool = False,
    about: Callable[[OperationRun], dict[str, Any]] | None = None,
) -> None:
    """Prints the run, after waiting if asked; the exit code tells the outcome.

    ``about`` gives more to print, or instead, of what the run has made by then.
    """
    if wait is not None:
        wait_for_end(run, wait)
    data = run_keys(run) if created is None else {**run_keys(run), "created": created}
    data |= about(run) if about is not None else {}
    if not as_json:
        click.echo(printable(sentence(run)))
    print_one(data, as_json=as_json)
    if wait is not None:
        sys.exit(EXIT_CODES[run.outcome])
    if run.outcome == RunOutcome.FAILED and not wants_cancel:
        sys.exit(EXIT_CODES[RunOutcome.FAILED])


def wait_for_end(run: OperationRun, seconds: float) -> None:
    """Returns when the run has ended, or the time is up; the run is as it is then."""
    deadline = time.monotonic() + seconds
    while True:
        db.session.rollback()  # so that the next look sees what others committed
        db.session.refresh(run)
        if run.is_active and time.monotonic() < deadline:  # of "nan" nothing is less
            time.sleep(POLL_SECONDS)
        else:
            return


def _parsed(inputs: Sequence[str]) -> dict[str, Any]:
    pairs = [text.partition("=") for text in inputs]
    wrong = [text for text, (_, equals, _) in zip(inputs, pairs, strict=True) if not equals]
    if wrong:
        raise click.UsageError(f"--input takes KEY=VALUE, not {wrong[0]!r}")
    given: dict[str, list[str]] = {}
    for key, _, value in pairs:
        given.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in given.items()}


def _run(run_id: int, user: User | None) -> OperationRun:
    run = run_detail.find(run_id)
    if run is None or (user and not allows(user, run.tenant, "runs.view")):
        raise NotFound(f"There is no run {run_id}.")
    return run


def _listable(type_: str | None, user: User | None) -> str | None:
    """A type of this version, or of an older one that left runs; else bad usage."""
    if type_ is None or type_ in REGISTRY:
        return type_
    if type_.isprintable() and run_list.has_type(user, type_):  # so that a database takes it
        return type_
    known = ", ".join(sorted(REGISTRY))
    wrong = f"“{printable(type_[:40])}” is neither one of {known} nor the type of any run."
    raise click.BadParameter(wrong, param_hint="--type")


def _since(text: str) -> datetime:
    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        if text[:-1].isdigit() and text[-1:] in units:
            return utcnow() - timedelta(**{units[text[-1]]: int(text[:-1])})
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        wrong = f"“{text[:40]}” is neither a date nor a span such as 12h."
        raise click.BadParameter(wrong, param_hint="--since") from None
