"""``flask notifications``: what a person was told, and what left OpsApp."""

from typing import Any

import click
from flask.cli import AppGroup

from opsapp.cli.output import ID, acting_person, answers, json_option, print_many, print_one
from opsapp.models import Notification
from opsapp.presenters import delivery_rows
from opsapp.services import deliveries as delivery_service
from opsapp.services import notifications as service

notifications = AppGroup("notifications", help="What a person was told about their runs.")

LIST_COLUMNS = ("id", "run_id", "title", "updated_title", "created_at", "read_at")
DELIVERY_COLUMNS = (
    *("id", "run_id", "channel", "state", "attempts"),
    *("next_attempt_at", "message", "created_at"),
)
person_option = click.option(
    "--as", "as_email", metavar="EMAIL", required=True, help="Whose: everybody has their own."
)
limit_option = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200, show_default=True
)


@notifications.command("list")
@person_option
@click.option("--unread", is_flag=True, help="Only those that were not read yet.")
@limit_option
@json_option
@answers
def list_notifications(as_email: str, unread: bool, limit: int, as_json: bool) -> None:
    """Lists the person's notifications, the newest first."""
    rows = [
        _as_data(row) for row in service.newest(acting_person(as_email), limit, unread_only=unread)
    ]
    print_many(rows, LIST_COLUMNS, as_json=as_json, none="No notifications.")


@notifications.command("read")
@click.argument("notification_id", metavar="ID", type=ID, required=False)
@click.option("--all", "everything", is_flag=True, help="All that are there now.")
@person_option
@json_option
@answers
def read(notification_id: int | None, everything: bool, as_email: str, as_json: bool) -> None:
    """Marks one notification as read, or all."""
    if (notification_id is None) == (not everything):
        raise click.UsageError("give either an ID or --all")
    person = acting_person(as_email)
    if notification_id is not None:
        print_one(_as_data(service.mark_read(person, notification_id)), as_json=as_json)
        return
    done = service.mark_all_read(person, service.latest_id(person))
    print_one({"read": done}, as_json=as_json)


@notifications.command("deliveries")
@person_option
@limit_option
@json_option
@answers
def list_deliveries(as_email: str, limit: int, as_json: bool) -> None:
    """Lists what was sent to the person by e-mail and webhook, the newest first."""
    rows = delivery_service.newest(acting_person(as_email), limit)
    data = [delivery_rows.as_data(row) for row in rows]
    print_many(data, DELIVERY_COLUMNS, as_json=as_json, none="Nothing sent yet.")


def _as_data(row: Notification) -> dict[str, Any]:
    """The keys are a promise; ``status`` and ``outcome`` are the run's now."""
    return {
        "id": row.id,
        "run_id": row.run_id,
        "tenant": row.run.tenant.slug,
        "kind": row.kind.value,
        "title": row.title,
        "updated_title": row.updated_title,
        "updated_at": row.updated_at,
        "status": row.run.status.value,
        "outcome": row.run.outcome.value,
        "created_at": row.created_at,
        "read_at": row.read_at,
    }
