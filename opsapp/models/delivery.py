"""Notifications that leave OpsApp: by e-mail and webhook, for people who asked for it."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model, partial_index
from opsapp.models.notification import Notification

PENDING_SQL = "state = 'pending'"


class Channel(enum.StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryState(enum.StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class DeliveryPreference(Model):
    """Where a person wants their notifications sent; no row means nowhere. Secrets encrypted."""

    __tablename__ = "delivery_preferences"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    email: Mapped[bool] = mapped_column(default=False)
    webhook_url_encrypted: Mapped[str | None] = mapped_column(sa.Text)
    webhook_secret_encrypted: Mapped[str | None] = mapped_column(sa.Text)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class Delivery(Model):
    """One notification on one channel: tried until delivered or given up. The delivery log."""

    __tablename__ = "notification_deliveries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notification_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("notifications.id", ondelete="CASCADE")
    )  # none: a test message
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    channel: Mapped[Channel]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=utcnow)
    message: Mapped[str | None] = mapped_column(sa.String(300))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    delivered_at: Mapped[datetime | None]

    notification: Mapped[Notification | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("notification_id", "channel"),
        sa.Index("ix_notification_deliveries_user", "user_id", "id"),
        partial_index("ix_notification_deliveries_due", "next_attempt_at", where=PENDING_SQL),
    )
