"""Secrets at rest: Fernet with key rotation. Secrets in a file: Fernet by a passphrase."""

import base64
import os
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from opsapp.config import Settings


class WrongKey(RuntimeError):
    """None of the configured keys decrypts the value."""


def cipher(settings: Settings) -> MultiFernet:
    """Encrypts with the first of OPSAPP_ENCRYPTION_KEYS, decrypts with any of them."""
    return MultiFernet([Fernet(key) for key in settings.encryption_keys])


def encrypt(settings: Settings, text: str) -> str:
    return cipher(settings).encrypt(text.encode()).decode("ascii")


def decrypt(settings: Settings, token: str) -> str:
    """Raises WrongKey when the key that encrypted ``token`` is no longer configured."""
    try:
        return cipher(settings).decrypt(token.encode()).decode()
    except InvalidToken:
        raise WrongKey(
            "a stored secret was encrypted with a key that is not in OPSAPP_ENCRYPTION_KEYS"
        ) from None


# What OWASP recommends for scrypt: 128 MiB of memory for each guess.
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}


def seal_with_passphrase(passphrase: str, text: str) -> dict[str, Any]:
    """``text`` for a file that leaves the installation: with all that is needed to open it again
    but the passphrase.
    """
    salt = os.urandom(16)
    token = _by_passphrase(passphrase, salt, _SCRYPT).encrypt(text.encode())
    written = base64.b64encode(salt).decode("ascii")
    return {
        "cipher": "fernet",
        "kdf": "scrypt",
        **_SCRYPT,
        "salt": written,
        "token": token.decode(),
    }


def open_with_passphrase(passphrase: str, sealed: dict[str, Any]) -> str:
    """What was sealed so; raises WrongKey for another passphrase."""
    cost = {name: int(sealed[name]) for name in _SCRYPT}
    fernet = _by_passphrase(passphrase, base64.b64decode(sealed["salt"]), cost)
    try:
        return fernet.decrypt(sealed["token"].encode()).decode()
    except InvalidToken:
        raise WrongKey("the passphrase does not open these secrets") from None


def _by_passphrase(passphrase: str, salt: bytes, cost: dict[str, int]) -> Fernet:
    key = Scrypt(salt=salt, length=32, **cost).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(key))
