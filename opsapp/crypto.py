"""Secrets at rest: Fernet with key rotation."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

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
