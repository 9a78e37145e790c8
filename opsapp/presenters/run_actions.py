"""What may be done with a run: cancel it, repeat it, or retry what of it is still open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opsapp.models import OperationRun, RunOutcome
from opsapp.operations import REGISTRY
from opsapp.presenters.numbers import plural
from opsapp.runs.reasons import ReasonClass
from opsapp.runs.selection import Offer, ReasonOffer, class_of

May = Callable[[str], bool]


@dataclass(frozen=True)
class Action:
    """A button; ``fields`` are what its form sends. ``asks``: a dialog comes first."""

    label: str
    why_not: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False


@dataclass(frozen=True)
class Actions:
    """What the viewer's role can ever do with the run; None for the rest.

    ``by_reason``: retries of the open items of one reason code.
    """

    cancel: Action | None = None
    retry: Action | None = None
    retry_failed: Action | None = None
    by_reason: Mapping[str, Action] = field(default_factory=dict)


def actions_of(run: OperationRun, offer: Offer, viewer_id: int, may: May) -> Actions:
    """``offer`` is what is open of an ended run."""
    if run.is_active:
        return Actions(cancel=_cancel(run, viewer_id, may))
    if not may("runs.retry"):
        return Actions()
    why_not = _why_no_retry(run, may)
    return Actions(
        retry=_whole(run, why_not or _busy(offer), in_parts=bool(offer.open)),
        retry_failed=_open_ones(run, offer, why_not),
        by_reason=_by_reason(run, offer, why_not),
    )


def _cancel(run: OperationRun, viewer_id: int, may: May) -> Action | None:
    if not may("runs.cancel_own"):
        return None
    if run.user_id != viewer_id and not may("runs.cancel_any"):
        return Action("Cancel", "Started by somebody else; a manager can cancel it")
    if run.cancel_requested_at:
        return Action("Cancel", "Already asked to stop")
    return Action("Cancel")


def _why_no_retry(run: OperationRun, may: May) -> str | None:
    operation = REGISTRY.get(run.type)
    if operation is None:
        return "This version of OpsApp does not know the operation"
    if not may(operation.permission):
        return "Your role does not include starting this operation"
    if run.tenant.suspended_at:
        return f"{run.tenant.name} is suspended"
    if operation.instead:
        return operation.instead.rstrip(".")
    return None


def _whole(run: OperationRun, why_not: str | None, *, in_parts: bool) -> Action:
    label = "Retry all" if in_parts else "Retry"
    if run.outcome == RunOutcome.SUCCEEDED:
        label = "Run again"
    asks = class_of(run.reason_code) == ReasonClass.UNKNOWN_EFFECT
    return Action(label, why_not, asks=asks and why_not is None)


def _open_ones(run: OperationRun, offer: Offer, why_not: str | None) -> Action | None:
    if not offer.open:
        return None
    count = offer.retryable
    label = f"Retry {count:,} failed" if count else "Retry failed"
    if run.outcome == RunOutcome.CANCELLED:
        label = f"Do the other {'one' if count == 1 else f'{count:,}'}"
    why_not = why_not or _why_not_in_parts(run, offer)
    if why_not is None and not count:
        verb = "needs" if offer.needs_you == 1 else "need"
        why_not = f"{plural(offer.needs_you, 'item')} {verb} somebody first: see the reasons"
    return Action(label, why_not, {"failed_only": "1", "selection": offer.hash})


def _why_not_in_parts(run: OperationRun, offer: Offer) -> str | None:
    operation = REGISTRY.get(run.type)
    if operation is None or not operation.by_item:
        return "This operation can only be repeated as a whole"
    return _busy(offer)


def _busy(offer: Offer) -> str | None:
    return f"Run {offer.busy_with} is at work on this" if offer.busy_with else None


def _by_reason(run: OperationRun, offer: Offer, why_not: str | None) -> Mapping[str, Action]:
    if why_not or _why_not_in_parts(run, offer):
        return {}
    return {
        each.code: _for_reason(each)
        for each in offer.reasons
        if each.can_retry or not _is_blind(run, each)
    }


def _is_blind(run: OperationRun, each: ReasonOffer) -> bool:
    """What may have happened in the tenant is never repeated unseen."""
    return REGISTRY[run.type].writes and each.reason_class == ReasonClass.UNKNOWN_EFFECT


def _for_reason(each: ReasonOffer) -> Action:
    these = f"retry {'this one' if each.count == 1 else f'these {each.count:,}'}"
    label = f"{these[0].upper()}{these[1:]}" if each.can_retry else f"I mended it: {these}"
    return Action(label, fields={"reason_code": each.code, "selection": each.hash})
