"""Counting what a page asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask

from opsapp.extensions import db


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements executed inside, in order; transaction control is not among them."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def plan_of(app: Flask, statement: str) -> str:
    """How SQLite would answer a statement; its parameters do not matter to the plan."""
    with app.app_context(), db.engine.connect() as connection:
        nothing = (None,) * statement.count("?")
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", nothing)
        return "\n".join(row[3] for row in rows)
