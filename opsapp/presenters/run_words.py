"""Words about runs that their pages share."""

from datetime import UTC, datetime

from opsapp.models import OperationRun, RunOutcome, RunStatus
from opsapp.operations import REGISTRY, label_of
from opsapp.presenters.times import aware
from opsapp.runs.reasons import REASONS, Reason, ReasonClass

CLASS_WORDS = {
    ReasonClass.TRANSIENT: "Safe to start again.",
    ReasonClass.PERMANENT: "Starting it again as it is would end the same way.",
    ReasonClass.OPERATOR: "Somebody has to change something first.",
    ReasonClass.UNKNOWN_EFFECT: "Part of it may have happened: look before you start it again.",
    ReasonClass.INFORMATION: "",
}

REPEATING = {
    ReasonClass.TRANSIENT: "can be retried",
    ReasonClass.PERMANENT: "would fail again",
    ReasonClass.OPERATOR: "needs you",
    ReasonClass.UNKNOWN_EFFECT: "verify first",
    ReasonClass.INFORMATION: "",
}


def what(run: OperationRun) -> str:
    """The operation as people call it: ``Sync inventory``."""
    return label_of(run.type)


def item_noun(run: OperationRun) -> str:
    operation = REGISTRY.get(run.type)
    return operation.item_noun if operation else "items"


def type_choices() -> list[tuple[str, str]]:
    """Every operation of this version, by its label."""
    return sorted(
        ((key, operation.label) for key, operation in REGISTRY.items()), key=lambda pair: pair[1]
    )


def reason_of(code: str | None) -> Reason | None:
    """What is known about a code; a code of another version is shown with itself as its words."""
    if not code:
        return None
    return REASONS.get(code) or Reason(code, ReasonClass.INFORMATION, code)


def reason_message(code: str | None) -> str:
    reason = reason_of(code)
    return reason.message if reason else ""


def seconds_taken(run: OperationRun, now: datetime | None = None) -> float | None:
    """How long the run took, or has been running for; None when it never started."""
    if run.started_at is None:
        return None
    end = aware(run.completed_at) if run.completed_at else now or datetime.now(UTC)
    return max((end - aware(run.started_at)).total_seconds(), 0.0)


def is_slow(run: OperationRun, usual: float | None, now: datetime | None = None) -> bool:
    """Running for clearly longer than nine of ten did."""
    taken = seconds_taken(run, now)
    if run.status != RunStatus.RUNNING or usual is None or taken is None:
        return False
    return taken > max(usual * 1.2, usual + 5)


def is_troubled(run: OperationRun) -> bool:
    return run.outcome in (RunOutcome.FAILED, RunOutcome.PARTIALLY_SUCCEEDED)
