"""A restore has one row in the ledger from its preview on: kept in step by a listener.

Whoever changes the status of a ``RestoreRun`` need not know of it: the row is made, released or
completed in the same transaction, just before it is committed. What the ledger decides about that
row is written to the restore by ``opsapp.runs.restores``.
"""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.models import Hold, OperationRun, RestoreRun, RestoreStatus, RunStatus, User
from opsapp.refusals import Refused
from opsapp.runs.events import add_event
from opsapp.runs.initiator import Initiator
from opsapp.runs.opening import insert_unless_active
from opsapp.runs.pauses import park_if_paused
from opsapp.runs.restores import TYPE
from opsapp.runs.result import RunResult
from opsapp.runs.service import new_run_values
from opsapp.runs.transitions import complete, locked, new_token

AWAITING_CONFIRMATION: Final = "A person must confirm the preview"
AWAITING_APPROVAL: Final = "Awaiting approval by an owner"
_CHANGED: Final = "restores that changed"
_WATCHED: Final = ("status", "confirmed_at")


def listen() -> None:
    """From now on, in every session of this process."""
    sa.event.listen(Session, "before_flush", _note_changed)
    sa.event.listen(Session, "before_commit", _bring_in_step)
    sa.event.listen(Session, "after_rollback", _forget)


def _note_changed(session: Session, *_: object) -> None:
    for one in (*session.dirty, *session.new):
        if isinstance(one, RestoreRun) and _is_changed(one):
            session.info.setdefault(_CHANGED, {})[id(one)] = one


def _is_changed(restore: RestoreRun) -> bool:
    state: Any = sa.inspect(restore)
    return any(state.attrs[name].history.has_changes() for name in _WATCHED)


def _bring_in_step(session: Session) -> None:
    _note_changed(session)
    changed: dict[int, RestoreRun] = session.info.pop(_CHANGED, {})
    for restore in changed.values():
        session.flush()
        _follow(session, restore)
    session.info.pop(_CHANGED, None)  # what following changed needs no following


def _forget(session: Session) -> None:
    session.info.pop(_CHANGED, None)


def _follow(session: Session, restore: RestoreRun) -> None:
    run = locked(session, restore.run_id) if restore.run_id else None
    waiting = run if run is not None and run.hold == Hold.CONFIRMATION else None
    match restore.status:
        case RestoreStatus.PREVIEWED if waiting is not None:
            waiting.wait_reason = _what_is_awaited(restore)
        case RestoreStatus.PREVIEWED:
            restore.run_id = _make_row(session, restore)
        case RestoreStatus.DRAFT:
            _drop(session, run, waiting, restore.plan_note)
            restore.run_id = None
        case RestoreStatus.QUEUED:
            _confirm(session, restore, run, waiting)
        case RestoreStatus.CANCELLED if run is not None and run.status == RunStatus.QUEUED:
            complete(session, run, RunResult.cancelled())
        case _:
            pass


def _what_is_awaited(restore: RestoreRun) -> str:
    return AWAITING_APPROVAL if restore.confirmed_at else AWAITING_CONFIRMATION


def _make_row(session: Session, restore: RestoreRun) -> int:
    """Queued, held and not dispatched, in the name of whoever made the preview."""
    values = new_run_values(
        restore.tenant, TYPE, {"restore": restore.id}, _who_previewed(session, restore)
    )
    why = _what_is_awaited(restore)
    values |= {"hold": Hold.CONFIRMATION, "wait_reason": why}
    run_id = insert_unless_active(session, values)
    if run_id is None:
        raise Refused("This restore has a run already.")
    add_event(session, run_id, "held", f"{why}.")
    return run_id


def _who_previewed(session: Session, restore: RestoreRun) -> Initiator:
    preview = session.get(OperationRun, restore.preview_run_id or 0)
    user_id = preview.user_id if preview else restore.created_by_id
    user = session.get(User, user_id) if user_id else None
    return user or (preview.initiator_name if preview else restore.created_by)


def _drop(
    session: Session, run: OperationRun | None, waiting: OperationRun | None, why: str | None
) -> None:
    """The preview is valid no more: its row ends, and a new preview makes a new one."""
    if waiting is not None:
        add_event(session, waiting.id, "dropped", why or "The preview is not valid any more.")
        complete(session, waiting, RunResult.cancelled("run.cancelled_by_system"))
    elif run is not None and run.is_active:
        raise Refused("This restore is confirmed and cannot be changed any more.")


def _confirm(
    session: Session, restore: RestoreRun, run: OperationRun | None, waiting: OperationRun | None
) -> None:
    if waiting is None:
        if run is not None and run.is_active:
            return  # confirmed already
        raise Refused("This restore is not waiting for confirmation any more.")
    who = restore.confirmed_by or waiting.initiator_name
    waiting.user_id, waiting.initiator_name = restore.confirmed_by_id, who
    waiting.priority = 10 if restore.confirmed_by_id else 0
    waiting.hold = waiting.wait_reason = None
    waiting.dispatch_token = new_token()
    add_event(session, waiting.id, "confirmed", "Confirmed.", actor=restore.approved_by or who)
    park_if_paused(session, waiting)
    session.flush()
