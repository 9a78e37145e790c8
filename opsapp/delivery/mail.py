"""Sends one e-mail through the configured server."""

import contextlib
import email.policy
import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Self
from urllib.parse import unquote, urlsplit

import httpx

from opsapp.delivery.errors import NotDelivered

TIMEOUT_SECONDS = 10.0
LONGEST_SUBJECT = 150
_PERMANENT = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Server:
    """``is_tls``: TLS from the first byte; ``starttls``: before anything is said."""

    host: str
    port: int
    is_tls: bool
    starttls: bool
    user: str = ""
    password: str = ""

    @classmethod
    def of(cls, url: str) -> Self:
        """From a checked OPSAPP_SMTP_URL."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "smtps"
        starttls = parts.query.startswith("starttls")
        usual = 465 if is_tls else 587 if starttls else 25
        return cls(
            parts.hostname or "",
            parts.port or usual,
            is_tls,
            starttls and not is_tls,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"


@dataclass(frozen=True)
class Letter:
    """``sender`` may have a name before its address; ``text`` is plain."""

    sender: str
    recipient: str
    subject: str
    text: str
    message_id: str


def compose(letter: Letter) -> EmailMessage:
    """The message. Line breaks in a subject become spaces: nobody adds a header."""
    name, address = parseaddr(letter.sender)
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = one_line(letter.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{letter.message_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def send(server: Server, letter: Letter) -> str:
    """Hands the letter to the server; returns what to note. Raises NotDelivered."""
    try:
        message = compose(letter)
        with contextlib.closing(_Session(server)) as session:
            session.smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        code = max(code for code, _ in refused.recipients.values())
        raise NotDelivered(f"SMTP {code} (recipient)", is_final=code >= _PERMANENT) from None
    except smtplib.SMTPDataError as refused:
        code = refused.smtp_code
        raise NotDelivered(f"SMTP {code} (message)", is_final=code >= _PERMANENT) from None
    except smtplib.SMTPResponseException as refused:
        # of our sign-in or sender: somebody can set that right
        raise NotDelivered(f"SMTP {refused.smtp_code} ({type(refused).__name__})") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(type(error).__name__) from None
    except (ValueError, LookupError, MessageError) as error:  # an address that no message can carry
        raise NotDelivered(type(error).__name__, is_final=True) from None
    return "SMTP 250"


class _Session:
    """A connection, encrypted and signed in as the server's settings say."""

    def __init__(self, server: Server) -> None:
        self.smtp = self._open(server)
        try:
            if server.starttls:
                self.smtp.starttls(context=_trust())
            if server.password:
                self.smtp.login(server.user, server.password)
        except BaseException:
            self.smtp.close()
            raise

    @staticmethod
    def _open(server: Server) -> smtplib.SMTP:
        if server.is_tls:
            return smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_SECONDS, context=_trust()
            )
        return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self.smtp.quit()
        self.smtp.close()


def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # SSL_CERT_FILE, where set, else the usual authorities
