"""What the initiator is told: one notification when queued, one when ended, nobody else.

The latter also leaves OpsApp by the channels that the person chose; ``opsapp.delivery`` sends it.
"""

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
from opsapp.models.upsert import insert_or_ignore
from opsapp.runs.sentences import sentence, subject


def notify_queued(session: Session, run: OperationRun) -> None:
    _notify(session, run, NotificationKind.QUEUED, f"{subject(run)} is queued.")


def notify_ended(session: Session, run: OperationRun) -> None:
    _notify(session, run, NotificationKind.TERMINAL, sentence(run))
    if run.user_id is not None:
        _queue_deliveries(session, run.id)


def _notify(session: Session, run: OperationRun, kind: NotificationKind, title: str) -> None:
    if run.user_id is None:
        return
    session.execute(
        insert_or_ignore(session, Notification).values(
            user_id=run.user_id,
            run_id=run.id,
            kind=kind,
            title=storable(title, 300),
            created_at=utcnow(),
        )
    )


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
