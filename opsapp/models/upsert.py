"""``INSERT … ON CONFLICT`` for both databases."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from opsapp.models.base import Model


def insert_for(session: Session, model: type[Model]) -> Any:
    """The dialect's own INSERT, which knows ``on_conflict_do_nothing`` and ``…_do_update``."""
    dialect = session.get_bind().dialect.name
    return sqlite.insert(model) if dialect == "sqlite" else postgresql.insert(model)


def insert_or_ignore(session: Session, model: type[Model]) -> Any:
    """An INSERT that does nothing when a unique constraint already holds such a row."""
    return insert_for(session, model).on_conflict_do_nothing()
