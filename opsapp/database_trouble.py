"""What a database that cannot be used is called: one line, for whoever set ``DATABASE_URL``.

Errors of the program, a wrong statement for instance, get no line: they are to be seen in full.
"""

import sqlite3
from typing import Final

import psycopg
import sqlalchemy as sa

_UNUSABLE_SQLITE: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
# no connection, no such user or password, no such database, out of resources, shut down
_UNUSABLE_POSTGRES: Final = {"08", "28", "3D", "53", "57"}


def unusable(error: sa.exc.DBAPIError) -> str | None:
    """The line for a database that cannot be reached, opened or used; None for other errors."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        found = (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in _UNUSABLE_SQLITE
    elif isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        found = cause.sqlstate is None or cause.sqlstate[:2] in _UNUSABLE_POSTGRES
    else:
        return None
    reason = " ".join(str(cause).partition("\n")[0].split())
    return f"DATABASE_URL: the database cannot be used: {reason}" if found else None


def not_migrated(error: sa.exc.DBAPIError) -> str | None:
    """The line for a database without our tables; None for other errors."""
    cause = error.orig
    missing = isinstance(cause, psycopg.errors.UndefinedTable) or (
        isinstance(cause, sqlite3.OperationalError) and str(cause).startswith("no such table")
    )
    line = "DATABASE_URL: the database has not been migrated: run `flask db upgrade`"
    return line if missing else None


def trouble(error: sa.exc.DBAPIError) -> str | None:
    return unusable(error) or not_migrated(error)
