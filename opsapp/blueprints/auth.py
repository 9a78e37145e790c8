"""Signing in and out, and how a request finds out who is asking."""

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor, own_path
from opsapp.extensions import login_manager
from opsapp.forms.auth import SignInForm
from opsapp.models import User
from opsapp.permissions import PUBLIC, access_of, public, signed_in, viewer_or_none
from opsapp.presenters.notices import notice
from opsapp.services import passwords
from opsapp.services import sign_in as service

bp = Blueprint("auth", __name__)

OPEN_WITH_ONE_TIME_PASSWORD = {"account.show", "account.change_password", "auth.sign_out"}

login_manager.session_protection = ""  # a token is revoked by its row, not by a changed address


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_viewer(token: str) -> User | None:
    found = service.session_of(token)
    if found is None:
        return None
    g.user_session = found
    return found.user


@login_manager.unauthorized_handler  # type: ignore[untyped-decorator]
def ask_to_sign_in() -> Response:
    if request.path.startswith("/api/"):
        answer = jsonify(error="Please sign in")
        answer.status_code = 401
        return answer
    if request.headers.get("HX-Request"):  # a live region: reload the page, which asks to sign in
        return Response(status=401, headers={"HX-Refresh": "true"})
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    if wanted == "/":
        wanted = None
    return make_response(redirect(url_for("auth.sign_in", next=wanted)))


@bp.before_app_request
def insist_on_own_password() -> ResponseReturnValue | None:
    """Whoever came in with a one-time password gets no further than choosing their own."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or access_of(view) in (None, PUBLIC):
        return None
    user = viewer_or_none()
    if user is None or not passwords.is_one_time(user):
        return None
    if request.endpoint in OPEN_WITH_ONE_TIME_PASSWORD:
        return None
    notice("Choose a password of your own first.", "warning")
    return redirect(url_for("account.show", _anchor="password"))


@bp.route("/login", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next"))
    if request.method == "GET" and viewer_or_none():
        return redirect(own_path(form.next.data))
    token = form.attempt(lambda: _token_for(form))
    if token is None:
        page = render_template("auth/sign_in.html", form=form)
        if isinstance(form.refused, service.Throttled):
            return page, 429, {"Retry-After": str(form.refused.seconds)}
        return page, 422 if form.errors else 200
    session.clear()
    session[service.COOKIE_KEY] = token
    session.permanent = True
    return redirect(own_path(form.next.data))


def _token_for(form: SignInForm) -> str:
    return service.sign_in(
        form.email.data or "",
        form.password.data or "",
        request.remote_addr or "",
        request.user_agent.string,
    )


@bp.post("/logout")
@signed_in
def sign_out() -> ResponseReturnValue:
    service.sign_out(g.user_session, actor())
    session.clear()
    notice("You are signed out.")
    return redirect(url_for("auth.sign_in"))
