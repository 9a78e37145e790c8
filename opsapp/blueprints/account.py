"""One's own account: profile, password, sessions, theme."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor, own_path
from opsapp.forms.account import PasswordForm, ProfileForm, WebhookForm
from opsapp.forms.tenants import ROLE_NAMES
from opsapp.permissions import public, signed_in, viewer
from opsapp.presenters import delivery_rows
from opsapp.presenters.notices import notice
from opsapp.presenters.viewer import THEME_COOKIE, THEMES
from opsapp.refusals import NotFound
from opsapp.services import deliveries, members, passwords, sign_in, users
from opsapp.services.paging import Cursor

bp = Blueprint("account", __name__, url_prefix="/account")

_BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}
ONE_YEAR = 365 * 24 * 3600
DELIVERIES_SHOWN = 5


@bp.get("")
@signed_in
def show() -> ResponseReturnValue:
    return page()


def page(
    *,
    profile: ProfileForm | None = None,
    password: PasswordForm | None = None,
    webhook: WebhookForm | None = None,
) -> ResponseReturnValue:
    """The account page, with the form that was sent (if any) showing what is wrong with it."""
    user = viewer()
    latest = deliveries.browse(user, Cursor(), size=DELIVERIES_SHOWN)
    answer = render_template(
        "account/show.html",
        user=user,
        profile=profile or ProfileForm(formdata=None, obj=user),
        password=password or PasswordForm(formdata=None),
        webhook=webhook or WebhookForm(formdata=None),
        choice=deliveries.choice_of(user),
        no_mail_server=None if deliveries.mail_is_set_up() else deliveries.NO_MAIL_SERVER,
        deliveries=delivery_rows.rows_of(latest.rows),
        delivery_columns=delivery_rows.COLUMNS,
        has_more_deliveries=latest.after is not None,
        one_time=passwords.is_one_time(user),
        sessions=sign_in.live_sessions(user),
        current=g.user_session,
        browser_of=_browser_of,
        role_names=ROLE_NAMES,
        memberships=members.memberships_of(user),
    )
    return answer, 422 if profile or password or webhook else 200


def _browser_of(user_agent: str) -> str:
    """``Firefox on Windows``; the first mark that fits wins, since browsers claim to be others."""
    name = next((name for mark, name in _BROWSERS.items() if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    if name is None:
        return user_agent or "Unknown browser"
    return f"{name} on {system}" if system else name


@bp.post("/profile")
@signed_in
def change_profile() -> ResponseReturnValue:
    form = ProfileForm()

    def save() -> bool:
        name, timezone = form.name.data or "", form.timezone.data
        users.change_profile(actor(), viewer(), name=name, timezone=timezone)
        return True

    if not form.attempt(save):
        return page(profile=form)
    notice("Your profile is saved.", "success")
    return redirect(url_for("account.show"))


@bp.post("/password")
@signed_in
def change_password() -> ResponseReturnValue:
    form = PasswordForm()

    def save() -> bool:
        users.change_password(
            actor(),
            viewer(),
            form.current.data or "",
            form.password.data or "",
            keep_session_id=g.user_session.id,
        )
        return True

    if not form.attempt(save):
        return page(password=form)
    notice("Your password is changed. Your other sessions are signed out.", "success")
    return redirect(url_for("account.show"))


@bp.post("/sessions/<int:session_id>/revoke")
@signed_in
def revoke_session(session_id: int) -> ResponseReturnValue:
    try:
        sign_in.revoke(viewer(), session_id, actor())
    except NotFound:
        abort(404)
    notice("That session is signed out.", "success")
    return redirect(url_for("account.show", _anchor="sessions"))


@bp.post("/sessions/revoke-others")
@signed_in
def revoke_other_sessions() -> ResponseReturnValue:
    sign_in.revoke_others(viewer(), g.user_session.id, actor())
    notice("All your other sessions are signed out.", "success")
    return redirect(url_for("account.show", _anchor="sessions"))


@bp.post("/theme")
@public
def choose_theme() -> ResponseReturnValue:
    """Remembers the theme in a cookie that the page's script also writes."""
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        abort(400)
    response = redirect(own_path(request.form.get("next")))
    response.set_cookie(
        THEME_COOKIE, theme, max_age=ONE_YEAR, samesite="Lax", secure=request.is_secure
    )
    return response
