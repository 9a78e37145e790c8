"""The errors a Graph client raises. The tree is the contract: callers branch on it, never on text.

Code that may not import this package reads ``reason_code`` with ``getattr(error, "reason_code",
None)`` and shows ``item_message``. No error carries a token, a secret or a request body.
"""

import math
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Trace:
    """What support needs to find one exchange: our id, the service's id, the HTTP status.

    Attributes:
        status: HTTP status, None when no answer came.
        code: the service's own error code, such as ``Authorization_RequestDenied``.
        request_id: the service's id of the request.
        client_request_id: the id we sent with this try.

    """

    status: int | None = None
    code: str = ""
    request_id: str | None = None
    client_request_id: str | None = None


class GraphError(Exception):
    """A request to Graph or to its sign-in service did not give what was asked.

    Attributes:
        reason_code: stable code of the run ledger's registry.
        detail: what the service said, cleaned for people; may be empty.
        retry_after: seconds the service (or our own budget) asks to wait, None when unknown.
        permission: the app permission that would allow the request, when known.
        location: address the service points to (only after an expired delta link).
        must_start_over: the remembered place in a change feed is no longer good.
        sent: False when the request certainly never reached the service.
        effect_unknown: True when a write was sent and nobody can say whether it took effect.

    """

    reason_code: ClassVar[str] = "graph.response_invalid"
    sentence: ClassVar[str] = "Microsoft Graph could not be used."
    must_start_over: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        trace: Trace | None = None,
        retry_after: float | None = None,
        permission: str | None = None,
        location: str | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.trace = trace or Trace()
        self.retry_after = retry_after
        self.permission = permission
        self.location = location
        self.sent = sent
        self.effect_unknown = False

    @property
    def status(self) -> int | None:
        return self.trace.status

    @property
    def code(self) -> str:
        return self.trace.code

    @property
    def request_id(self) -> str | None:
        return self.trace.request_id

    @property
    def client_request_id(self) -> str | None:
        return self.trace.client_request_id

    @property
    def item_message(self) -> str:
        """One or two sentences for an operator, safe on a page and in a log."""
        return f"{self.sentence} {self.detail}".strip()

    def __str__(self) -> str:
        facts = [f"status {self.status}" if self.status else "", self.code]
        facts.append(f"request-id {self.request_id}" if self.request_id else "")
        facts.append(
            f"client-request-id {self.client_request_id}" if self.client_request_id else ""
        )
        listed = ", ".join(fact for fact in facts if fact)
        return f"{self.item_message} ({listed})" if listed else self.item_message


class Throttled(GraphError):
    """The service, or our own budget for the tenant, asks to wait longer than the client may."""

    reason_code = "graph.throttled"
    sentence = "Microsoft Graph limits how fast this tenant may be read."

    @property
    def item_message(self) -> str:
        if self.retry_after is None:
            return super().item_message
        seconds = math.ceil(self.retry_after)
        return f"{super().item_message} Try again in {seconds} s."


class Unauthenticated(GraphError):
    """The sign-in service refused the app, or Graph refused a fresh token."""

    reason_code = "graph.unauthenticated"
    sentence = "OpsApp could not sign in to this tenant."


class TenantDisconnected(GraphError):
    """The tenant does not exist any more or the app is not installed in it."""

    reason_code = "tenant.disconnected"
    sentence = "This tenant is not connected."


class Forbidden(GraphError):
    """The token is good and holds the permission, but the service refuses (role, policy)."""

    reason_code = "graph.forbidden"
    sentence = "Microsoft Graph refused access."


class ConsentMissing(Forbidden):
    """The tenant has not granted the app the permission (``permission`` when known)."""

    reason_code = "graph.consent_missing"
    sentence = "The tenant has not granted OpsApp a permission this needs."

    @property
    def item_message(self) -> str:
        if self.permission is None:
            return super().item_message
        return f"The permission {self.permission} is not granted in this tenant."


class LicenseMissing(Forbidden):
    """The tenant has no licence for the feature."""

    reason_code = "graph.license_missing"
    sentence = "The tenant has no licence for this."


class NotFound(GraphError):
    reason_code = "graph.not_found"
    sentence = "It does not exist in the tenant (any more)."


class DeltaExpired(NotFound):
    """A delta link is too old: start over, at ``location`` when the service named one."""

    sentence = "The remembered position in the change feed has expired; a full read is needed."
    must_start_over = True


class Conflict(GraphError):
    reason_code = "graph.conflict"
    sentence = "It conflicts with what is in the tenant."


class EtagMismatch(GraphError):
    reason_code = "graph.etag_mismatch"
    sentence = "It was changed by someone else in the meantime."


class ApprovalRequired(GraphError):
    """A second administrator must agree; ``approval_code`` names the request that was made."""

    reason_code = "approval.pending"
    sentence = "A second administrator must approve this in Intune."

    def __init__(self, detail: str, *, trace: Trace, approval_code: str) -> None:
        super().__init__(detail, trace=trace)
        self.approval_code = approval_code


class PayloadRejected(GraphError):
    """The service understood the request and refuses it as it is (400, 405, 413, 422, …)."""

    reason_code = "graph.payload_rejected"
    sentence = "Microsoft Graph rejected the request."


class DependencyFailed(GraphError):
    """A sub-request of a batch was not tried because another one failed (424)."""

    reason_code = "item.dependency_failed"
    sentence = "A request this one depends on failed."


class Unavailable(GraphError):
    """5xx, a refused or broken connection."""

    reason_code = "graph.unavailable"
    sentence = "Microsoft Graph is not available."


class GraphTimeout(GraphError):
    reason_code = "graph.timeout"
    sentence = "Microsoft Graph did not answer in time."


class ResponseInvalid(GraphError):
    """An answer that cannot be what was asked for: no JSON, no page, an endless paging loop."""

    reason_code = "graph.response_invalid"
    sentence = "Microsoft Graph gave an answer that makes no sense."


class ForeignAddress(ResponseInvalid):
    """An address on another host than the tenant's Graph; the token is never sent there."""

    sentence = "An address points outside this tenant's Microsoft Graph; it was not followed."
