"""Pausing and resuming: the queue by administrators, a tenant's runs by its owners."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import own_path
from opsapp.models import Pause, Tenant
from opsapp.permissions import requires, viewer
from opsapp.presenters.notices import notice
from opsapp.refusals import Refused
from opsapp.services import pauses

bp = Blueprint("pauses", __name__)


@bp.post("/monitoring/queue/pause")
@requires("queue.manage")
def pause_queue() -> ResponseReturnValue:
    """Form field: ``reason``."""
    return _do(
        lambda: pauses.pause(None, request.form.get("reason", ""), viewer()),
        "The queue is paused: what is queued waits, what is running goes on.",
        url_for("monitoring.queue"),
    )


@bp.post("/monitoring/queue/resume")
@requires("queue.manage")
def resume_queue() -> ResponseReturnValue:
    return _do(
        lambda: pauses.resume(None, viewer()),
        "The queue is resumed.",
        url_for("monitoring.queue"),
    )


@bp.post("/tenants/<slug>/runs/pause")
@requires("tenant.pause")
def pause_tenant(tenant: Tenant) -> ResponseReturnValue:
    """Form field: ``reason``."""
    return _do(
        lambda: pauses.pause(tenant, request.form.get("reason", ""), viewer()),
        f"Runs of {tenant.name} are paused: what is queued waits, what is running goes on.",
        url_for("overview.show", slug=tenant.slug),
    )


@bp.post("/tenants/<slug>/runs/resume")
@requires("tenant.pause")
def resume_tenant(tenant: Tenant) -> ResponseReturnValue:
    return _do(
        lambda: pauses.resume(tenant, viewer()),
        f"Runs of {tenant.name} are resumed.",
        url_for("overview.show", slug=tenant.slug),
    )


def _do(change: Callable[[], Pause], done: str, home: str) -> ResponseReturnValue:
    try:
        change()
    except Refused as refused:
        notice(refused.message, "error")
    else:
        notice(done, "success")
    back = request.form.get("next")
    return redirect(own_path(back) if back else home, HTTPStatus.SEE_OTHER)
