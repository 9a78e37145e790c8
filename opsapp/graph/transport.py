"""Carries one request to Graph: budget, token, exchange, and the tries it takes."""

import json
import logging
import math
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)

from opsapp.graph import guard
from opsapp.graph.auth import AccessToken, TokenSource
from opsapp.graph.crew import Patience
from opsapp.graph.errors import (
    GraphError,
    GraphTimeout,
    ResponseInvalid,
    Throttled,
    Trace,
    Unauthenticated,
    Unavailable,
)
from opsapp.graph.failures import Answer, Asked, error_of
from opsapp.graph.governor import Governor
from opsapp.graph.retry import doubtful, may_repeat, pause_before
from opsapp.graph.settings import RetryPolicy
from opsapp.graph.workloads import Cost

_logger = logging.getLogger(__name__)
_UNAUTHORIZED: Final = 401
_RESOURCE_UNITS: Final = "x-ms-resource-unit"
_PART_IN_USE: Final = "x-ms-throttle-limit-percentage"


@dataclass(frozen=True)
class Request:
    """One request, ready to be sent as often as needed.

    Attributes:
        url: absolute; the caller has checked that its host may see the token.
        path: relative to the API version; for logs and for naming a missing permission.
        costs: what it takes from the tenant's budgets.
        harmless: repeating it cannot do anything twice.

    """

    method: str
    url: str
    path: str
    costs: tuple[Cost, ...]
    harmless: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True)
class Reply:
    """A successful answer. ``json`` is None when there was no body; headers ignore case."""

    status: int
    headers: Mapping[str, str]
    json: Any
    client_request_id: str
    sent_with: AccessToken = field(repr=False)

    @property
    def request_id(self) -> str | None:
        return self.headers.get("request-id")


class Transport:
    """Sends requests of one tenant. Safe to use from several threads."""

    def __init__(
        self,
        http: httpx.Client,
        tokens: TokenSource,
        governor: Governor,
        *,
        policy: RetryPolicy,
        wait: Patience,
        max_wait: float,
    ) -> None:
        self.tokens = tokens
        self.governor = governor
        self.policy = policy
        self.wait = wait
        self.max_wait = max_wait
        self._http = http

    def send(self, request: Request) -> Reply:
        """Returns a 2xx answer or raises a GraphError; tries again where that is right."""
        guard.check()
        announce = partial(_announce, f"{request.method} {request.path}")
        return self._tries(request.harmless, announce)(self._try, request)

    def token(self, *, fresh: bool = False) -> AccessToken:
        """The token requests are sent with; ``fresh`` asks for one issued just now."""
        guard.check()
        return self._tries(True, partial(_announce, "token"))(
            self.tokens.renew if fresh else self.tokens.token
        )

    def _tries(self, harmless: bool, announce: Callable[[RetryCallState], None]) -> Retrying:
        allowed = partial(may_repeat, harmless=harmless, max_wait=self.max_wait)
        return Retrying(
            retry=retry_if_exception(allowed),
            wait=partial(pause_before, self.policy),
            stop=stop_after_attempt(self.policy.tries) | stop_before_delay(self.policy.seconds),
            before_sleep=announce,
            sleep=self.wait,
            reraise=True,
        )

    def close(self) -> None:
        self._http.close()
        self.tokens.close()

    def _try(self, request: Request) -> Reply:
        token = self.tokens.token()
        response = self._admitted(request, token)
        if response.status_code == _UNAUTHORIZED:
            _logger.info("Graph rejected the token; getting a new one")
            token = self.tokens.renew(token.value)
            response = self._admitted(request, token)
        if response.is_success:
            return _reply(response, token)
        error = _error(request, response, token)
        self.heed(error, request.costs)
        raise error

    def _admitted(self, request: Request, token: AccessToken) -> httpx.Response:
        admission = self.governor.admit(request.costs)
        units, sent = None, True
        try:
            response = self._exchange(request, token)
            units = resource_units(response.headers)
        except GraphError as error:
            sent = error.sent
            raise
        finally:
            self.governor.settle(admission, resource_units=units, sent=sent)
        self.note_use(response.headers)
        return response

    def note_use(self, *answers: Mapping[str, str]) -> None:
        """Looks in headers for what the directory says of how busy it is."""
        parts = [number_in(headers, _PART_IN_USE) for headers in answers]
        if busiest := max((part for part in parts if part), default=None):
            self.governor.note_use(busiest)

    def heed(self, error: GraphError, costs: Iterable[Cost]) -> None:
        """Makes every worker obey what this one was told: to wait, for so long or for a while."""
        for cost in costs:
            if isinstance(error, Throttled) and error.sent:
                self.governor.throttled(cost, error.retry_after)
            elif isinstance(error, Unavailable) and error.retry_after:
                self.governor.unavailable(cost, error.retry_after)

    def _exchange(self, request: Request, token: AccessToken) -> httpx.Response:
        ours = str(uuid.uuid4())
        headers = {
            **request.headers,
            "Authorization": f"Bearer {token.value}",
            "client-request-id": ours,
        }
        started = time.monotonic()
        try:
            response = self._http.request(
                request.method, request.url, headers=headers, content=request.content
            )
        except httpx.RequestError as failure:
            error = _broken(failure, Trace(client_request_id=ours))
            error.effect_unknown = not request.harmless and doubtful(error)
            raise error from failure
        _log_exchange(request, response, ours, time.monotonic() - started)
        return response


def _announce(what: str, state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _logger.warning("Graph %s: %s Next try in %.1f s.", what, error, state.upcoming_sleep)


def resource_units(headers: Mapping[str, str]) -> int | None:
    """What the directory says that a request cost."""
    units = number_in(headers, _RESOURCE_UNITS)
    return None if units is None else max(1, math.ceil(units))


def number_in(headers: Mapping[str, str], name: str) -> float | None:
    try:
        number = float(headers.get(name, ""))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _reply(response: httpx.Response, token: AccessToken) -> Reply:
    ours = response.request.headers["client-request-id"]
    if not response.content:
        return Reply(response.status_code, response.headers, None, ours, token)
    try:
        body = json.loads(response.content)
    except ValueError:
        trace = Trace(response.status_code, "", response.headers.get("request-id"), ours)
        raise ResponseInvalid("It is not JSON.", trace=trace) from None
    return Reply(response.status_code, response.headers, body, ours, token)


def _error(request: Request, response: httpx.Response, token: AccessToken) -> GraphError:
    try:
        body = json.loads(response.content)
    except ValueError:
        body = None
    ours = response.request.headers["client-request-id"]
    error = error_of(
        Answer(response.status_code, response.headers, body, ours),
        Asked(request.path, write=not request.harmless, roles=token.roles),
    )
    error.effect_unknown = not request.harmless and doubtful(error)
    if isinstance(error, Unauthenticated):
        error.detail = f"Graph refused a new token. {error.detail}".strip()
    return error


def _broken(failure: httpx.RequestError, trace: Trace) -> GraphError:
    if isinstance(failure, httpx.ConnectTimeout | httpx.PoolTimeout):
        return GraphTimeout("No connection came about.", trace=trace, sent=False)
    if isinstance(failure, httpx.TimeoutException):
        return GraphTimeout(trace=trace)
    if isinstance(failure, httpx.ConnectError):
        return Unavailable("No connection came about.", trace=trace, sent=False)
    if isinstance(failure, httpx.DecodingError):
        return ResponseInvalid("It cannot be decompressed.", trace=trace)
    return Unavailable("The connection broke.", trace=trace)


def _log_exchange(request: Request, response: httpx.Response, ours: str, seconds: float) -> None:
    _logger.debug(
        "Graph %s %s: %d in %.0f ms, request-id %s, client-request-id %s",
        request.method,
        request.path,
        response.status_code,
        seconds * 1000,
        response.headers.get("request-id"),
        ours,
    )
