"""Secrets of policies: sealed on their way to the database, known there by a keyed fingerprint."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy.orm import Session

from opsapp.config import Settings
from opsapp.crypto import cipher, decrypt, encrypt
from opsapp.intune.secrets import SEALED_PREFIX, is_sealed, sealed
from opsapp.models import InstanceKey, SealedValue
from opsapp.models.upsert import insert_or_ignore

_KEY_NAME = "fingerprint"


class Sealer:
    """Replaces the secrets of contents by marks, and keeps what the marks stand for.

    The same secret always gets the same mark, so a change of it shows; without the key of this
    installation nobody can tell from a mark what it stands for.
    """

    def __init__(self, key: bytes, encryption: MultiFernet) -> None:
        self._key = key
        self._encryption = encryption

    @classmethod
    def of_installation(cls, session: Session, settings: Settings) -> "Sealer":
        """With the key of this installation, made on first use inside the write transaction."""
        fresh = encrypt(settings, Fernet.generate_key().decode())
        row = insert_or_ignore(session, InstanceKey)
        session.execute(row.values(name=_KEY_NAME, sealed=fresh))
        stored = session.scalars(
            sa.select(InstanceKey.sealed).where(InstanceKey.name == _KEY_NAME)
        ).one()
        return cls(decrypt(settings, stored).encode(), cipher(settings))

    def seal(self, content: Any) -> tuple[Any, dict[str, str]]:
        """The content to store, and the sealed values by fingerprint."""
        values: dict[str, str] = {}

        def mark(text: str) -> str:
            fingerprint = self._fingerprint(text)
            values[fingerprint] = text
            return SEALED_PREFIX + fingerprint

        marked = sealed(content, mark)
        return marked, self._encrypted(values)

    def seal_texts(self, texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Marks for secrets that are known as such, and the sealed values by fingerprint."""
        values = {name: self._fingerprint(text) for name, text in texts.items()}
        marks = {name: SEALED_PREFIX + fingerprint for name, fingerprint in values.items()}
        return marks, self._encrypted({values[name]: text for name, text in texts.items()})

    def _fingerprint(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _encrypted(self, values: Mapping[str, str]) -> dict[str, str]:
        return {
            fingerprint: self._encryption.encrypt(text.encode()).decode("ascii")
            for fingerprint, text in values.items()
        }


def keep_sealed(session: Session, values: dict[str, str]) -> None:
    """Stores sealed values that are not there yet."""
    for fingerprint, token in values.items():
        row = insert_or_ignore(session, SealedValue)
        session.execute(row.values(fingerprint=fingerprint, sealed=token))


def opened(session: Session, settings: Settings, mark: str) -> str:
    """The secret behind a mark. Raises KeyError where it is not known, WrongKey without its key."""
    if not is_sealed(mark):
        raise KeyError("not a mark")
    stored = session.get(SealedValue, mark.removeprefix(SEALED_PREFIX))
    if stored is None:
        raise KeyError("an unknown secret")
    return decrypt(settings, stored.sealed)
