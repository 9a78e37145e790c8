"""What a setting must look like. Each check raises ValueError saying what is wrong.

No text holds the value itself: a URL may carry a password.
"""

import re
import ssl
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from email_validator import EmailNotValidError, validate_email

HIGHEST_PORT = 65535
_POSTGRES = ("postgres://", "postgresql://", "postgresql+psycopg://")
_REDIS = ("redis://", "rediss://", "unix://")
_HOST = re.compile(r"[\w.:%,-]*")
_SOCKET = re.compile(r"/.+")
_NUMBER = re.compile(r"(/\d*)?")
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


def base_url(value: str) -> str:
    """An https address of a service: host and port alone; a slash at the end is dropped."""
    wrong = ValueError("must be an https URL without a path, such as https://localhost:8443")
    try:
        parts = urlsplit(value)
        sound = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:
        raise wrong from None
    if not sound or parts.path not in ("", "/") or set("?#@") & set(value):
        raise wrong
    return value.rstrip("/")


def database_url(value: str) -> str:
    """A URL of SQLite, or of PostgreSQL with the driver in it."""
    if value.startswith(_POSTGRES):
        value = "postgresql+psycopg://" + value.partition("://")[2]
    elif not value.startswith("sqlite:///"):
        raise ValueError("must start with postgresql://, postgres:// or sqlite:///")
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError("is not a database URL") from None
    if url.drivername == "sqlite":
        return value
    if "@" in f"{url.host}{url.database}":
        raise ValueError("has an @ too many: in a password it is written %40")
    if not _HOST.fullmatch(url.host or ""):
        raise ValueError("is not a database URL: no host has such a name")
    if url.port is not None and not 1 <= url.port <= HIGHEST_PORT:
        raise ValueError(f"has a port that is not from 1 to {HIGHEST_PORT}")
    return value


def redis_url(value: str) -> str:
    """A URL with what redis-py would find wrong only later, or would take for something else."""
    if not value.startswith(_REDIS):
        raise ValueError("must start with redis://, rediss:// or unix://")
    wrong = ValueError("is not a Redis URL such as redis://localhost:6379/0")
    try:
        parts = urlsplit(value)
        sound = parts.port != 0 and not parts.fragment
    except ValueError:
        raise wrong from None
    database = parse_qs(parts.query).get("db", ["0"])
    path = _SOCKET if parts.scheme == "unix" else _NUMBER
    if not sound or not path.fullmatch(parts.path) or not database[0].isdecimal():
        raise wrong
    return value


def public_url(value: str) -> str:
    """The address of the start page, path prefix included; a slash at the end is dropped."""
    wrong = ValueError("must be a URL such as https://opsapp.example.com")
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        raise wrong from None
    if not sound or not value.isprintable() or set("?#@ ") & set(value):
        raise wrong
    return value.rstrip("/")


def smtp_url(value: str) -> str:
    """A mail server. A password is only taken when the connection is to be encrypted."""
    wrong = ValueError("is not a URL such as smtp://user:password@host:587?starttls")
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        raise wrong from None
    if not sound or parts.path not in ("", "/") or parts.fragment:
        raise wrong
    if not _HOST.fullmatch(parts.hostname or "") or "@" in (parts.password or ""):
        raise ValueError("has an odd host: in a password, @ : / ? and # are written as %40 and so")
    if parts.query not in ("", "starttls", "starttls=1"):
        raise ValueError("takes only ?starttls after the host")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("needs both a user and a password, or neither")
    if parts.password and parts.scheme == "smtp" and not parts.query:
        raise ValueError("would send the password in the clear: use smtps:// or ?starttls")
    return value


def sender(value: str) -> str:
    """An e-mail address, with or without a name before it."""
    try:
        validate_email(
            value,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            allow_display_name=True,
        )
    except EmailNotValidError:
        raise ValueError(
            "must be an address such as ops@example.com or OpsApp <ops@example.com>"
        ) from None
    return value


def readable(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None


def ca_bundle(file: Path) -> Path:
    readable(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise ValueError(f"{file} holds no certificate in PEM") from None
    return file


def client_certificate(file: Path) -> Path:
    """A file with one private key, not encrypted, and the certificate that belongs to it."""
    blocks = [(found[1], found[0]) for found in _PEM.finditer(readable(file))]
    keys = [block for label, block in blocks if label.endswith(b"PRIVATE KEY")]
    certificates = [block for label, block in blocks if label == b"CERTIFICATE"]
    if len(keys) != 1 or not certificates:
        raise ValueError(f"{file} must hold one private key and its certificate, in PEM")
    try:
        key = serialization.load_pem_private_key(keys[0], password=None)
        certificate = x509.load_pem_x509_certificate(certificates[0])
    except TypeError:
        raise ValueError(f"the private key in {file} must not be encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{file} holds a key or certificate that cannot be read") from None
    if certificate.public_key() != key.public_key():
        raise ValueError(f"the first certificate in {file} is not that of its private key")
    return file
