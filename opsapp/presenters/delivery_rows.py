"""The log of deliveries, row by row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opsapp.models import Channel, Delivery, DeliveryState

CHANNEL_WORDS = {Channel.EMAIL: "E-mail", Channel.WEBHOOK: "Webhook"}
COLUMNS: list[dict[str, Any]] = [
    {"key": "title", "label": "Notification", "wide": True},
    {"key": "channel", "label": "By", "narrow": True},
    {"key": "state", "label": "State", "narrow": True},
    {"key": "attempts", "label": "Attempts", "numeric": True},
    {"key": "answer", "label": "Last answer"},
    {"key": "next", "label": "Next attempt", "narrow": True},
    {"key": "at", "label": "Queued", "narrow": True},
]


@dataclass(frozen=True)
class DeliveryRow:
    """``run_id`` is None for a test message, ``next_at`` once nothing is to be tried any more."""

    title: str
    run_id: int | None
    channel: str
    state: DeliveryState
    attempts: int
    answer: str
    next_at: datetime | None
    created_at: datetime


def rows_of(deliveries: Iterable[Delivery]) -> list[DeliveryRow]:
    return [_row(delivery) for delivery in deliveries]


def _row(delivery: Delivery) -> DeliveryRow:
    told = delivery.notification
    return DeliveryRow(
        title=told.title if told else "Test message",
        run_id=told.run_id if told else None,
        channel=CHANNEL_WORDS[delivery.channel],
        state=delivery.state,
        attempts=delivery.attempts,
        answer=delivery.message or "",
        next_at=delivery.next_attempt_at if delivery.state == DeliveryState.PENDING else None,
        created_at=delivery.created_at,
    )


def as_data(delivery: Delivery) -> dict[str, Any]:
    """For scripts; the keys are a promise."""
    row = _row(delivery)
    return {
        "id": delivery.id,
        "notification_id": delivery.notification_id,
        "run_id": row.run_id,
        "title": row.title,
        "channel": delivery.channel.value,
        "state": row.state.value,
        "attempts": row.attempts,
        "next_attempt_at": row.next_at,
        "message": delivery.message,
        "created_at": row.created_at,
        "delivered_at": delivery.delivered_at,
    }
