"""The people who may sign in: created, deactivated (never deleted), given a new password."""

import zoneinfo
from collections.abc import Sequence

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opsapp.audit import Actor, record
from opsapp.extensions import db
from opsapp.models import User
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.services import passwords, sign_in
from opsapp.services.names import checked_name
from opsapp.services.paging import Cursor, Page, page_of


def create_user(
    actor: Actor, email: str, name: str, *, password: str | None, is_admin: bool = False
) -> tuple[User, str | None]:
    """Creates an account; returns it, and a one-time password if none was given.

    Raises Refused for a malformed or taken address, an empty name or a weak password.
    """
    email, name = _checked_email(email), checked_name(name)
    if password is None:
        one_time, stored = passwords.new_one_time()
    else:
        passwords.check_strength(password, email)
        one_time, stored = None, passwords.hashed(password)
    with write() as session:
        user = User(email=email, name=name, password_hash=stored, is_admin=is_admin)
        session.add(user)
        try:
            session.flush()
        except IntegrityError:
            raise Refused(f"There is already an account for {email}.", "email") from None
        record(session, actor, "user.created", email, data={"name": name, "is_admin": is_admin})
    return user, one_time


def find(email: str) -> User:
    """The account of an address. Raises NotFound."""
    user = db.session.scalar(sa.select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFound(f"There is no account for {email.strip()}.", "email")
    return user


def by_id(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def everybody() -> Sequence[User]:
    """All accounts, by address."""
    return db.session.scalars(sa.select(User).order_by(User.email)).all()


def browse(search: str, state: str, cursor: Cursor) -> Page[User]:
    """A page of accounts by address. ``state``: active, inactive, admin, or empty for all."""
    query = sa.select(User)
    if search:
        text = [column.icontains(search, autoescape=True) for column in (User.email, User.name)]
        query = query.where(sa.or_(*text))
    if state == "admin":
        query = query.where(User.is_admin)
    elif state in {"active", "inactive"}:
        query = query.where(User.is_active == (state == "active"))
    return page_of(query, User, User.email, cursor)


def deactivate(actor: Actor, user_id: int) -> User:
    """Ends every session of the account and keeps it out. The last active administrator stays."""
    with write() as session:
        admins = _locked_admins(session)
        user = _locked(session, user_id)
        if user.id == actor.user_id:
            raise Refused("You cannot deactivate your own account.")
        if user.is_active:
            _keep_an_admin(admins, user)
            user.is_active = False
            sign_in.revoke_all(session, user)
            record(session, actor, "user.deactivated", user.email)
    return user


def activate(actor: Actor, user_id: int) -> User:
    with write() as session:
        user = _locked(session, user_id)
        if not user.is_active:
            user.is_active = True
            record(session, actor, "user.activated", user.email)
    return user


def set_admin(actor: Actor, user_id: int, *, is_admin: bool) -> User:
    """Gives or takes administrator rights. The last active administrator keeps them."""
    with write() as session:
        admins = _locked_admins(session)
        user = _locked(session, user_id)
        if user.is_admin != is_admin:
            if not is_admin:
                _keep_an_admin(admins, user)
            user.is_admin = is_admin
            action = "user.made_admin" if is_admin else "user.unmade_admin"
            record(session, actor, action, user.email)
    return user


def _locked(session: Session, user_id: int) -> User:
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _locked_admins(session: Session) -> list[User]:
    # All of them, in one order: two administrators cannot remove each other at the same time.
    query = sa.select(User).where(User.is_admin, User.is_active).order_by(User.id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(locked))


def _keep_an_admin(admins: list[User], leaving: User) -> None:
    if admins == [leaving]:
        raise Refused(f"{leaving.email} is the last active administrator.")


def reset_password(actor: Actor, user_id: int) -> tuple[User, str]:
    """Replaces the password by a one-time one, returned to be shown once; ends all sessions."""
    if user_id == actor.user_id:
        raise Refused("Change your own password on your account page.")
    one_time, stored = passwords.new_one_time()
    with write() as session:
        user = _locked(session, user_id)
        user.password_hash = stored
        sign_in.revoke_all(session, user)
        record(session, actor, "user.password_reset", user.email)
    return user, one_time


def change_password(
    actor: Actor, user: User, current: str, new: str, *, keep_session_id: int | None
) -> None:
    """Changes one's own password and ends one's other sessions.

    Raises Refused when the current password is wrong or the new one is weak or unchanged.
    """
    if not passwords.matches(user, current):
        raise Refused("That is not your current password.", "current")
    if new == current:
        raise Refused("Choose a password you do not use now.", "password")
    passwords.check_strength(new, user.email)
    stored = passwords.hashed(new)
    with write() as session:
        user.password_hash = stored
        sign_in.revoke_all(session, user, keep_id=keep_session_id)
        record(session, actor, "user.password_changed", user.email)


def change_profile(actor: Actor, user: User, *, name: str, timezone: str | None) -> None:
    """Changes one's own name and time zone (an IANA name; None follows the browser)."""
    name = checked_name(name)
    if timezone is not None and timezone not in time_zones():
        raise Refused("Choose a time zone from the list.", "timezone")
    with write() as session:
        if (user.name, user.timezone) != (name, timezone):
            user.name, user.timezone = name, timezone
            record(
                session,
                actor,
                "user.profile_changed",
                user.email,
                data={"name": name, "timezone": timezone},
            )


def time_zones() -> list[str]:
    """The names offered for the viewer's zone, sorted; ``UTC`` first."""
    places = {name for name in zoneinfo.available_timezones() if "/" in name}
    kept = sorted(name for name in places if not name.startswith(("Etc/", "SystemV/")))
    return ["UTC", *kept]


def _checked_email(email: str) -> str:
    try:
        # An address is a name to sign in with: no mail is sent, and the demo's end in .test.
        checked = validate_email(
            email.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError:
        raise Refused("Enter an email address such as ana@example.com.", "email") from None
    return checked.normalized.lower()
