"""What a shell is told of a run beside its facts: why it waits, when it ends, what is open."""

from collections.abc import Sequence
from typing import Any

from opsapp.models import OperationRun, RunRepair
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_cause import Cause
from opsapp.presenters.run_repair import repair_note
from opsapp.runs.selection import Offer
from opsapp.services.estimates import Estimate

CAUSE_KEYS = ("title", "text", "todo", "who", "code", "since", "until")


def as_data(
    run: OperationRun,
    causes: Sequence[Cause],
    estimate: Estimate | None,
    offer: Offer,
    repair: RunRepair | None,
    lineage: Sequence[int],
) -> dict[str, Any]:
    """For scripts: the keys are a promise. Durations are in seconds."""
    return {
        "cancel_requested_by": run.cancel_requested_by,
        "cancel_reason": run.cancel_reason,
        "waits_for": [{key: getattr(cause, key) for key in CAUSE_KEYS} for cause in causes],
        "estimate": _estimate(estimate),
        "open": {
            "retryable": offer.retryable,
            "needs_you": offer.needs_you,
            "reasons": [
                {"code": each.code, "count": each.count, "can_retry": each.can_retry}
                for each in offer.reasons
            ],
        },
        "repaired": repair
        and {"repaired": repair.repaired, "open": repair.open, "by_run_id": repair.by_run_id},
        "lineage": list(lineage),
    }


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    facts = {name: getattr(estimate, name) for name in ("sample", "tested", "right", "inside")}
    return {"early": estimate.window.early, "late": estimate.window.late, **facts}


def lines_of(
    run: OperationRun, causes: Sequence[Cause], offer: Offer, repair: RunRepair | None
) -> list[str]:
    """For people: what follows the run's own sentence."""
    lines = [_cause_line(cause) for cause in causes]
    if run.cancel_requested_by:
        why = f": {run.cancel_reason}" if run.cancel_reason else "."
        lines.append(f"Cancel asked for by {run.cancel_requested_by}{why}")
    if offer.open:
        verb = "needs" if offer.needs_you == 1 else "need"
        needs = f", {offer.needs_you:,} {verb} you" if offer.needs_you else ""
        lines.append(f"{plural(offer.retryable, 'item')} can be retried{needs}.")
    if note := repair_note(repair):
        lines.append(f"Since then: {note}.")
    return lines


def _cause_line(cause: Cause) -> str:
    ending = "" if cause.title.endswith(".") else "."
    return " ".join(part for part in (f"{cause.title}{ending}", cause.text, cause.todo) if part)
