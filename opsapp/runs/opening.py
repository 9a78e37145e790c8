"""A new run's row and what is written with it: few statements, for every click waits for them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from opsapp.extensions import db
from opsapp.models import Hold, OperationRun
from opsapp.models.base import Writing, rows_in, table_of
from opsapp.models.run import ACTIVE_SQL
from opsapp.models.upsert import insert_for
from opsapp.runs.events import SYSTEM, add_event
from opsapp.runs.pauses import hold_words, is_paused, pause_over
from opsapp.runs.selection import Chosen, store
from opsapp.runs.transitions import ACTIVE


def insert_unless_active(
    where: Writing, values: dict[str, Any], chosen: Sequence[Chosen] | None = None
) -> int | None:
    """The id of the new run; None when a run of this identity is active.

    ``values`` are those of all its columns that are not empty. Without a hold among them, the run
    is parked when a pause is in force, and its hold is added to them.
    """
    is_given = "hold" in values
    rows = rows_in(where)
    made = rows.execute(_insertion(rows.dialect.name, frozenset(values)), values).first()
    if made is None:
        return None
    if chosen:
        store(rows, made.id, chosen)
    add_event(rows, made.id, "created", "Created.", actor=values["initiator_name"])
    if is_given:
        return int(made.id)
    values["hold"], values["wait_reason"] = made.hold, None
    if made.hold:
        values["wait_reason"] = _say_why_held(rows, made.id, values["tenant_id"])
    return int(made.id)


@cache
def _insertion(dialect: str, columns: frozenset[str]) -> Any:
    """Of a run with these columns; the hold is decided in the same statement."""
    runs = table_of(OperationRun)
    values: dict[str, Any] = {name: sa.bindparam(name, type_=runs.c[name].type) for name in columns}
    values.setdefault("hold", sa.case((is_paused(values["tenant_id"]), Hold.PAUSED.value)))
    conflict = {
        "index_elements": ["tenant_id", "run_identity_hash"],
        "index_where": sa.text(ACTIVE_SQL),
    }
    insert = insert_for(dialect, OperationRun).values(values)
    return insert.on_conflict_do_nothing(**conflict).returning(runs.c.id, runs.c.hold)


def _say_why_held(rows: sa.Connection, run_id: int, tenant_id: int) -> str:
    paused = pause_over(rows, tenant_id)
    # PostgreSQL: it may have been lifted since the last statement; then the tick lets the run go
    words = hold_words(paused) if paused else "A pause was lifted just now"
    runs = table_of(OperationRun)
    rows.execute(sa.update(runs).where(runs.c.id == run_id).values(wait_reason=words))
    add_event(rows, run_id, "held", f"{words}.", actor=paused.paused_by if paused else SYSTEM)
    return words


def as_loaded(run_id: int, values: dict[str, Any]) -> OperationRun:
    """The run just made, without reading back what is known of it."""
    run = OperationRun(id=run_id)
    make_transient_to_detached(run)
    for name, value in values.items():
        set_committed_value(run, name, value)
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
