"""One's own choice of where notifications go besides the page, and the log of what was sent."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints import account
from opsapp.blueprints.context import actor, cursor
from opsapp.forms.account import WebhookForm
from opsapp.models import Channel
from opsapp.permissions import signed_in, viewer
from opsapp.presenters import delivery_rows
from opsapp.presenters.notices import notice
from opsapp.refusals import Refused
from opsapp.services import deliveries

bp = Blueprint("deliveries", __name__, url_prefix="/account/deliveries")


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    page = deliveries.browse(viewer(), cursor())
    return render_template(
        "account/deliveries.html",
        page=page,
        rows=delivery_rows.rows_of(page.rows),
        columns=delivery_rows.COLUMNS,
    )


@bp.post("/email")
@signed_in
def set_email() -> ResponseReturnValue:
    wanted = request.form.get("wanted") == "1"
    try:
        deliveries.set_email(actor(), viewer(), wanted=wanted)
    except Refused as refused:
        notice(refused.message, "error")
    else:
        notice(f"E-mail is {'on' if wanted else 'off'}.", "success")
    return _back()


@bp.post("/webhook")
@signed_in
def set_webhook() -> ResponseReturnValue:
    """Answers with the signing secret itself when there is a new one: it is never shown again."""
    form = WebhookForm()

    def save() -> tuple[str | None]:
        return (deliveries.set_webhook(actor(), viewer(), form.url.data or ""),)

    saved = form.attempt(save)
    if saved is None:
        return account.page(webhook=form)
    if saved[0] is not None:
        return _secret_page(saved[0])
    notice("The webhook has a new URL. The signing secret stays the same.", "success")
    return _back()


@bp.post("/webhook/rotate")
@signed_in
def rotate_secret() -> ResponseReturnValue:
    try:
        secret = deliveries.rotate_secret(actor(), viewer())
    except Refused as refused:
        notice(refused.message, "error")
        return _back()
    return _secret_page(secret)


@bp.post("/webhook/remove")
@signed_in
def remove_webhook() -> ResponseReturnValue:
    deliveries.remove_webhook(actor(), viewer())
    notice("The webhook is removed.", "success")
    return _back()


@bp.post("/email/test")
@signed_in
def send_test_email() -> ResponseReturnValue:
    return _test(Channel.EMAIL)


@bp.post("/webhook/test")
@signed_in
def send_test_webhook() -> ResponseReturnValue:
    return _test(Channel.WEBHOOK)


def _test(channel: Channel) -> ResponseReturnValue:
    try:
        deliveries.send_test(actor(), viewer(), channel)
    except Refused as refused:
        notice(refused.message, "error")
    else:
        notice("A worker sends the test message within seconds. The log says how it went.")
    return _back()


def _secret_page(secret: str) -> ResponseReturnValue:
    site = deliveries.choice_of(viewer()).webhook_site
    return render_template("account/webhook_secret.html", secret=secret, site=site)


def _back() -> ResponseReturnValue:
    return redirect(url_for("account.show", _anchor="deliveries"), HTTPStatus.SEE_OTHER)
