"""For whoever runs the process: is it alive, can it serve."""

import secrets
from functools import lru_cache
from http import HTTPStatus

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from opsapp.config import current_settings
from opsapp.extensions import db
from opsapp.permissions import public
from opsapp.services import metrics as service

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """The process answers. Asks nothing else, so that a database outage restarts nobody."""
    return _plain("ok", 200)


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """The database answers and is migrated to this code's head."""
    try:
        found = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        current_app.logger.warning("not ready: no answer from the database", exc_info=True)
        return _plain("database: no answer, or never migrated", 503)
    head = _head(current_app.extensions["migrate"].directory)
    if found != head:
        return _plain(f"database: at {found}, needs {head}", 503)
    return _plain("ready", 200)


@bp.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """For Prometheus, from the database alone; not there at all unless a token is set."""
    token = current_settings().metrics_token
    if token is None:
        abort(HTTPStatus.NOT_FOUND)
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not secrets.compare_digest(given, f"Bearer {token}".encode()):
        text, status, headers = _plain("metrics: the token is missing or wrong", 401)
        return text, status, headers | {"WWW-Authenticate": 'Bearer realm="metrics"'}
    body, content_type = service.exposition(request.headers.get("Accept", ""))
    return body, 200, {"Content-Type": content_type, "Cache-Control": "no-store"}


@lru_cache(maxsize=1)
def _head(folder: str) -> str | None:
    return ScriptDirectory(folder).get_current_head()


def _plain(text: str, status: int) -> tuple[str, int, dict[str, str]]:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return text + "\n", status, headers
