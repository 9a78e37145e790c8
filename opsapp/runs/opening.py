"""A new run's row and what is written with it: few statements, for every click waits for them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, make_transient_to_detached

from opsapp.extensions import db
from opsapp.models import Hold, OperationRun
from opsapp.models.base import table_of
from opsapp.models.run import ACTIVE_SQL
from opsapp.models.upsert import insert_for
from opsapp.runs.events import add_event
from opsapp.runs.pauses import hold_words, pause_over
from opsapp.runs.selection import Chosen, store
from opsapp.runs.transitions import ACTIVE


def insert_unless_active(
    session: Session, values: dict[str, Any], chosen: Sequence[Chosen] | None = None
) -> int | None:
    """The id of the new run; None when a run of this identity is active. Parks it when paused.

    ``values`` are those of all its columns that are not empty; a hold is added to them.
    """
    connection = session.connection()
    paused = pause_over(session, values["tenant_id"])
    values["hold"] = Hold.PAUSED if paused else None
    values["wait_reason"] = hold_words(paused) if paused else None
    run_id = connection.scalar(_insertion(connection.dialect.name), values)
    if run_id is None:
        return None
    if chosen:
        store(session, run_id, chosen)
    add_event(session, run_id, "created", "Created.", actor=values["initiator_name"])
    if paused:
        add_event(session, run_id, "held", f"{hold_words(paused)}.", actor=paused.paused_by)
    return int(run_id)


@cache
def _insertion(dialect: str) -> Any:
    insert = insert_for(dialect, OperationRun)
    conflict = {
        "index_elements": ["tenant_id", "run_identity_hash"],
        "index_where": sa.text(ACTIVE_SQL),
    }
    return insert.on_conflict_do_nothing(**conflict).returning(table_of(OperationRun).c.id)


def as_loaded(run_id: int, values: dict[str, Any]) -> OperationRun:
    """The run just made, without reading back what is known of it."""
    run = OperationRun(id=run_id, **values)
    make_transient_to_detached(run)
    db.session.add(run)
    run.is_new = True
    return run


def active_run(values: dict[str, Any]) -> OperationRun | None:
    """The active run of the same identity, as others have committed it."""
    session = db.session()
    session.rollback()
    run = session.scalar(
        sa.select(OperationRun).where(
            OperationRun.tenant_id == values["tenant_id"],
            OperationRun.run_identity_hash == values["run_identity_hash"],
            OperationRun.status.in_(ACTIVE),
        )
    )
    if run:
        run.is_new = False
    return run
