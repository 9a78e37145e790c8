"""The base of all models, and the one way to write to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.extensions import db

__all__ = ["Model", "NestedWrite", "table_of", "write"]

if TYPE_CHECKING:
    from opsapp.database import Base as Model
else:
    Model = db.Model


def table_of(model: type[Any]) -> sa.Table:
    """The table of a model, for statements of plain columns: cheaper than those of objects."""
    return cast("sa.Table", model.__table__)


class NestedWrite(RuntimeError):
    """A bug: a write transaction was opened inside another one."""


@contextmanager
def write() -> Iterator[Session]:
    """One short write transaction on the current session: committed at the end, or rolled back.

    It takes SQLite's write lock up front, so two writers queue instead of failing. Never hold it
    over network I/O. Objects loaded earlier stay usable; they are refreshed on next access.
    """
    session = db.session()
    if session.info.get("writing"):
        raise NestedWrite
    session.rollback()  # ends the read transaction; pending changes belong inside write()
    session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
    session.info["writing"] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("writing", None)
