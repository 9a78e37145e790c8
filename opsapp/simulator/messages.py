"""A request to Graph, its answer, and the errors Graph answers with."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opsapp.simulator.state import Tenant

CONTENT_TYPE = (
    "application/json;odata.metadata=minimal;odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8"
)


@dataclass(frozen=True)
class GraphRequest:
    """One call, alone or inside a ``$batch``. ``path`` is below the version, ``base`` above it."""

    method: str
    base: str
    version: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    tenant: "Tenant"
    roles: frozenset[str]
    in_batch: bool = False

    @property
    def v1(self) -> bool:
        return self.version == "v1.0"

    def context(self, what: str) -> str:
        """The ``@odata.context`` of an answer about ``what``."""
        return f"{self.base}/{self.version}/$metadata#{what}"


@dataclass(frozen=True)
class Answer:
    """Status, JSON body (None: no body) and extra headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class GraphRefusal(Exception):
    """Graph answers with an error. ``intune`` nests the message the way Intune does."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        intune: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.intune = intune
        self.headers = headers or {}

    def answer(self, path: str, request_id: str, client_request_id: str) -> Answer:
        """The error envelope of Graph."""
        message = self.message
        if self.intune:
            message = _nested(self.message, path, request_id, self.headers)
        inner = {
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        body = {"error": {"code": self.code, "message": message, "innerError": inner}}
        return Answer(self.status, body, self.headers)


def _nested(message: str, path: str, request_id: str, headers: dict[str, str]) -> str:
    service = f"https://fef.msub05.manage.microsoft.com/StatelessService/{path}"
    text = (
        f"{message} - Operation ID (for customer support): {uuid.UUID(int=0)} - "
        f"Activity ID: {request_id} - Url: {service}?api-version=5026-05-10"
    )
    return json.dumps(
        {
            "_version": 3,
            "Message": text,
            "CustomApiErrorPhrase": "",
            "RetryAfter": None,
            "ErrorSourceService": "",
            "HttpHeaders": json.dumps(headers),
        },
        indent=2,
    ).replace("\n", "\r\n")


def bad_request(message: str, *, code: str = "BadRequest", intune: bool = False) -> GraphRefusal:
    return GraphRefusal(400, code, message, intune=intune)


def no_segment(segment: str) -> GraphRefusal:
    """An address this version does not have."""
    return bad_request(f"Resource not found for the segment '{segment}'.")


def missing(object_id: str, *, intune: bool = True, status: int = 404) -> GraphRefusal:
    """An object or row that is not there."""
    code = "ResourceNotFound" if intune else "Request_ResourceNotFound"
    return GraphRefusal(status, code, f"Resource '{object_id}' does not exist.", intune=intune)


def wrong_method(*, intune: bool = True) -> GraphRefusal:
    """The address is right, the verb is not."""
    message = "Specified HTTP method is not allowed for the request target."
    return GraphRefusal(405, "UnknownError", message, intune=intune)


def throttled(retry_after: int | None, *, intune: bool = False) -> GraphRefusal:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return GraphRefusal(
        429, "TooManyRequests", "Too many requests.", intune=intune, headers=headers
    )
