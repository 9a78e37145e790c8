"""The append-only history of a run."""

from typing import Any

import sqlalchemy as sa

from opsapp.database import storable, utcnow
from opsapp.models import OperationRunEvent
from opsapp.models.base import Writing, rows_in, table_of

SYSTEM = "System"
_INSERT = sa.insert(table_of(OperationRunEvent))


def add_event(
    where: Writing,
    run_id: int,
    kind: str,
    message: str,
    *,
    actor: str = SYSTEM,
    data: dict[str, Any] | None = None,
) -> None:
    """Adds a line inside the caller's write transaction."""
    line = {
        "run_id": run_id,
        "at": utcnow(),
        "kind": kind,
        "actor": actor,
        "message": storable(message, 500),
        "data": data or {},
    }
    rows_in(where).execute(_INSERT, line)
