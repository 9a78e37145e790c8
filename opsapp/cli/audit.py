"""``flask audit``: who changed what, on the terminal and as a file."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click
from flask.cli import AppGroup

from opsapp.audit import ACTIONS
from opsapp.cli.output import (
    acting_user,
    actor_for,
    answers,
    as_option,
    json_option,
    print_many,
)
from opsapp.models import AuditEvent, User
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed
from opsapp.services import audit as service
from opsapp.services import audit_export, tenants
from opsapp.services.audit import AuditFilter

audit = AppGroup("audit", help="Who changed what, and when.")

LIST_COLUMNS = ("id", "at", "actor", "action", "subject", "tenant", "remote_addr")
F = TypeVar("F", bound=Callable[..., Any])
_DAY = click.DateTime(formats=["%Y-%m-%d"])


def filter_options(command: F) -> F:
    """The filters of the page, as options."""
    for option in (
        click.option("--until", type=_DAY, metavar="DATE", help="The last day (UTC)."),
        click.option("--since", type=_DAY, metavar="DATE", help="The first day (UTC)."),
        click.option("--subject", default="", metavar="TEXT", help="In what was changed."),
        click.option("--tenant", default="", metavar="SLUG"),
        click.option("--action", type=click.Choice(list(ACTIONS)), metavar="ACTION", default=None),
        click.option("--actor", default="", metavar="TEXT", help="In who changed it."),
    ):
        command = option(command)
    return command


@audit.command("list")
@filter_options
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
@as_option
@json_option
@answers
def list_lines(limit: int, as_email: str | None, as_json: bool, **asked: Any) -> None:
    """Lists what was changed, the newest first."""
    _check(acting_user(as_email))
    events = service.newest(_filter(**asked), limit)
    slugs = service.tenant_slugs(events)
    rows = [_as_data(event, slugs) for event in events]
    print_many(rows, LIST_COLUMNS, as_json=as_json, none="Nothing recorded that fits.")


@audit.command("export")
@filter_options
@click.option("--format", "form", type=click.Choice(list(audit_export.FORMATS)), required=True)
@as_option
@answers
def export(form: str, as_email: str | None, **asked: Any) -> None:
    """Writes the whole trail, or what the filters leave of it, to standard output."""
    user = acting_user(as_email)
    _check(user)
    for piece in audit_export.export(actor_for(user), _filter(**asked), form):
        click.echo(piece.encode(), nl=False)


def _check(user: User | None) -> None:
    if user is not None and not allows(user, None, "audit.view"):
        raise NotAllowed("Only administrators see the audit trail.")


def _filter(
    actor: str,
    action: str | None,
    tenant: str,
    subject: str,
    since: datetime | None,
    until: datetime | None,
) -> AuditFilter:
    return AuditFilter(
        actor=actor.strip(),
        action=action or "",
        tenant=tenants.find(tenant).slug if tenant else "",
        subject=subject.strip(),
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) + timedelta(days=1) if until else None,
    )


def _as_data(event: AuditEvent, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.at,
        "actor": event.actor,
        "user_id": event.user_id,
        "tenant": slugs.get(event.tenant_id or 0),
        "action": event.action,
        "subject": event.subject,
        "remote_addr": event.remote_addr,
        "data": event.data,
    }
