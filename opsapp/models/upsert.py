"""``INSERT … ON CONFLICT`` for both databases."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from opsapp.models.base import Model, table_of


def insert_for(where: Session | str, model: type[Model]) -> Any:
    """The dialect's own INSERT, which knows ``on_conflict_do_nothing`` and ``…_do_update``.

    ``where`` is a session, or the name of a dialect: then a statement of plain columns.
    """
    if isinstance(where, str):
        table = table_of(model)
        return sqlite.insert(table) if where == "sqlite" else postgresql.insert(table)
    dialect = where.get_bind().dialect.name
    return sqlite.insert(model) if dialect == "sqlite" else postgresql.insert(model)


def insert_or_ignore(where: Session | str, model: type[Model]) -> Any:
    """An INSERT that does nothing when a unique constraint already holds such a row."""
    return insert_for(where, model).on_conflict_do_nothing()
