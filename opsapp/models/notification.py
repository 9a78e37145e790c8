"""What the person who started a run is told: once when it is queued, once when it ended."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model, partial_index
from opsapp.models.run import OperationRun


class NotificationKind(enum.StrEnum):
    QUEUED = "queued"
    TERMINAL = "terminal"


class Notification(Model):
    """``updated_title`` is what has become of it since: what a later run repaired."""

    __tablename__ = "notifications"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("operation_runs.id", ondelete="CASCADE"))
    kind: Mapped[NotificationKind]
    title: Mapped[str] = mapped_column(sa.String(300))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    read_at: Mapped[datetime | None]
    updated_title: Mapped[str | None] = mapped_column(sa.String(300))
    updated_at: Mapped[datetime | None]

    run: Mapped[OperationRun] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("run_id", "kind"),
        sa.Index("ix_notifications_user", "user_id", "id"),
        partial_index("ix_notifications_unread", "user_id", where="read_at IS NULL"),
    )
