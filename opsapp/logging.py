"""Structured logs: one JSON object a line on stderr, with the run they belong to, without secrets.

``start_logging`` is called once by each entry point. Inside ``run_logging(run_id)`` every line
of the process carries ``run_id``. What looks like a secret is replaced before a line is written,
wherever it stands: message, extra field or traceback.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import IO, Any

from pythonjsonlogger.json import JsonFormatter

from opsapp.config import Settings

HIDDEN = "[hidden]"
SHORTEST_SECRET = 6  # hiding shorter values would blot out ordinary words

_current_run: ContextVar[str | None] = ContextVar("opsapp_run_id", default=None)
_known_secrets: set[str] = set()

_SENSITIVE = (
    r"(?:client_?secret|client_?assertion|password|passwd|secret_?key|encryption_?keys?|api_?key"
    r"|authorization|cookie|csrf_?token|access_?token|refresh_?token|id_?token)"
)
_SENSITIVE_NAME = re.compile(rf"(?:.*_)?{_SENSITIVE}", re.IGNORECASE)
_PATTERNS = (
    # a token as Microsoft issues them: three dotted base64 parts, the first a JSON object
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    # scheme://user:password@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
    # name=value, "name": "value", name: value
    (
        re.compile(rf"(?i)({_SENSITIVE}[\"']?\s*[:=]\s*[\"']?)(?!\[hidden\])[^\s\"'&,;}}]+"),
        rf"\1{HIDDEN}",
    ),
)


def hide(*secrets: str | None) -> None:
    """Makes these values unprintable in this process's logs from now on."""
    _known_secrets.update(value for value in secrets if value and len(value) >= SHORTEST_SECRET)


def redact(text: str) -> str:
    """The text without anything that is known to be a secret or looks like one."""
    for secret in sorted(_known_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@contextmanager
def run_logging(run_id: int | str) -> Iterator[None]:
    """Every line logged inside carries ``run_id``."""
    token = _current_run.set(str(run_id))
    try:
        yield
    finally:
        _current_run.reset(token)


def current_run_id() -> str | None:
    return _current_run.get()


class _Formatter(JsonFormatter):
    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        run_id = _current_run.get()
        if run_id is not None:
            log_data.setdefault("run_id", run_id)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = _without_secrets(super().process_log_record(log_data))
        return cleaned


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            key: HIDDEN if _SENSITIVE_NAME.fullmatch(str(key)) else _without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [_without_secrets(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return redact(str(value))


def start_logging(settings: Settings) -> None:
    """What an entry point calls: the configured level, and none of the configured secrets."""
    hide(
        settings.secret_key,
        settings.client_secret,
        settings.smtp_url,
        *settings.encryption_keys,
    )
    configure_logging(settings.log_level)


def configure_logging(level: str = "INFO", stream: IO[str] | None = None) -> None:
    """Sends the logs of the whole process to ``stream`` (stderr) as JSON lines, from ``level`` up.

    May be called again: the latest call counts.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _Formatter(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="at",
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    # They log whole URLs, or much about little, at a level people like to read.
    for chatty in ("alembic.runtime.plugins", "httpx", "httpcore", "msal", "urllib3", "werkzeug"):
        logging.getLogger(chatty).setLevel(max(logging.getLevelName(level), logging.WARNING))
