"""Turns an unsuccessful answer into the error that says what it means.

Status first, then the service's code; text decides only where nothing else can (licences).
"""

import email.utils
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from opsapp.graph import permissions
from opsapp.graph.errors import (
    ApprovalRequired,
    Conflict,
    ConsentMissing,
    DeltaExpired,
    DependencyFailed,
    EtagMismatch,
    Forbidden,
    GraphError,
    GraphTimeout,
    LicenseMissing,
    NotFound,
    PayloadRejected,
    ResponseInvalid,
    Throttled,
    Trace,
    Unauthenticated,
    Unavailable,
)

_DETAIL_LENGTH: Final = 300
_NESTING: Final = 4
_TOKEN: Final = re.compile(r"\b(?:eyJ[\w-]{8,}(?:\.[\w-]*)*|Bearer\s+\S+)")
_SUPPORT_TAIL: Final = re.compile(r"\s+-\s+(?:Operation ID|Activity ID|Url)\b.*", re.DOTALL)
_DELTA_CODES: Final = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
_LICENSE: Final = re.compile(
    r"not applicable to target tenant|not licen[sc]ed|non-?premium|premium licen[sc]e"
    r"|(?:no|not have an?|without an?|valid|active|required|requires an?)(?: \w+){0,2} licen[sc]e",
    re.IGNORECASE,
)
_BY_STATUS: Final[Mapping[int, type[GraphError]]] = {
    401: Unauthenticated,
    404: NotFound,
    408: GraphTimeout,
    409: Conflict,
    410: DeltaExpired,
    412: EtagMismatch,
    423: Conflict,
    424: DependencyFailed,
    429: Throttled,
    501: PayloadRejected,
    509: Throttled,
}
_APPROVAL_CODE: Final = "x-msft-approval-code"
_PRECONDITION_FAILED: Final = 412
_SERVER_ERROR: Final = 500
_CLIENT_ERROR: Final = 400


@dataclass(frozen=True)
class Answer:
    """An unsuccessful answer, of a request or of one part of a batch. Headers ignore case."""

    status: int
    headers: Mapping[str, str]
    body: Any
    client_request_id: str | None = None


@dataclass(frozen=True)
class Asked:
    """What the answer answers: the address relative to the version, and the token's app roles."""

    path: str
    write: bool = False
    roles: Collection[str] = ()


@dataclass(frozen=True)
class ServiceMessage:
    code: str
    text: str
    retry_after: float | None = None


def error_of(answer: Answer, asked: Asked) -> GraphError:
    """The error for an answer whose status is not 2xx."""
    said = read_message(answer.body)
    trace = Trace(
        status=answer.status,
        code=said.code,
        request_id=answer.headers.get("request-id"),
        client_request_id=answer.headers.get("client-request-id") or answer.client_request_id,
    )
    if answer.status in {400, 403} and _LICENSE.search(f"{said.code} {said.text}"):
        return LicenseMissing(said.text, trace=trace)
    if answer.status == 403:  # noqa: PLR2004
        return _refusal(said, trace, asked)
    if answer.status == _PRECONDITION_FAILED and (code := answer.headers.get(_APPROVAL_CODE)):
        return ApprovalRequired(said.text, trace=trace, approval_code=code)
    retry_after = seconds_to_wait(answer.headers.get("retry-after"))
    return _kind(answer.status, said.code)(
        said.text,
        trace=trace,
        retry_after=retry_after if retry_after is not None else said.retry_after,
        location=answer.headers.get("location"),
    )


def _kind(status: int, code: str) -> type[GraphError]:
    if code.lower() in _DELTA_CODES:
        return DeltaExpired
    if status == _CLIENT_ERROR and code == "ResourceNotFound":  # deleted settings catalog policies
        return NotFound
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= _SERVER_ERROR:
        return Unavailable
    return PayloadRejected if status >= _CLIENT_ERROR else ResponseInvalid


def _refusal(said: ServiceMessage, trace: Trace, asked: Asked) -> GraphError:
    name, lacking = permissions.needed(asked.path, said.text, asked.roles, write=asked.write)
    kind = ConsentMissing if lacking else Forbidden
    return kind(said.text, trace=trace, permission=name)


def read_message(body: Any) -> ServiceMessage:
    """Code and text of an error body, through Intune's JSON nested in the message."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ServiceMessage("", "")
    code, text = str(error.get("code") or ""), str(error.get("message") or "")
    retry_after: float | None = None
    for _ in range(_NESTING):
        nested = _nested(text)
        if nested is None:
            break
        text = str(nested.get("Message") or nested.get("message") or "")
        if code in {"", "UnknownError"}:
            code = str(nested.get("ErrorCode") or code)
        retry_after = seconds_to_wait(nested.get("RetryAfter")) or retry_after
    return ServiceMessage(code[:80], cleaned(text), retry_after)


def _nested(text: str) -> dict[str, Any] | None:
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return None
    try:
        nested = json.loads(stripped)
    except ValueError:
        return None
    return nested if isinstance(nested, dict) else None


def cleaned(text: str) -> str:
    """Service text for people: one line, no support tail, nothing that looks like a token."""
    without_tail = _SUPPORT_TAIL.sub("", _TOKEN.sub("[removed]", text))
    line = " ".join("".join(c if c.isprintable() else " " for c in without_tail).split())
    return line if len(line) <= _DETAIL_LENGTH else f"{line[: _DETAIL_LENGTH - 1]}…"


def seconds_to_wait(value: Any) -> float | None:
    """``Retry-After`` in seconds, from its number or its HTTP date; None when there is none."""
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return _seconds_until(str(value))
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
