"""Posts one signed message to a webhook: https://www.standardwebhooks.com, and never a redirect."""

import email.utils
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx
from standardwebhooks import Webhook

from opsapp.delivery.connection import CheckedBackend
from opsapp.delivery.errors import NotDelivered

TOTAL_SECONDS = 10.0
_GONE = 410
_SUCCESS = 2  # hundreds


@dataclass(frozen=True)
class Hook:
    """Where to post, and the secret that signs. ``repr`` shows neither."""

    url: str
    secret: str

    def __repr__(self) -> str:
        return "Hook(…)"


def post(
    hook: Hook,
    message_id: str,
    payload: Mapping[str, Any],
    *,
    private_hosts: bool,
    seconds: float = TOTAL_SECONDS,
) -> str:
    """Posts ``payload``; returns what to note of the answer. Its body is never read.

    ``message_id`` stays the same in every attempt. Raises NotDelivered.
    """
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    headers = _signed(hook.secret, message_id, body) | {
        "Content-Type": "application/json",
        "User-Agent": "OpsApp",
        "Connection": "close",
    }
    backend = CheckedBackend(seconds, private_hosts=private_hosts)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_trust(), network_backend=backend) as pool,
            pool.stream(
                "POST", hook.url, headers=list(headers.items()), content=body.encode()
            ) as answer,
        ):
            status, retry_after = answer.status, _retry_after(answer.headers)
    except (httpcore.TimeoutException, httpcore.NetworkError, OSError) as error:
        raise NotDelivered(_name_of(error)) from None
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, UnicodeError) as error:
        raise NotDelivered(type(error).__name__) from None
    if status // 100 == _SUCCESS:
        return f"HTTP {status}"
    raise NotDelivered(f"HTTP {status}", is_final=status == _GONE, retry_after=retry_after)


def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # SSL_CERT_FILE, where set, else the usual authorities


def _signed(secret: str, message_id: str, body: str) -> dict[str, str]:
    now = datetime.now(UTC).replace(microsecond=0)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }


def _retry_after(headers: list[tuple[bytes, bytes]]) -> float | None:
    """Seconds, from either form of the header; None for nonsense."""
    value = next((v for name, v in headers if name.lower() == b"retry-after"), b"").decode("latin1")
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _name_of(error: BaseException) -> str:
    """The kind of error, with that of its cause: ``ConnectError (SSLCertVerificationError)``."""
    cause = error.__cause__ or error.__context__
    name = type(error).__name__
    return f"{name} ({type(cause).__name__})" if cause and type(cause) is not type(error) else name
