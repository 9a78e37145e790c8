"""What a retry made of the runs before it: noted beside them, and in their old notifications."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.models import (
    Notification,
    NotificationKind,
    OperationRun,
    OperationRunItem,
    RunOutcome,
    RunRepair,
)
from opsapp.models.upsert import insert_for
from opsapp.runs.attention import settle
from opsapp.runs.lineage import Kin, family, later_than, open_items


def note_repairs(session: Session, ended: OperationRun) -> None:
    """Brings what is known of all runs before it in its lineage up to date, in its transaction."""
    if ended.retry_of_id is None:
        return
    kin = family(session, ended)
    for earlier in kin:
        if earlier.id < ended.id:
            _note(session, earlier, later_than(earlier.id, kin), ended)


def _note(session: Session, earlier: Kin, later: Sequence[Kin], ended: OperationRun) -> None:
    if earlier.outcome in (RunOutcome.PENDING, RunOutcome.SUCCEEDED):
        return
    left = _count(session, open_items(earlier.id, later))
    repaired = _count(session, open_items(earlier.id, [])) - left
    tried_again = any(kin.tried_all_again for kin in later)
    if not (repaired or left or tried_again):
        return
    values = {
        "repaired": repaired,
        "open": left,
        "superseded": tried_again,
        "by_run_id": ended.id,
        "updated_at": utcnow(),
    }
    insert = insert_for(session, RunRepair).values(run_id=earlier.id, **values)
    session.execute(insert.on_conflict_do_update(index_elements=["run_id"], set_=values))
    if left == 0 or tried_again:
        settle(session, earlier.id)
    _update_notification(session, earlier.id, repair_words(repaired, left, ended.id))


def _count(session: Session, items: sa.Select[OperationRunItem]) -> int:
    return session.scalar(items.with_only_columns(sa.func.count())) or 0


def repair_words(repaired: int, left: int, by_run_id: int) -> str:
    """In one line: ``37 of 41 since repaired by run 812; 4 open``."""
    if not (repaired or left):
        return f"Started again as run {by_run_id}."
    if not left:
        return f"All {repaired:,} since repaired by run {by_run_id}."
    if not repaired:
        return f"Tried again by run {by_run_id}; {left:,} still open."
    return f"{repaired:,} of {repaired + left:,} since repaired by run {by_run_id}; {left:,} open."


def _update_notification(session: Session, run_id: int, words: str) -> None:
    session.execute(
        sa.update(Notification)
        .where(Notification.run_id == run_id, Notification.kind == NotificationKind.TERMINAL)
        .values(updated_title=storable(words, 300), updated_at=utcnow())
    )
