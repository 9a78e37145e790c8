"""What a person was told. Reading marks nothing: only a POST does."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import cursor, own_path, sent_number
from opsapp.permissions import signed_in, viewer
from opsapp.presenters.notices import notice
from opsapp.presenters.numbers import plural
from opsapp.refusals import NotFound
from opsapp.services import notifications

bp = Blueprint("notifications", __name__, url_prefix="/notifications")


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    unread_only = request.args.get("show") == "unread"
    unread = notifications.count(viewer(), unread_only=True)
    page = notifications.browse(viewer(), cursor(), unread_only=unread_only)
    return render_template(
        "notifications/index.html",
        page=page,
        upto=notifications.latest_id(viewer()),
        unread_only=unread_only,
        unread=unread,
        count=unread if unread_only else notifications.count(viewer()),
    )


@bp.post("/<int:notification_id>/open")
@signed_in
def open_run(notification_id: int) -> ResponseReturnValue:
    """Marks it read and leads to its run."""
    run_id = _read(notification_id)
    return redirect(url_for("monitoring.show", run_id=run_id), HTTPStatus.SEE_OTHER)


@bp.post("/<int:notification_id>/read")
@signed_in
def mark_read(notification_id: int) -> ResponseReturnValue:
    _read(notification_id)
    return _back()


@bp.post("/read")
@signed_in
def mark_all_read() -> ResponseReturnValue:
    """Those up to the form's ``upto``: what arrived since the page was drawn stays unread."""
    upto = sent_number("upto")
    if upto is None:
        abort(HTTPStatus.BAD_REQUEST)
    done = notifications.mark_all_read(viewer(), upto)
    notice(f"{plural(done, 'notification')} marked as read.", "success")
    return _back()


def _read(notification_id: int) -> int:
    try:
        return notifications.mark_read(viewer(), notification_id).run_id
    except NotFound:
        abort(HTTPStatus.NOT_FOUND)


def _back() -> ResponseReturnValue:
    address = request.form.get("next") or url_for("notifications.index")
    return redirect(own_path(address), HTTPStatus.SEE_OTHER)
