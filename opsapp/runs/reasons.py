"""The registry of reason codes: ``family.reason``, stable, never renamed.

Every outcome but ``succeeded`` carries one, and so does every failed or skipped item. The class
says what may follow: only ``transient`` may be repeated without a person looking at it first.
"""

import enum
from dataclasses import dataclass


class ReasonClass(enum.StrEnum):
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    OPERATOR = "operator"
    UNKNOWN_EFFECT = "unknown_effect"
    INFORMATION = "information"


@dataclass(frozen=True)
class Reason:
    """A reason code, what it means in one sentence, and what an operator can do about it."""

    code: str
    reason_class: ReasonClass
    message: str
    hint: str = ""


_T, _P, _O, _U, _I = (
    ReasonClass.TRANSIENT,
    ReasonClass.PERMANENT,
    ReasonClass.OPERATOR,
    ReasonClass.UNKNOWN_EFFECT,
    ReasonClass.INFORMATION,
)

_ALL = (
    Reason(
        "queue.dispatch_failed",
        _T,
        "The run could not be handed to the queue; nothing was done.",
        "Check that Redis is running, then start it again.",
    ),
    Reason(
        "queue.lost",
        _T,
        "The queue lost the run before a worker took it; nothing was done.",
        "Start it again.",
    ),
    Reason(
        "queue.paused", _I, "The queue is paused.", "Ask the person who paused it, or resume it."
    ),
    Reason("queue.no_worker", _I, "No live worker.", "Start a worker: python -m workers."),
    Reason("queue.backlog", _I, "Other runs are ahead in the queue.", "Wait, or add a worker."),
    Reason(
        "worker.lost",
        _U,
        "The worker disappeared while the run was in progress.",
        "Look at what was done, then start it again.",
    ),
    Reason(
        "worker.killed",
        _U,
        "The worker's process was killed while the run was in progress.",
        "Look at the worker's log and memory, then start it again.",
    ),
    Reason(
        "worker.out_of_memory",
        _U,
        "The worker's process ran out of memory.",
        "Give the worker more memory, then start it again.",
    ),
    Reason(
        "worker.shutdown",
        _T,
        "The worker was shut down before the run could finish.",
        "Start it again.",
    ),
    Reason(
        "worker.import_failed",
        _O,
        "The worker could not load this operation.",
        "Deploy the same version to web and workers.",
    ),
    Reason(
        "run.timeout",
        _U,
        "The run took longer than its time limit and was stopped.",
        "Look at what was done, then start it again.",
    ),
    Reason("run.cancelled_by_user", _P, "Cancelled by an operator.", "Start it again if needed."),
    Reason("run.cancelled_by_system", _P, "Cancelled by OpsApp.", "Start it again if needed."),
    Reason(
        "run.partial",
        _I,
        "Some items succeeded and some failed.",
        "Look at the failed items; retry those that can be retried.",
    ),
    Reason(
        "run.attempts_exhausted",
        _P,
        "The run was interrupted too often and given up.",
        "Look at the earlier interruptions before starting it again.",
    ),
    Reason("run.precondition_failed", _P, "What the run relied on has changed.", "Review again."),
    Reason("item.skipped_excluded", _I, "Left out on purpose: excluded for this tenant."),
    Reason("item.not_attempted", _I, "Not attempted: the run ended before it was reached."),
    Reason(
        "item.effect_unknown",
        _U,
        "The request was sent but no answer came back.",
        "Verify before repeating.",
    ),
    Reason("item.validation_failed", _P, "The object is not what was expected.", "Report it."),
    Reason("item.dependency_failed", _P, "Something it depends on failed.", "Mend that first."),
    Reason(
        "item.cannot_restore",
        _P,
        "Microsoft Graph cannot restore it.",
        "Look at the preview: it says why. Make it by hand where it is needed.",
    ),
    Reason(
        "item.secret_missing",
        _O,
        "It was restored without a secret that Microsoft Graph does not give back.",
        "Enter the secret in Intune.",
    ),
    Reason(
        "item.differs",
        _P,
        "It was restored, but what was read back differs from what was written.",
        "Look at the differences.",
    ),
    Reason("item.skipped_chosen", _I, "Left out on purpose, as chosen in the preview."),
    Reason(
        "approval.pending",
        _O,
        "A second administrator must approve the change in Intune.",
        "Approve the request in the Intune admin center; the run goes on by itself.",
    ),
    Reason("approval.rejected", _P, "The approval request was rejected.", "Start it again."),
    Reason("approval.expired", _P, "The approval request expired.", "Start it again."),
    Reason(
        "import.not_read",
        _P,
        "The file, or an object in it, could not be imported.",
        "Mend the file, then import it again.",
    ),
    Reason("import.nothing_in_it", _I, "The file holds nothing to import."),
    Reason("backup.complete", _P, "The backup set is complete and never changes.", "Make another."),
    Reason("graph.throttled", _T, "Microsoft Graph asked us to slow down.", "Retry later."),
    Reason(
        "graph.unauthenticated",
        _O,
        "Microsoft Graph did not accept our credentials.",
        "Check the app registration's secret or certificate.",
    ),
    Reason(
        "graph.consent_missing",
        _O,
        "The tenant has not granted a permission the app needs.",
        "Grant admin consent for the permission, then verify the tenant.",
    ),
    Reason(
        "graph.forbidden",
        _O,
        "Microsoft Graph refused access.",
        "Check permissions and licences of the tenant.",
    ),
    Reason("graph.license_missing", _O, "The tenant has no licence for this.", "Exclude it."),
    Reason("graph.not_found", _P, "The object no longer exists in the tenant."),
    Reason("graph.conflict", _P, "The object changed meanwhile.", "Sync, then try again."),
    Reason("graph.etag_mismatch", _P, "The object changed meanwhile.", "Sync, then try again."),
    Reason("graph.payload_rejected", _P, "Microsoft Graph rejected the request.", "Report it."),
    Reason("graph.unavailable", _T, "Microsoft Graph was unavailable.", "Retry later."),
    Reason("graph.timeout", _T, "Microsoft Graph did not answer in time.", "Retry later."),
    Reason(
        "graph.response_invalid",
        _U,
        "Microsoft Graph's answer could not be understood.",
        "Report it with the request id.",
    ),
    Reason(
        "tenant.disconnected",
        _O,
        "We have no working credentials for this tenant.",
        "Set up the app registration in the tenant's settings.",
    ),
    Reason("tenant.suspended", _O, "The tenant is suspended.", "Resume the tenant first."),
    Reason(
        "auth.initiator_revoked",
        _P,
        "The person who started it lost the right to before it ran.",
        "Someone with the right can start it.",
    ),
    Reason("input.invalid", _P, "The run's inputs are not valid.", "Start it with valid inputs."),
    Reason(
        "db.unavailable",
        _U,
        "The database could not be reached while the run was in progress.",
        "Look at what was done, then start it again.",
    ),
    Reason(
        "internal.unexpected",
        _U,
        "An unexpected error inside OpsApp.",
        "Report it with the run's id.",
    ),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _ALL}


def reason(code: str) -> Reason:
    """The registered reason; KeyError for an unregistered code is a bug."""
    return REASONS[code]


def reason_for(error: BaseException) -> str:
    """The reason code of an exception; ``internal.unexpected`` when it carries none."""
    code = getattr(error, "reason_code", None)
    return code if isinstance(code, str) and code in REASONS else "internal.unexpected"


def message_for(error: BaseException) -> str:
    """One safe sentence about an exception: its own when it is one of ours, else its type."""
    own = getattr(error, "item_message", None)
    if isinstance(own, str) and own:
        return own[:500]
    return f"{REASONS[reason_for(error)].message} ({type(error).__name__})"
