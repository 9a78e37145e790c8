"""Carries one request to Graph: budget, token, exchange, and the tries it takes."""

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
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
        wait: Callable[[float], None],
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
        announce = partial(self._announce, f"{request.method} {request.path}", request.costs)
        return self._tries(request.harmless, announce)(self._try, request)

    def token(self, *, fresh: bool = False) -> AccessToken:
        """The token requests are sent with; ``fresh`` asks for one issued just now."""
        guard.check()
        announce = partial(self._announce, "token", ())
        return self._tries(True, announce)(self.tokens.renew if fresh else self.tokens.token)

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
        for cost in request.costs:
            self.governor.admit(cost)
        token = self.tokens.token()
        response = self._exchange(request, token)
        if response.status_code == _UNAUTHORIZED:
            _logger.info("Graph rejected the token; getting a new one")
            token = self.tokens.renew(token.value)
            response = self._exchange(request, token)
        if response.is_success:
            return _reply(response)
        error = _error(request, response, token)
        self.heed(error, request.costs)
        raise error

    def heed(self, error: GraphError, costs: tuple[Cost, ...]) -> None:
        """Makes every worker obey a Retry-After that this one received."""
        if error.retry_after and isinstance(error, Throttled | Unavailable):
            for cost in costs:
                self.governor.block(cost, error.retry_after)

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

    def _announce(self, what: str, costs: tuple[Cost, ...], state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.upcoming_sleep
        if isinstance(error, Throttled) and error.sent and not error.retry_after:
            for cost in costs:
                self.governor.block(cost, pause)
        _logger.warning("Graph %s: %s Next try in %.1f s.", what, error, pause)


def _reply(response: httpx.Response) -> Reply:
    ours = response.request.headers["client-request-id"]
    if not response.content:
        return Reply(response.status_code, response.headers, None, ours)
    try:
        body = json.loads(response.content)
    except ValueError:
        trace = Trace(response.status_code, "", response.headers.get("request-id"), ours)
        raise ResponseInvalid("It is not JSON.", trace=trace) from None
    return Reply(response.status_code, response.headers, body, ours)


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
