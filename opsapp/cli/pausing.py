"""Commands of ``flask queue`` and ``flask tenants`` that pause runs and let them go on."""

from typing import Any

import click
from flask.cli import with_appcontext

from opsapp.cli.output import acting_user, answers, as_option, json_option, print_one
from opsapp.cli.runs import SYSTEM_CLI
from opsapp.cli.tenant_option import visible_tenant
from opsapp.models import Pause, Tenant
from opsapp.services import pauses

reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Everybody whose runs wait sees it."
)


@click.command("pause")
@with_appcontext
@reason_option
@as_option
@json_option
@answers
def pause_queue(reason: str, as_email: str | None, as_json: bool) -> None:
    """Holds all that is queued or started from now on; what is running goes on."""
    done = pauses.pause(None, reason, acting_user(as_email) or SYSTEM_CLI)
    print_one(_as_data(done, None), as_json=as_json)


@click.command("resume")
@with_appcontext
@as_option
@json_option
@answers
def resume_queue(as_email: str | None, as_json: bool) -> None:
    """Ends the pause of the queue; pauses of single tenants stay."""
    done = pauses.resume(None, acting_user(as_email) or SYSTEM_CLI)
    print_one(_as_data(done, None), as_json=as_json)


@click.command("pause")
@with_appcontext
@click.argument("slug")
@reason_option
@as_option
@json_option
@answers
def pause_tenant(slug: str, reason: str, as_email: str | None, as_json: bool) -> None:
    """Holds the runs of SLUG that are queued or started from now on."""
    user = acting_user(as_email)
    tenant = visible_tenant(slug, user)
    done = pauses.pause(tenant, reason, user or SYSTEM_CLI)
    print_one(_as_data(done, tenant), as_json=as_json)


@click.command("resume-runs")
@with_appcontext
@click.argument("slug")
@as_option
@json_option
@answers
def resume_tenant(slug: str, as_email: str | None, as_json: bool) -> None:
    """Ends the pause of the runs of SLUG."""
    user = acting_user(as_email)
    tenant = visible_tenant(slug, user)
    done = pauses.resume(tenant, user or SYSTEM_CLI)
    print_one(_as_data(done, tenant), as_json=as_json)


QUEUE = (pause_queue, resume_queue)
TENANTS = (pause_tenant, resume_tenant)


def _as_data(pause: Pause, tenant: Tenant | None) -> dict[str, Any]:
    names = ("reason", "paused_by", "paused_at", "lifted_by", "lifted_at")
    return {"tenant": tenant.slug if tenant else None} | {
        name: getattr(pause, name) for name in names
    }
