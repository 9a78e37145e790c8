"""What every table shares: naming, column types, and how SQLite is spoken to.

SQLite runs in WAL mode with deferred reads; a writer opts in to ``BEGIN IMMEDIATE`` (see
``opsapp.models.base.write``), so that readers never wait for writers and no update is lost.
"""

import contextlib
import enum
import os
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, registry


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utcnow() -> datetime:
    return datetime.now(UTC)


def storable(text: object, longest: int | None = None) -> str:
    """Text from outside as every database takes it: cut to length, odd characters replaced."""
    encodable = str(text or "").encode("utf-8", "replace").decode()
    return encodable.replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest]


BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Base(DeclarativeBase):
    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime,
            dict[str, Any]: sa.JSON,
            list[dict[str, Any]]: sa.JSON,
            list[str]: sa.JSON,
            enum.Enum: sa.Enum(
                enum.Enum,
                native_enum=False,
                length=32,
                values_callable=lambda members: [member.value for member in members],
            ),
        },
    )


@event.listens_for(sa.Engine, "connect")
def _configure_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we issue BEGIN ourselves, below
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=15000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(sa.Engine, "begin")
def _begin_sqlite(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")


def drop_inherited_connections(engine: sa.Engine) -> None:
    """After a fork the child must not use its parent's connections (nor close them).

    Idle ones to SQLite are closed before. It would take the locks that its parent holds for its
    own: once the parent is killed, others believe that nobody uses the file, and both together
    break it.
    """
    if engine.dialect.name == "sqlite":
        os.register_at_fork(before=engine.dispose)
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))


def keep_private(engine: sa.Engine, folder: Path) -> None:
    """A SQLite file in ``folder`` can be read by its owner alone, before anything is in it."""
    file = Path(engine.url.database or "")
    if engine.dialect.name != "sqlite" or not file.is_relative_to(folder):
        return

    @event.listens_for(engine, "do_connect")
    def _make_private(*_arguments: Any) -> None:
        with contextlib.suppress(OSError):  # connecting says what is wrong
            try:
                mode = stat.S_IMODE(file.stat().st_mode)
            except FileNotFoundError:
                # only if it is new: to close a file ends every lock that the process holds on it
                os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            else:
                if mode & 0o077:
                    file.chmod(0o600)
