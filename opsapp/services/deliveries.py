"""Where a person's notifications go besides the page, and what became of them. Only one's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from opsapp.audit import Actor, record
from opsapp.config import current_settings
from opsapp.crypto import WrongKey, decrypt, encrypt
from opsapp.database import utcnow
from opsapp.delivery.targets import checked_url, new_secret, site_of
from opsapp.extensions import db
from opsapp.models import Channel, Delivery, DeliveryPreference, DeliveryState, User
from opsapp.models.base import write
from opsapp.models.upsert import insert_or_ignore
from opsapp.refusals import Refused
from opsapp.services.paging import Cursor, Page, page_of

NO_MAIL_SERVER = "No mail server is set up: an administrator has to set OPSAPP_SMTP_URL."
NO_WEBHOOK = "There is no webhook yet."
EMAIL_IS_OFF = "E-mail is off."
UNREADABLE = "unreadable"
TESTS_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Choice:
    """What a person chose. ``webhook_site`` is scheme and host; None without a webhook."""

    email: bool = False
    webhook_site: str | None = None


def mail_is_set_up() -> bool:
    return current_settings().smtp_url is not None


def choice_of(user: User) -> Choice:
    preference = db.session.get(DeliveryPreference, user.id)
    return Choice(preference.email, _site(preference)) if preference else Choice()


def set_email(actor: Actor, user: User, *, wanted: bool) -> None:
    """Switches e-mail on or off. Raises Refused to switch on what cannot be sent."""
    if wanted and not mail_is_set_up():
        raise Refused(NO_MAIL_SERVER, "email")
    with _changing(user) as (session, preference):
        if preference.email != wanted:
            preference.email = wanted
            action = "delivery.email_on" if wanted else "delivery.email_off"
            record(session, actor, action, user.email)


def set_webhook(actor: Actor, user: User, url: str) -> str | None:
    """Sends to ``url`` from now on; returns the signing secret when there was none before.

    Raises Refused for a URL that may not be called.
    """
    settings = current_settings()
    try:
        url = checked_url(url, private_hosts=settings.webhook_private_hosts)
    except ValueError as wrong:
        raise Refused(str(wrong), "url") from None
    with _changing(user) as (session, preference):
        secret = None if preference.webhook_secret_encrypted else new_secret()
        preference.webhook_url_encrypted = encrypt(settings, url)
        if secret:
            preference.webhook_secret_encrypted = encrypt(settings, secret)
        record(session, actor, "delivery.webhook_set", user.email, data={"site": site_of(url)})
    return secret


def rotate_secret(actor: Actor, user: User) -> str:
    """Replaces the signing secret; returns the new one. Raises Refused without a webhook."""
    secret = new_secret()
    with _changing(user) as (session, preference):
        if preference.webhook_url_encrypted is None:
            raise Refused(NO_WEBHOOK)
        preference.webhook_secret_encrypted = encrypt(current_settings(), secret)
        data = {"site": _site(preference)}
        record(session, actor, "delivery.secret_rotated", user.email, data=data)
    return secret


def remove_webhook(actor: Actor, user: User) -> None:
    """Forgets URL and secret. What is still to be sent there is given up."""
    with _changing(user) as (session, preference):
        site = _site(preference)
        if site is None:
            return
        preference.webhook_url_encrypted = preference.webhook_secret_encrypted = None
        record(session, actor, "delivery.webhook_removed", user.email, data={"site": site})


def send_test(actor: Actor, user: User, channel: Channel) -> None:
    """Leaves a test message for the workers. Raises Refused when it could not be sent."""
    choice = choice_of(user)
    if channel == Channel.EMAIL and not mail_is_set_up():
        raise Refused(NO_MAIL_SERVER)
    if channel == Channel.EMAIL and not choice.email:
        raise Refused(EMAIL_IS_OFF)
    if channel == Channel.WEBHOOK and choice.webhook_site is None:
        raise Refused(NO_WEBHOOK)
    with _changing(user) as (session, _):
        tests = sa.and_(
            Delivery.user_id == user.id,
            Delivery.channel == channel,
            Delivery.notification_id.is_(None),
        )
        waiting = sa.select(Delivery.id).where(tests, Delivery.state == DeliveryState.PENDING)
        if session.scalar(waiting.limit(1)) is not None:
            raise Refused("A test message is on its way already.")
        session.execute(
            sa.delete(Delivery).where(tests, Delivery.created_at < utcnow() - TESTS_KEPT)
        )
        session.add(Delivery(user_id=user.id, channel=channel))
        record(session, actor, "delivery.tested", user.email, data={"channel": channel.value})


def browse(user: User, cursor: Cursor, *, size: int = 50) -> Page[Delivery]:
    """A page of the person's deliveries, newest first, with their notifications."""
    return page_of(_of(user), Delivery, Delivery.id, cursor, descending=True, size=size)


def newest(user: User, limit: int) -> Sequence[Delivery]:
    return db.session.scalars(_of(user).order_by(Delivery.id.desc()).limit(limit)).all()


def _of(user: User) -> sa.Select[Delivery]:
    query = sa.select(Delivery).where(Delivery.user_id == user.id)
    return query.options(joinedload(Delivery.notification))


@contextmanager
def _changing(user: User) -> Iterator[tuple[Session, DeliveryPreference]]:
    """The person's row, made if need be and locked, in one write transaction."""
    with write() as session:
        session.execute(
            insert_or_ignore(session, DeliveryPreference).values(user_id=user.id, email=False)
        )
        yield (
            session,
            session.get_one(
                DeliveryPreference, user.id, with_for_update=True, populate_existing=True
            ),
        )


def _site(preference: DeliveryPreference) -> str | None:
    if preference.webhook_url_encrypted is None:
        return None
    try:
        return site_of(decrypt(current_settings(), preference.webhook_url_encrypted))
    except WrongKey:
        return UNREADABLE
