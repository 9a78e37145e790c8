"""Administration of the people who may sign in."""

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor, cursor
from opsapp.forms.admin import NewUserForm
from opsapp.forms.tenants import ROLE_NAMES
from opsapp.models import User
from opsapp.permissions import requires, viewer
from opsapp.presenters.notices import notice
from opsapp.refusals import NotFound, Refused
from opsapp.services import members, sign_in, users

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/users")
@requires("users.manage")
def list_users() -> ResponseReturnValue:
    search, state = request.args.get("q", "").strip(), request.args.get("state", "")
    page = users.browse(search, state, cursor())
    return render_template("admin/users.html", page=page, search=search, state=state)


@bp.route("/users/new", methods=["GET", "POST"])
@requires("users.manage")
def new_user() -> ResponseReturnValue:
    form = NewUserForm()
    created = form.attempt(
        lambda: users.create_user(
            actor(),
            form.email.data or "",
            form.name.data or "",
            password=None,
            is_admin=form.is_admin.data,
        )
    )
    if created is None:
        return render_template("admin/new_user.html", form=form), 422 if form.errors else 200
    user, password = created
    return render_template("admin/password.html", user=user, password=password, created=True)


@bp.get("/users/<int:user_id>")
@requires("users.manage")
def show_user(user_id: int) -> ResponseReturnValue:
    user = _user(user_id)
    return render_template(
        "admin/user.html",
        user=user,
        role_names=ROLE_NAMES,
        memberships=members.memberships_of(user),
        sessions=sign_in.live_sessions(user),
        is_self=user.id == viewer().id,
    )


@bp.post("/users/<int:user_id>/deactivate")
@requires("users.manage")
def deactivate_user(user_id: int) -> ResponseReturnValue:
    return _change(
        user_id,
        lambda: users.deactivate(actor(), user_id),
        "{} is deactivated and signed out everywhere.",
    )


@bp.post("/users/<int:user_id>/activate")
@requires("users.manage")
def activate_user(user_id: int) -> ResponseReturnValue:
    return _change(user_id, lambda: users.activate(actor(), user_id), "{} may sign in again.")


@bp.post("/users/<int:user_id>/make-admin")
@requires("users.manage")
def make_admin(user_id: int) -> ResponseReturnValue:
    return _change(
        user_id,
        lambda: users.set_admin(actor(), user_id, is_admin=True),
        "{} is now an administrator.",
    )


@bp.post("/users/<int:user_id>/remove-admin")
@requires("users.manage")
def remove_admin(user_id: int) -> ResponseReturnValue:
    return _change(
        user_id,
        lambda: users.set_admin(actor(), user_id, is_admin=False),
        "{} is no longer an administrator.",
    )


@bp.post("/users/<int:user_id>/reset-password")
@requires("users.manage")
def reset_password(user_id: int) -> ResponseReturnValue:
    """Answers with the one-time password itself: it is stored nowhere to be shown later."""
    try:
        user, password = users.reset_password(actor(), _user(user_id).id)
    except Refused as refused:
        notice(refused.message, "error")
        return redirect(url_for("admin.show_user", user_id=user_id))
    return render_template("admin/password.html", user=user, password=password, created=False)


def _user(user_id: int) -> User:
    try:
        return users.by_id(user_id)
    except NotFound:
        abort(404)


def _change(user_id: int, change: Callable[[], User], done: str) -> ResponseReturnValue:
    _user(user_id)
    try:
        notice(done.format(change().email), "success")
    except Refused as refused:
        notice(refused.message, "error")
    return redirect(url_for("admin.show_user", user_id=user_id))
