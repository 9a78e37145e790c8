"""Sends what is due, each delivery by one sender at a time, and notes what came of it.

A delivery is claimed by moving its next attempt into the future under compare-and-set, sent
without any transaction, and noted. Who dies in between leaves a claim that runs out: the message
is sent again under the same id. At least once, and said so.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.config import Settings, current_settings
from opsapp.crypto import WrongKey, decrypt
from opsapp.database import storable, utcnow
from opsapp.delivery import mail, webhook, wording
from opsapp.delivery.due import due
from opsapp.delivery.errors import NotDelivered
from opsapp.delivery.targets import checked_url
from opsapp.extensions import db
from opsapp.models import (
    Channel,
    Delivery,
    DeliveryPreference,
    DeliveryState,
    Notification,
    OperationRun,
    User,
)
from opsapp.models.base import write
from opsapp.permissions import allows

logger = logging.getLogger(__name__)

PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
MAX_ATTEMPTS: Final = len(PAUSES) + 1
LONGEST_RETRY_AFTER: Final = timedelta(hours=6)
CLAIM: Final = timedelta(minutes=2)  # far longer than one attempt can take


@dataclass(frozen=True)
class Claim:
    """The right to make attempt number ``attempt`` of a delivery."""

    delivery_id: int
    attempt: int


def send_due(*, limit: int = 20, seconds: float = 20.0) -> int:
    """Makes attempts while there is something due, at most ``limit``, none begun after ``seconds``.

    Returns how many. A delivery that cannot even be looked at is retried like any other.
    """
    ends_at = time.monotonic() + seconds
    sent = 0
    while sent < limit and time.monotonic() < ends_at:
        claim = claim_next()
        if claim is None:
            break
        _attempt(claim)
        sent += 1
    return sent


def claim_next() -> Claim | None:
    """Takes the delivery that has been due for longest; None when nothing is, or others took it."""
    now = utcnow()
    row = db.session.execute(
        due(now).add_columns(Delivery.attempts).order_by(Delivery.next_attempt_at).limit(1)
    ).first()
    db.session.rollback()
    if row is None:
        return None
    claim = Claim(row.id, row.attempts + 1)
    with write() as session:
        taken = session.execute(
            sa.update(Delivery)
            .where(
                Delivery.id == claim.delivery_id,
                Delivery.state == DeliveryState.PENDING,
                Delivery.attempts == row.attempts,
                Delivery.next_attempt_at <= now,
            )
            .values(attempts=claim.attempt, next_attempt_at=now + CLAIM)
            .returning(Delivery.id)
        ).first()
    return claim if taken else None


def _attempt(claim: Claim) -> None:
    try:
        if claim.attempt > MAX_ATTEMPTS:  # each of them died in the middle
            raise NotDelivered("Interrupted too often.", is_final=True)  # noqa: TRY301
        note = _send(claim.delivery_id)
    except NotDelivered as failed:
        _note_failure(claim, failed)
    except Exception as error:
        db.session.rollback()
        logger.exception("delivery %s failed", claim.delivery_id)
        _note_failure(claim, NotDelivered(type(error).__name__))
    else:
        _note_success(claim, note)


def _send(delivery_id: int) -> str:
    """Sends it; returns what to note. The database is let go before anything is sent."""
    settings = current_settings()
    delivery = db.session.scalars(
        sa.select(Delivery)
        .where(Delivery.id == delivery_id)
        .options(
            joinedload(Delivery.notification)
            .joinedload(Notification.run)
            .joinedload(OperationRun.tenant)
        )
    ).one_or_none()
    if delivery is None:
        raise NotDelivered("The run is gone.", is_final=True)
    user = db.session.get_one(User, delivery.user_id)
    preference = db.session.get(DeliveryPreference, delivery.user_id)
    _check_reader(user, delivery.notification)
    if delivery.channel == Channel.EMAIL:
        return _send_mail(settings, delivery, user, preference)
    return _send_webhook(settings, delivery, preference)


def _check_reader(user: User, notification: Notification | None) -> None:
    if not user.is_active:
        raise NotDelivered("The account is deactivated.", is_final=True)
    if notification is not None and not allows(user, notification.run.tenant, "runs.view"):
        raise NotDelivered("The tenant is no longer yours to see.", is_final=True)


def _send_mail(
    settings: Settings, delivery: Delivery, user: User, preference: DeliveryPreference | None
) -> str:
    if preference is None or not preference.email:
        raise NotDelivered("E-mail was switched off.", is_final=True)
    if not settings.smtp_url or not settings.mail_from:
        raise NotDelivered("No mail server: OPSAPP_SMTP_URL is not set for the workers.")
    letter = mail.Letter(
        sender=settings.mail_from,
        recipient=user.email,
        subject=wording.title_of(delivery.notification),
        text=wording.text(settings, delivery),
        message_id=wording.message_id_of(delivery),
    )
    db.session.rollback()
    return mail.send(mail.Server.of(settings.smtp_url), letter)


def _send_webhook(
    settings: Settings, delivery: Delivery, preference: DeliveryPreference | None
) -> str:
    if (
        preference is None
        or preference.webhook_url_encrypted is None
        or preference.webhook_secret_encrypted is None
    ):
        raise NotDelivered("The webhook was removed.", is_final=True)
    try:
        hook = webhook.Hook(
            decrypt(settings, preference.webhook_url_encrypted),
            decrypt(settings, preference.webhook_secret_encrypted),
        )
        checked_url(hook.url, private_hosts=settings.webhook_private_hosts)
    except WrongKey:
        raise NotDelivered("Its key is missing from OPSAPP_ENCRYPTION_KEYS.") from None
    except ValueError:
        raise NotDelivered("The webhook's URL is not allowed any more.", is_final=True) from None
    payload, message_id = wording.payload(settings, delivery), wording.message_id_of(delivery)
    db.session.rollback()
    return webhook.post(
        hook,
        message_id,
        payload,
        private_hosts=settings.webhook_private_hosts,
    )


def _note_success(claim: Claim, note: str) -> None:
    _note(
        claim.delivery_id,
        sa.true(),
        state=DeliveryState.DELIVERED,
        delivered_at=utcnow(),
        message=storable(note, 300),
    )


def _note_failure(claim: Claim, failed: NotDelivered) -> None:
    """Only while the claim is ours: a later attempt knows better."""
    is_over = failed.is_final or claim.attempt >= MAX_ATTEMPTS
    _note(
        claim.delivery_id,
        Delivery.attempts == claim.attempt,
        state=DeliveryState.GIVEN_UP if is_over else DeliveryState.PENDING,
        next_attempt_at=utcnow() + (timedelta(0) if is_over else _pause(claim.attempt, failed)),
        message=storable(failed.message, 300),
    )


def _pause(attempt: int, failed: NotDelivered) -> timedelta:
    asked = timedelta(seconds=min(failed.retry_after or 0, LONGEST_RETRY_AFTER.total_seconds()))
    return max(PAUSES[attempt - 1], asked)


def _note(delivery_id: int, fence: sa.ColumnElement[bool], **values: object) -> None:
    db.session.rollback()
    with write() as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.PENDING, fence)
            .values(**values)
        )
