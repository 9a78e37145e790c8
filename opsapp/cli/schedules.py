"""``flask schedules``: recurring backups."""

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
)
from opsapp.cli.runs import SYSTEM_CLI, report, wait_option
from opsapp.cli.tenant_option import visible_tenant
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import BackupSchedule, Frequency, Tenant, User
from opsapp.permissions import allows
from opsapp.presenters import schedule_words
from opsapp.refusals import NotAllowed, NotFound, Refused
from opsapp.services import schedules as service
from opsapp.services.schedule_plan import WEEKDAYS, Plan

schedules = AppGroup("schedules", help="Recurring backups: add, list, pause, run, delete.")

COLUMNS = ("id", "tenant", "name", "when", "next_slot_at", "last_slot_at", "last_result")
WORD = "schedules.manage"


@schedules.command("add")
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option("--name", required=True)
@click.option(
    "--every", required=True, type=click.Choice(["hour", "day", "week", "month"]),
    help="In the time zone of the tenant.",
)  # fmt: skip
@click.option("--at", "at", default="00:00", metavar="HH:MM", help="For hourly only MM counts.")
@click.option("--weekday", type=click.Choice([day.lower() for day in WEEKDAYS]), default="monday")
@click.option("--monthday", type=click.IntRange(1, 31), default=1)
@click.option("--type", "types", multiple=True, metavar="KEY", type=click.Choice(list(CATALOGUE)))
@click.option("--keep-count", type=click.IntRange(1), help="Keep that many complete sets.")
@click.option("--keep-days", type=click.IntRange(1), help="Keep complete sets that long.")
@as_option
@json_option
@answers
def add(slug: str, as_email: str | None, as_json: bool, **given: Any) -> None:
    """Adds a recurring backup of a tenant."""
    user = acting_user(as_email)
    tenant = visible_tenant(slug, user)
    _check(user, tenant)
    schedule = service.add(actor_for(user), tenant, _plan(**given))
    print_one(_data(schedule), as_json=as_json)


def _plan(
    name: str,
    every: str,
    at: str,
    weekday: str,
    monthday: int,
    types: tuple[str, ...],
    keep_count: int | None,
    keep_days: int | None,
) -> Plan:
    frequencies = dict(zip(("hour", "day", "week", "month"), Frequency, strict=True))
    hour, minute = _clock(at)
    return Plan(
        name,
        frequencies[every],
        minute,
        hour,
        [day.lower() for day in WEEKDAYS].index(weekday),
        monthday,
        types or None,
        keep_count,
        keep_days,
    )


def _clock(text: str) -> tuple[int, int]:
    hour, colon, minute = text.partition(":")
    if not colon or not hour.isdecimal() or not minute.isdecimal():
        raise click.BadParameter(f"{text!r} is not HH:MM.", param_hint="--at")
    return int(hour), int(minute)


@schedules.command("list")
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@as_option
@json_option
@answers
def list_(slug: str, as_email: str | None, as_json: bool) -> None:
    """Lists the schedules of a tenant by name."""
    tenant = visible_tenant(slug, acting_user(as_email))
    rows = [schedule_words.as_data(line) for line in service.lines(tenant)]
    print_many(rows, COLUMNS, as_json=as_json, none="No schedules.")


@schedules.command("show")
@click.argument("schedule_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def show(schedule_id: int, as_email: str | None, as_json: bool) -> None:
    """Shows a schedule with its latest slots."""
    schedule = _found(schedule_id, acting_user(as_email))
    line = service.line_of(schedule)
    slots = [schedule_words.slot_as_data(line, slot) for slot in line.slots]
    data = schedule_words.as_data(line)
    print_one(data | {"slots": slots} if as_json else data, as_json=as_json)
    if not as_json:
        click.echo()
        columns = ("slot_at", "state", "result", "run_id", "note")
        print_many(slots, columns, as_json=False, none="It has not been due yet.")


@schedules.command("pause")
@click.argument("schedule_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def pause(schedule_id: int, as_email: str | None, as_json: bool) -> None:
    """Keeps a schedule from being due until it is resumed."""
    user = acting_user(as_email)
    schedule = _managed(schedule_id, user)
    service.pause(actor_for(user), schedule)
    print_one(_data(schedule), as_json=as_json)


@schedules.command("resume")
@click.argument("schedule_id", metavar="ID", type=ID)
@as_option
@json_option
@answers
def resume(schedule_id: int, as_email: str | None, as_json: bool) -> None:
    """Lets a paused schedule be due again, from its next time on."""
    user = acting_user(as_email)
    schedule = _managed(schedule_id, user)
    service.resume(actor_for(user), schedule)
    print_one(_data(schedule), as_json=as_json)


@schedules.command("run-now")
@click.argument("schedule_id", metavar="ID", type=ID)
@as_option
@wait_option
@json_option
@answers
def run_now(schedule_id: int, as_email: str | None, wait: float | None, as_json: bool) -> None:
    """Makes the backup of a schedule now, beside its times."""
    user = acting_user(as_email)
    run = service.run_now(_found(schedule_id, user), user or SYSTEM_CLI)
    report(run, wait, as_json=as_json, created=run.is_new, about=keys_of_set_made)


@schedules.command("retry")
@click.argument("schedule_id", metavar="ID", type=ID)
@as_option
@wait_option
@json_option
@answers
def retry(schedule_id: int, as_email: str | None, wait: float | None, as_json: bool) -> None:
    """Makes the last backup again, when that failed or was refused."""
    user = acting_user(as_email)
    run = service.retry(_found(schedule_id, user), user or SYSTEM_CLI)
    report(run, wait, as_json=as_json, created=run.is_new, about=keys_of_set_made)


@schedules.command("delete")
@click.argument("schedule_id", metavar="ID", type=ID)
@click.option("--confirm", required=True, metavar="NAME", help="The name of the schedule.")
@as_option
@json_option
@answers
def delete(schedule_id: int, confirm: str, as_email: str | None, as_json: bool) -> None:
    """Deletes a schedule; the sets that it made stay."""
    user = acting_user(as_email)
    schedule = _managed(schedule_id, user)
    if confirm != schedule.name:
        raise Refused(f"The schedule is called “{schedule.name}”, not “{confirm}”.")
    data = {"id": schedule.id, "name": schedule.name, "deleted": True}
    service.delete(actor_for(user), schedule)
    print_one(data, as_json=as_json)


def _found(schedule_id: int, user: User | None) -> BackupSchedule:
    schedule = service.find(schedule_id)
    if user is not None and not allows(user, schedule.tenant, "tenant.view"):
        raise NotFound(f"There is no schedule {schedule_id}.")
    return schedule


def _managed(schedule_id: int, user: User | None) -> BackupSchedule:
    schedule = _found(schedule_id, user)
    _check(user, schedule.tenant)
    return schedule


def _check(user: User | None, tenant: Tenant) -> None:
    if user is not None and not allows(user, tenant, WORD):
        raise NotAllowed(f"Your role in {tenant.name} does not allow this.")


def _data(schedule: BackupSchedule) -> dict[str, Any]:
    return schedule_words.as_data(service.line_of(service.find(schedule.id)))
