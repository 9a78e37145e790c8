"""What an exception met while reading means for an item, without importing the Graph client."""

from dataclasses import dataclass

from opsapp.models import Completeness

# With these nothing else in the tenant can succeed either: the whole run ends.
_HOPELESS = frozenset({"graph.unauthenticated", "tenant.disconnected"})
_REFUSALS = frozenset({"graph.payload_rejected", "graph.not_found"})
_TRIPPED = 500
_FORBIDDEN = frozenset({"graph.consent_missing", "graph.forbidden", "graph.license_missing"})


@dataclass(frozen=True)
class ReadFailure:
    """Why something could not be read; the message is safe to show."""

    reason_code: str
    message: str
    request_id: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> "ReadFailure":
        """Errors of the Graph client carry a reason code; anything else is our own bug."""
        code = getattr(error, "reason_code", None)
        if not isinstance(code, str):
            return cls(
                "internal.unexpected",
                f"It could not be understood ({type(error).__name__}).",
            )
        return cls(code, str(getattr(error, "item_message", code)), _request_id(error))

    @property
    def completeness(self) -> Completeness:
        if self.reason_code in _FORBIDDEN:
            return Completeness.FORBIDDEN
        if self.reason_code == "graph.throttled":
            return Completeness.THROTTLED
        return Completeness.FAILED


def is_hopeless(error: BaseException) -> bool:
    """Whether no further request to this tenant can succeed."""
    return getattr(error, "reason_code", None) in _HOPELESS


def is_refusal(error: BaseException | None) -> bool:
    """Whether the service would not take the request as it is, so that a plainer one may help.

    It says so by 400, or trips over it with a plain 500.
    """
    code = getattr(error, "reason_code", None)
    return code in _REFUSALS or (code == "graph.unavailable" and _status(error) == _TRIPPED)


def is_query_refused(error: BaseException | None) -> bool:
    """Whether the service understood the request and will not answer what it asks."""
    return getattr(error, "reason_code", None) == "graph.payload_rejected"


def _status(error: BaseException | None) -> int | None:
    status = getattr(error, "status", None)
    return status if isinstance(status, int) else None


def _request_id(error: BaseException) -> str | None:
    for name in ("request_id", "client_request_id"):
        value = getattr(error, name, None)
        if isinstance(value, str):
            return value[:64]
    return None
