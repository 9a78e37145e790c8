"""Deliveries of one person, as the ledger and the account page would have left them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from opsapp.config import Settings
from opsapp.crypto import encrypt
from opsapp.database import utcnow
from opsapp.delivery.targets import new_secret
from opsapp.extensions import db
from opsapp.models import Channel, Delivery, DeliveryPreference, Membership, User
from opsapp.models.base import write
from tests.support.ledger_rows import Ledger

TITLE = "Sync inventory of Contoso failed: The worker died."


@dataclass
class Deliveries:
    """Writes and reads rows, in a context of its own each time."""

    app: Flask
    ledger: Ledger
    user_id: int
    secret: str = ""

    @property
    def settings(self) -> Settings:
        settings: Settings = self.app.extensions["opsapp.settings"]
        return settings

    def prefer(self, *, email: bool = False, url: str | None = None) -> None:
        self.secret = self.secret or new_secret()
        with self.app.app_context(), write() as session:
            session.merge(
                DeliveryPreference(
                    user_id=self.user_id,
                    email=email,
                    webhook_url_encrypted=encrypt(self.settings, url) if url else None,
                    webhook_secret_encrypted=encrypt(self.settings, self.secret) if url else None,
                )
            )

    def add(self, channel: Channel, *, run_id: int | None = None, **values: Any) -> int:
        """A pending delivery: of the terminal notification of a run, or a test message."""
        told = self.ledger.notification(self.user_id, run_id, TITLE) if run_id else None
        with self.app.app_context(), write() as session:
            row = Delivery(user_id=self.user_id, channel=channel, notification_id=told, **values)
            session.add(row)
            session.flush()
            return row.id

    def due_now(self) -> None:
        """Lets the time pass until the next attempt."""
        with self.app.app_context(), write() as session:
            past = utcnow() - timedelta(seconds=1)
            session.execute(sa.update(Delivery).values(next_attempt_at=past))

    def row(self, delivery_id: int) -> Delivery:
        with self.app.app_context():
            return db.session.get_one(Delivery, delivery_id)

    def deactivate(self) -> None:
        with self.app.app_context(), write() as session:
            session.get_one(User, self.user_id).is_active = False

    def leave_tenant(self) -> None:
        with self.app.app_context(), write() as session:
            session.execute(sa.delete(Membership).where(Membership.user_id == self.user_id))
