"""What is to be sent now. Light: every worker's tick loads it."""

from datetime import datetime

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Delivery
from opsapp.models.delivery import PENDING_SQL


def due(now: datetime) -> sa.Select[int]:
    """The ids of the deliveries whose next attempt is not in the future, in any order."""
    # in the words of the partial index, so that SQLite uses it
    pending: sa.ColumnElement[bool] = sa.literal_column(f"notification_deliveries.{PENDING_SQL}")
    return sa.select(Delivery.id).where(pending, Delivery.next_attempt_at <= now)


def has_due() -> bool:
    """Whether there is anything to send now. One look at an index."""
    found = db.session.scalar(due(utcnow()).limit(1))
    db.session.rollback()
    return found is not None
