"""Error pages: what happened, why, what to do next. They need neither database nor Redis."""

import secrets
from dataclasses import dataclass
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
)
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

bp = Blueprint("errors", __name__)


@dataclass(frozen=True)
class ErrorText:
    title: str
    why: str
    next_step: str


_TEXTS = {
    400: ErrorText(
        "The request could not be read",
        "Something in it is missing or not in the expected form. Nothing was changed.",
        "Go back, reload the page and try again.",
    ),
    401: ErrorText(
        "Please sign in", "This page needs a signed-in person.", "Sign in and try again."
    ),
    403: ErrorText(
        "You do not have the right for this",
        "Your role in this tenant does not include it. Nothing was changed.",
        "Ask an owner of the tenant for a role that does.",
    ),
    404: ErrorText(
        "Page not found",
        "The address leads nowhere, or to something you cannot see.",
        "Check the address, or start again from your tenants.",
    ),
    405: ErrorText(
        "That does not work this way",
        "The address exists, but not for this kind of request. Nothing was changed.",
        "Go back and use the button on the page.",
    ),
    413: ErrorText(
        "Too large",
        "What was sent is larger than OpsApp accepts. Nothing was changed.",
        "Send less at once.",
    ),
    429: ErrorText(
        "Too many attempts",
        "For your protection further attempts are refused for a while.",
        "Wait a few minutes, then try again.",
    ),
    500: ErrorText(
        "Something went wrong on our side",
        "The error was recorded. Work that was already started goes on in the background.",
        "Try again; if it happens again, pass on the reference below.",
    ),
    503: ErrorText(
        "Not available right now",
        "A part that OpsApp needs does not answer.",
        "Try again in a minute.",
    ),
}
_STALE_FORM = ErrorText(
    "This form is no longer valid",
    "It was open for too long, or you signed in again since. Nothing was changed.",
    "Go back, reload the page and send it again.",
)


def _text(error: HTTPException) -> ErrorText:
    if isinstance(error, CSRFError):
        return _STALE_FORM
    code = error.code or 500
    return _TEXTS.get(code) or _TEXTS[400 if code < HTTPStatus.INTERNAL_SERVER_ERROR else 500]


@bp.app_errorhandler(HTTPException)
def show(error: HTTPException) -> Response:
    """Every refusal, as a page; as JSON under /api. Redirects pass through."""
    code = error.code or 500
    ready = error.get_response()
    if code < HTTPStatus.BAD_REQUEST:
        return Response(ready.get_data(), code, ready.headers)
    text = _text(error)
    reference = g.get("reference")
    if request.path.startswith("/api/"):
        response = jsonify(error=text.title, why=text.why, reference=reference)
    else:
        page = render_template("errors/error.html", text=text, code=code, reference=reference)
        response = make_response(page)
    response.status_code = code
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in ready.headers:
            response.headers[name] = ready.headers[name]
    return response


@bp.app_errorhandler(Exception)
def crash(error: Exception) -> Response:
    """A bug. In debug mode and in tests it goes on to whoever looks at it."""
    if current_app.debug or current_app.testing:
        raise error
    g.reference = secrets.token_hex(6)
    current_app.logger.error(
        "unhandled error at %s", request.path, exc_info=error, extra={"reference": g.reference}
    )
    return show(InternalServerError(original_exception=error))
