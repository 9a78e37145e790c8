"""The sign-in service's side: its HTTP session and what its refusals mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import requests
from msal.exceptions import MsalServiceError

from opsapp.graph.errors import (
    ConsentMissing,
    GraphError,
    GraphTimeout,
    ResponseInvalid,
    TenantDisconnected,
    Throttled,
    Trace,
    Unauthenticated,
    Unavailable,
)
from opsapp.graph.failures import seconds_to_wait
from opsapp.graph.settings import GraphSettings

_THROTTLED: Final = 429
_REFUSALS: Final[Mapping[int, tuple[type[GraphError], str]]] = {
    7000215: (Unauthenticated, "The client secret is wrong."),
    7000222: (Unauthenticated, "The client secret has expired."),
    700027: (Unauthenticated, "The certificate is not registered for the app."),
    700024: (Unauthenticated, "The certificate is not valid now."),
    50012: (Unauthenticated, "The client credential is not valid."),
    53003: (Unauthenticated, "A Conditional Access policy of the tenant blocks the app."),
    700016: (TenantDisconnected, "The app is not installed in it: an admin must consent again."),
    7000229: (TenantDisconnected, "The app is not installed in it: an admin must consent again."),
    7000112: (TenantDisconnected, "The app is disabled in it."),
    90002: (TenantDisconnected, "The sign-in service does not know it."),
    900023: (TenantDisconnected, "The sign-in service does not know it."),
    65001: (ConsentMissing, "An admin of the tenant must consent to the app."),
    90033: (Unavailable, "The sign-in service has a passing fault."),
}
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error"})


class LoginSession(requests.Session):
    """Every request has a timeout; the last answer's status is remembered.

    MSAL hides why it could not read a tenant's configuration; the status tells.
    """

    def __init__(self, settings: GraphSettings) -> None:
        super().__init__()
        self._phases = (settings.timeouts.connect, min(settings.timeouts.read, 30.0))
        self.last_status: int | None = None
        self.last_retry_after: float | None = None
        if settings.ca_bundle is not None:
            self.verify = str(settings.ca_bundle)
            # REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE would silently win over verify.
            self.trust_env = False

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        self.last_status = self.last_retry_after = None
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._phases
        response = super().send(request, **kwargs)
        self.last_status = response.status_code
        self.last_retry_after = seconds_to_wait(response.headers.get("retry-after"))
        return response


class RefusedByLogin(Exception):
    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__("refused")
        self.result = result


@contextmanager
def speaking_to_login(session: LoginSession) -> Iterator[None]:
    """Maps everything MSAL and requests may raise. No request has reached Graph by then."""
    try:
        yield
    except RefusedByLogin as refused:
        raise _refusal(refused.result, session) from None
    except requests.Timeout:
        raise GraphTimeout("The sign-in service did not answer.", sent=False) from None
    except requests.exceptions.SSLError:
        detail = "The certificate of the sign-in service is not trusted."
        raise Unavailable(detail, sent=False) from None
    except (requests.RequestException, MsalServiceError, RuntimeError) as error:
        raise _unavailable(session) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _no_configuration(session) from error


def _refusal(result: Mapping[str, Any], session: LoginSession) -> GraphError:
    codes = [code for code in result.get("error_codes") or [] if isinstance(code, int)]
    trace = Trace(
        status=session.last_status,
        code=f"AADSTS{codes[0]}" if codes else str(result.get("error") or "")[:80],
        request_id=_text(result.get("trace_id")),
        client_request_id=_text(result.get("correlation_id")),
    )
    if session.last_status == _THROTTLED:
        return Throttled(
            "The sign-in service asks to wait.",
            trace=trace,
            retry_after=session.last_retry_after,
            sent=False,
        )
    if result.get("error") in _PASSING:
        detail = "The sign-in service has a passing fault."
        return Unavailable(detail, trace=trace, sent=False)
    for code in codes:
        if code in _REFUSALS:
            kind, detail = _REFUSALS[code]
            return kind(detail, trace=trace, sent=False)
    return Unauthenticated(
        f"The sign-in service refused the app ({trace.code or 'no code given'}).", trace=trace
    )


def _unavailable(session: LoginSession) -> GraphError:
    return Unavailable(
        "The sign-in service cannot be reached or has a fault.",
        trace=Trace(status=session.last_status),
        retry_after=session.last_retry_after,
        sent=False,
    )


def _no_configuration(session: LoginSession) -> GraphError:
    trace = Trace(status=session.last_status)
    if session.last_status == _THROTTLED:
        wait = session.last_retry_after
        detail = "The sign-in service asks to wait."
        return Throttled(detail, trace=trace, retry_after=wait, sent=False)
    if session.last_status in {400, 404}:
        detail = "The sign-in service does not know it."
        return TenantDisconnected(detail, trace=trace, sent=False)
    detail = "The sign-in service gave an answer that makes no sense."
    return ResponseInvalid(detail, trace=trace, sent=False)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
