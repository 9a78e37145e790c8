"""Starting, cancelling and retrying runs. Each answers at once; the work is done elsewhere."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from opsapp import runs
from opsapp.blueprints.context import own_path
from opsapp.models import OperationRun, RunOutcome, Tenant
from opsapp.operations import UnknownOperation
from opsapp.permissions import authorise, cancel_word, requires, signed_in, viewer
from opsapp.presenters.notices import notice
from opsapp.presenters.viewer import relative
from opsapp.refusals import Refused
from opsapp.runs.reasons import reason
from opsapp.runs.sentences import subject
from opsapp.services import run_detail

bp = Blueprint("runs", __name__)

NOT_INPUTS = {"type", "csrf_token", "next"}


@bp.post("/tenants/<slug>/runs")
@requires("runs.start")
def start(tenant: Tenant) -> ResponseReturnValue:
    """Form fields: ``type``, optionally ``next``; everything else is an input of the run."""
    wanted = request.form.get("type", "")
    _begin(lambda: runs.start(tenant, wanted, _inputs(), viewer()))
    return redirect(_back(tenant), HTTPStatus.SEE_OTHER)


@bp.post("/monitoring/operations/<int:run_id>/retry")
@signed_in
def retry(run_id: int) -> ResponseReturnValue:
    """Leads to the new run, or back to the old one when there is none."""
    run = _run(run_id, "runs.retry")
    failed_only = request.form.get("failed_only") == "1"
    reason_code, selection = request.form.get("reason_code"), request.form.get("selection")
    new = _begin(
        lambda: runs.retry(
            run,
            viewer(),
            failed_only=failed_only,
            reason_code=reason_code or None,
            selection=selection or None,
        )
    )
    return _to_run(new.id if new else run_id)


@bp.post("/monitoring/operations/<int:run_id>/cancel")
@signed_in
def cancel(run_id: int) -> ResponseReturnValue:
    """Everybody with the word may cancel their own; those of others need ``runs.cancel_any``."""
    run = _run(run_id, "runs.view")
    authorise(run.tenant, cancel_word(viewer(), run))
    try:
        runs.cancel(run, viewer(), reason=request.form.get("reason", ""))
    except Refused as refused:
        notice(refused.message, "warning")
    else:
        _announce_cancel(run)
    return _to_run(run_id)


def _announce_cancel(run: OperationRun) -> None:
    if run.outcome == RunOutcome.CANCELLED:
        notice(f"{subject(run)} was cancelled; nothing more will be done.", "info")
    elif run.is_active:
        notice(f"{subject(run)} is asked to stop. It ends within seconds.", "info")
    else:
        notice(f"{subject(run)} had just ended by itself.", "info")


def _run(run_id: int, word: str) -> OperationRun:
    run = run_detail.find(run_id)
    if run is None:
        abort(HTTPStatus.NOT_FOUND)
    authorise(run.tenant, word)
    return run


def _begin(action: Callable[[], OperationRun]) -> OperationRun | None:
    """Starts a run and says what became of it; None when it was refused."""
    try:
        run = action()
    except UnknownOperation:
        notice("There is no such operation. Nothing was started.", "error")
        return None
    except Refused as refused:
        notice(f"{refused.message} Nothing was started.", "error")
        return None
    _announce_start(run)
    return run


def _announce_start(run: OperationRun) -> None:
    url = url_for("monitoring.show", run_id=run.id)
    if not run.is_new:
        by = "you" if run.user_id == viewer().id else run.initiator_name
        when = relative(run.created_at)
        notice(f"{subject(run)} is already active, started by {by} {when}.", "info", url)
    elif run.reason_code == "queue.dispatch_failed":
        why = reason(run.reason_code)
        notice(f"{subject(run)} failed. {why.message} {why.hint}", "error", url)
    else:
        notice(f"{subject(run)} is queued.", "success", url)


def _inputs() -> dict[str, Any]:
    names = [name for name in request.form if name not in NOT_INPUTS]
    return {name: _one_or_all(request.form.getlist(name)) for name in names}


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _back(tenant: Tenant) -> str:
    """Where the click came from: a page of ours; the tenant's own when that is not known."""
    if request.form.get("next"):
        return own_path(request.form["next"])
    origin = urlsplit(request.referrer or "")
    if origin.netloc != request.host:
        return url_for("overview.show", slug=tenant.slug)
    return own_path(f"{origin.path}?{origin.query}" if origin.query else origin.path)


def _to_run(run_id: int) -> ResponseReturnValue:
    return redirect(url_for("monitoring.show", run_id=run_id), HTTPStatus.SEE_OTHER)
