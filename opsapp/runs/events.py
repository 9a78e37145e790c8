"""The append-only history of a run."""

from typing import Any

from sqlalchemy.orm import Session

from opsapp.database import storable
from opsapp.models import OperationRunEvent

SYSTEM = "System"


def add_event(
    session: Session,
    run_id: int,
    kind: str,
    message: str,
    *,
    actor: str = SYSTEM,
    data: dict[str, Any] | None = None,
) -> None:
    """Adds a line inside the caller's write transaction."""
    session.add(
        OperationRunEvent(
            run_id=run_id, kind=kind, actor=actor, message=storable(message, 500), data=data or {}
        )
    )
