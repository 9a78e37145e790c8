"""Runs the migrations on the application's own engine (``flask db upgrade``)."""

from alembic import context
from flask import current_app
from sqlalchemy.exc import DBAPIError

from opsapp.database_trouble import unusable

db = current_app.extensions["migrate"].db


def run_migrations() -> None:
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Offline migrations are not supported: run `flask db upgrade`.")
try:
    run_migrations()
except DBAPIError as error:
    if line := unusable(error):
        raise SystemExit(f"opsapp: {line}") from None
    raise
