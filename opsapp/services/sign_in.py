"""Signing in and out: passwords checked, attempts throttled, sessions kept as revocable rows."""

import hashlib
import ipaddress
import logging
import math
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from opsapp.audit import Actor, record
from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import SignInFailure, User, UserSession
from opsapp.models.base import write
from opsapp.models.upsert import insert_for
from opsapp.refusals import NotFound, Refused
from opsapp.services import passwords

logger = logging.getLogger(__name__)

WINDOW = timedelta(minutes=15)
MAX_PER_ACCOUNT = 5
MAX_PER_ADDRESS = 30
SEEN_EVERY = timedelta(minutes=1)
COOKIE_KEY = "_user_id"  # where Flask-Login looks for it in the signed cookie
WRONG = "The email address or the password is not right."


class SignInRefused(Refused):
    """Wrong address or password, or an account that may not sign in: never said which."""


class Throttled(SignInRefused):
    """Too many attempts; the next one counts at ``retry_at``, in ``seconds``."""

    def __init__(self, retry_at: datetime) -> None:
        self.retry_at = retry_at
        self.seconds = max(1, math.ceil((retry_at - utcnow()).total_seconds()))
        minutes = math.ceil(self.seconds / 60)
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(
            f"Too many attempts. Try again in {minutes} {unit}, after {retry_at:%H:%M} UTC."
        )


def sign_in(email: str, password: str, remote_addr: str, user_agent: str) -> str:
    """Checks a password and opens a session; returns its token for the cookie.

    Raises Throttled or SignInRefused. The attempt is counted before the password is looked at, so
    parallel attempts cannot outrun the limit.
    """
    email = email.strip().lower()[:254]
    account, address = f"account:{email}", f"address:{network_of(remote_addr)}"
    _count_attempt(account, address, email, remote_addr)
    user = db.session.scalar(sa.select(User).where(User.email == email))
    if not passwords.matches(user, password) or user is None or not user.is_active:
        raise SignInRefused(WRONG)
    with write() as session:
        _forgive(session, account, address)
        user.last_sign_in_at = utcnow()
        session.execute(
            sa.delete(SignInFailure).where(SignInFailure.window_started_at < utcnow() - WINDOW)
        )
        record(session, Actor.of(user, remote_addr), "session.signed_in", user.email)
        return _add_session(session, user, remote_addr, user_agent)


def open_session(user: User, remote_addr: str, user_agent: str) -> str:
    """A session without a password check; returns its token."""
    with write() as session:
        return _add_session(session, user, remote_addr, user_agent)


def _add_session(session: Session, user: User, remote_addr: str, user_agent: str) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_sha256=_fingerprint(token),
            user_id=user.id,
            expires_at=utcnow() + timedelta(hours=current_settings().session_hours),
            remote_addr=remote_addr[:64],
            user_agent=user_agent[:200],
        )
    )
    return token


def session_of(token: str) -> UserSession | None:
    """The live session of a token. Notes that it was seen, at most once a minute."""
    found = db.session.scalar(
        sa.select(UserSession).where(UserSession.token_sha256 == _fingerprint(token))
    )
    now = utcnow()
    if found is None or not found.is_live(now):
        return None
    if now - found.last_seen_at > SEEN_EVERY:
        _note_seen(found.id, now)
    return found


def _note_seen(session_id: int, now: datetime) -> None:
    try:
        with write() as session:
            session.execute(
                sa.update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now)
            )
    except OperationalError:  # a busy database must not cost the person their page
        logger.warning("could not note that a session was seen")


def sign_out(current: UserSession, actor: Actor) -> None:
    with write() as session:
        current.revoked_at = utcnow()
        record(session, actor, "session.signed_out", actor.name)


def live_sessions(user: User) -> list[UserSession]:
    """Where a person is signed in, the latest activity first."""
    return list(
        db.session.scalars(
            _live(user.id).order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        )
    )


def revoke(user: User, session_id: int, actor: Actor) -> None:
    """Ends one of the person's own live sessions. Raises NotFound when it is not one."""
    with write() as session:
        found = session.scalar(_live(user.id).where(UserSession.id == session_id))
        if found is None:
            raise NotFound("That session has already ended.")
        found.revoked_at = utcnow()
        record(session, actor, "session.revoked", user.email)


def revoke_others(user: User, keep_id: int, actor: Actor) -> None:
    """Ends all of the person's sessions but one."""
    with write() as session:
        revoke_all(session, user, keep_id=keep_id)
        record(session, actor, "session.revoked", user.email, data={"which": "all others"})


def revoke_all(session: Session, user: User, *, keep_id: int | None = None) -> None:
    """Ends every session of a person but ``keep_id``, in the caller's write transaction."""
    session.execute(
        sa.update(UserSession)
        .where(
            UserSession.user_id == user.id,
            UserSession.revoked_at.is_(None),
            UserSession.id != (keep_id or 0),
        )
        .values(revoked_at=utcnow())
    )


def _live(user_id: int) -> sa.Select[UserSession]:
    return sa.select(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > utcnow(),
    )


def _count_attempt(account: str, address: str, email: str, remote_addr: str) -> None:
    throttled: datetime | None = None
    with write() as session:
        for subject, limit in ((account, MAX_PER_ACCOUNT), (address, MAX_PER_ADDRESS)):
            failures = _one_more(session, subject)
            if failures.count > limit:
                retry_at = failures.window_started_at + WINDOW
                throttled = max(throttled or retry_at, retry_at)
            if failures.count == limit + 1:
                record(
                    session, Actor(email or "?", None, remote_addr), "session.throttled", subject
                )
    if throttled:
        raise Throttled(throttled)


def _one_more(session: Session, subject: str) -> SignInFailure:
    now = utcnow()
    fresh = SignInFailure.window_started_at > now - WINDOW
    insert = insert_for(session, SignInFailure).values(
        subject=subject, count=1, window_started_at=now
    )
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[SignInFailure.subject],
            set_={
                "count": sa.case((fresh, SignInFailure.count + 1), else_=1),
                "window_started_at": sa.case((fresh, SignInFailure.window_started_at), else_=now),
            },
        )
    )
    return session.get_one(SignInFailure, subject, populate_existing=True)


def _forgive(session: Session, account: str, address: str) -> None:
    session.execute(sa.delete(SignInFailure).where(SignInFailure.subject == account))
    session.execute(
        sa.update(SignInFailure)
        .where(SignInFailure.subject == address, SignInFailure.count > 0)
        .values(count=SignInFailure.count - 1)
    )


def network_of(address: str) -> str:
    """The part of an address that stands for one customer: an IPv6 /64, an IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
