"""Password hashes, and what a password must be like.

A one-time password is marked in front of its hash: it lets its owner in only to choose their own.
"""

import functools
import secrets

from werkzeug.security import check_password_hash, generate_password_hash

from opsapp.models import User
from opsapp.refusals import Refused

MIN_LENGTH = 12
MAX_LENGTH = 200
MIN_DIFFERENT_CHARACTERS = 5
_METHOD = "scrypt"
_ONE_TIME = "one-time$"


def check_strength(password: str, email: str, field: str = "password") -> None:
    """Raises Refused with a sentence that says what is wrong."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Refused(f"Use {MIN_LENGTH} to {MAX_LENGTH} characters.", field)
    if len(set(password)) < MIN_DIFFERENT_CHARACTERS:
        raise Refused(f"Use at least {MIN_DIFFERENT_CHARACTERS} different characters.", field)
    if password.casefold() in {email.casefold(), email.partition("@")[0].casefold()}:
        raise Refused("Do not use your email address as password.", field)


def hashed(password: str) -> str:
    return generate_password_hash(password, method=_METHOD)


def new_one_time() -> tuple[str, str]:
    """A random password and what to store for it."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    return password, _ONE_TIME + hashed(password)


def is_one_time(user: User) -> bool:
    return (user.password_hash or "").startswith(_ONE_TIME)


def matches(user: User | None, password: str) -> bool:
    """Whether the password is right; takes the same time when there is no such account."""
    stored = user.password_hash if user else None
    right = check_password_hash((stored or _decoy()).removeprefix(_ONE_TIME), password)
    return right and stored is not None


@functools.cache
def _decoy() -> str:
    return hashed(secrets.token_hex(16))
