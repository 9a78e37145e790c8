"""Multi Admin Approval: a write waits until a second administrator agrees in Intune."""

import base64
import enum
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

JUSTIFICATION: Final = "x-msft-approval-justification"
CODE: Final = "x-msft-approval-code"
WHERE: Final = "Intune admin center, Tenant administration, Multi Admin Approval"
_REQUESTS: Final = "/deviceManagement/operationApprovalRequests"
_LONGEST: Final = 1024  # bytes, decoded
_OPEN: Final = "active approval request"
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(minutes=15)


class Decision(enum.Enum):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "approval.rejected"
    EXPIRED = "approval.expired"
    USED = "used"


_DECISIONS: Final = {
    "needsApproval": Decision.WAITING,
    "approved": Decision.APPROVED,
    "rejected": Decision.REJECTED,
    "cancelled": Decision.REJECTED,
    "expired": Decision.EXPIRED,
    "completed": Decision.USED,
}


def headers_of(reason: str, code: str | None) -> dict[str, str]:
    """What each write carries: the reason, or the code of the request that was approved."""
    if code:
        return {CODE: code}
    return {JUSTIFICATION: base64.b64encode(_cut(reason).encode()).decode()}


def _cut(reason: str) -> str:
    return reason.encode()[:_LONGEST].decode(errors="ignore")


def decision_of(graph: "GraphClient", code: str) -> Decision:
    """What became of a request; a word not known yet means that it waits. Raises GraphErrors."""
    said = graph.get_json(f"{_REQUESTS}/{code}").get("status")
    return _DECISIONS.get(str(said), Decision.WAITING)


def is_open_already(error: BaseException) -> bool:
    """Whether the service refuses a write because a request for it waits already."""
    detail = str(getattr(error, "detail", "")).lower()
    return getattr(error, "reason_code", None) == "graph.conflict" and _OPEN in detail


def code_of_open(graph: "GraphClient", reason: str, known: Collection[str]) -> str | None:
    """The code of the one open request with our reason that no line of ours has; None if unsure."""
    found = [
        str(row["id"])
        for row in graph.iter_items(_REQUESTS)
        if row.get("status") == "needsApproval"
        and row.get("requestJustification") == _cut(reason)
        and row.get("id") not in known
    ]
    return found[0] if len(found) == 1 else None


def next_look(since: datetime, now: datetime) -> datetime:
    """When to ask again about what has waited since then: the longer it waits, the more rarely."""
    return now + min(_LATEST, max(_SOONEST, (now - since) / 10))
