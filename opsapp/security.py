"""What every response tells the browser it may do."""

from flask import Flask, Response, request, session

from opsapp.config import current_settings

# Bootstrap draws the arrow of a select from a data: URL, hence img-src.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)
ONE_YEAR = 365 * 24 * 3600
ASSETS = "assets.serve"


def add_headers(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = PERMISSIONS_POLICY
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if current_settings().secure_cookies:
        headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}"
    if response.mimetype in ("text/html", "application/json"):
        headers["Cache-Control"] = "no-store"
    return response


def forget_the_session(response: Response) -> Response:
    """Assets are the same for everybody; ``Vary: Cookie`` would make browsers fetch them again.

    Flask-Login looks into the session after every request, and Flask notes that it was looked at.
    """
    if request.endpoint == ASSETS and not session.modified:
        session.accessed = False
    return response


def init_app(app: Flask) -> None:
    app.after_request(add_headers)
    app.after_request_funcs.setdefault(None, []).insert(
        0, forget_the_session
    )  # the first runs last
