"""The base of all models, and the two ways to write to the database: objects, or plain rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.extensions import db

__all__ = [
    "Model",
    "NestedWrite",
    "Writing",
    "partial_index",
    "rows_in",
    "table_of",
    "write",
    "write_rows",
]

Writing = Session | sa.Connection  # an open write transaction, of objects or of plain rows

_AT_ONCE = {"sqlite_begin": "IMMEDIATE"}

if TYPE_CHECKING:
    from opsapp.database import Base as Model
else:
    Model = db.Model


def table_of(model: type[Any]) -> sa.Table:
    """The table of a model, for statements of plain columns: cheaper than those of objects."""
    return cast("sa.Table", model.__table__)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of those rows alone for which ``where``, a piece of SQL, holds."""
    condition = sa.text(where)
    return sa.Index(
        name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def rows_in(where: Writing) -> sa.Connection:
    """What statements of plain columns are sent through, whichever way the write was opened."""
    return where if isinstance(where, sa.Connection) else where.connection()


class NestedWrite(RuntimeError):
    """A bug: a write transaction was opened inside another one."""


@contextmanager
def write() -> Iterator[Session]:
    """One short write transaction on the current session: committed at the end, or rolled back.

    It takes SQLite's write lock up front, so two writers queue instead of failing. Never hold it
    over network I/O. Objects loaded earlier stay usable; they are refreshed on next access.
    """
    with _alone() as session:
        session.connection(execution_options=_AT_ONCE)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def write_rows() -> Iterator[sa.Connection]:
    """The same for plain rows, at a third of the cost: no object may be read or changed inside.

    For what every start waits for.
    """
    with (
        _alone(),
        db.engine.connect().execution_options(**_AT_ONCE) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _alone() -> Iterator[Session]:
    session = db.session()
    if session.info.get("writing"):
        raise NestedWrite
    session.rollback()  # ends the read transaction; pending changes belong inside the write
    session.info["writing"] = True
    try:
        yield session
    finally:
        session.info.pop("writing", None)
