"""What the initiator is told: one notification when queued, one when ended, nobody else.

The latter also leaves OpsApp by the channels that the person chose; ``opsapp.delivery`` sends it.
"""

from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.models import (
    Channel,
    Delivery,
    DeliveryPreference,
    DeliveryState,
    Notification,
    NotificationKind,
    OperationRun,
    User,
)
from opsapp.models.base import Writing, rows_in
from opsapp.models.upsert import insert_or_ignore
from opsapp.runs.sentences import sentence, subject


class Note(NamedTuple):
    """A notification to be: for whom, about which run."""

    user_id: int
    run_id: int
    kind: NotificationKind
    title: str


def queued_note(run: OperationRun) -> Note | None:
    """None for a run of the system: nobody waits for it."""
    if run.user_id is None:
        return None
    return note_of_queued(run.user_id, run.id, subject(run))


def note_of_queued(user_id: int, run_id: int, what: str) -> Note:
    return Note(user_id, run_id, NotificationKind.QUEUED, f"{what} is queued.")


def send(where: Writing, note: Note) -> None:
    """Once for each run and kind, in the caller's transaction."""
    connection = rows_in(where)
    values = note._asdict() | {"title": storable(note.title, 300), "created_at": utcnow()}
    connection.execute(_insertion(connection.dialect.name), values)


@cache
def _insertion(dialect: str) -> Any:
    return insert_or_ignore(dialect, Notification)


def notify_ended(session: Session, run: OperationRun) -> None:
    if run.user_id is None:
        return
    send(session, Note(run.user_id, run.id, NotificationKind.TERMINAL, sentence(run)))
    _queue_deliveries(session, run.id)


def _queue_deliveries(session: Session, run_id: int) -> None:
    """One for each channel that the person wants, in the transaction that ends the run."""
    wanted = sa.union_all(
        _wanted(run_id, Channel.EMAIL, DeliveryPreference.email.is_(True)),
        _wanted(run_id, Channel.WEBHOOK, DeliveryPreference.webhook_url_encrypted.is_not(None)),
    )
    names = [column.name for column in wanted.selected_columns]
    session.execute(insert_or_ignore(session, Delivery).from_select(names, wanted))


def _wanted(run_id: int, channel: Channel, chosen: sa.ColumnElement[bool]) -> sa.Select[object]:
    now = utcnow()
    values = {
        "channel": channel,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }
    columns = Delivery.__table__.c
    return (
        sa.select(
            Notification.id.label("notification_id"),
            Notification.user_id.label("user_id"),
            *(sa.literal(value, columns[name].type).label(name) for name, value in values.items()),
        )
        .join(DeliveryPreference, DeliveryPreference.user_id == Notification.user_id)
        .join(User, sa.and_(User.id == Notification.user_id, User.is_active))
        .where(
            Notification.run_id == run_id, Notification.kind == NotificationKind.TERMINAL, chosen
        )
    )
