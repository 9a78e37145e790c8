"""For whoever runs the process: is it alive, can it serve."""

from functools import lru_cache

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from opsapp.extensions import db
from opsapp.permissions import public

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


@lru_cache(maxsize=1)
def _head(folder: str) -> str | None:
    return ScriptDirectory(folder).get_current_head()


def _plain(text: str, status: int) -> ResponseReturnValue:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return text + "\n", status, headers
