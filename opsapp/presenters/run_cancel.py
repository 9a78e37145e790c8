"""Cancelling in numbers: what it would mean now, and what it meant once it was done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from opsapp.models import OperationRun, OperationRunEvent, RunOutcome, RunStatus
from opsapp.presenters.run_words import item_noun, reason_message
from opsapp.services.run_detail import Problem

CANCELLED = "run.cancelled_by_user"
NOT_ATTEMPTED = "item.not_attempted"
NOT_DONE = frozenset({CANCELLED, "run.cancelled_by_system", NOT_ATTEMPTED})


def cancel_effect(run: OperationRun) -> list[str]:
    """What cancelling means now, in numbers: the sentences of the confirmation."""
    if run.status == RunStatus.QUEUED and run.started_at is None:
        return ["It has not started: nothing was done, and nothing will be."]
    counts, noun = run.summary_counts, item_noun(run)
    done, total = counts.get("processed", 0), counts.get("total", 0)
    flying = counts.get("in_flight", 0) if run.status == RunStatus.RUNNING else 0
    sentences = []
    if total:
        sentences.append(f"{done:,} of {total:,} {noun} are done, and stay done.")
    else:
        sentences.append(f"No {noun} have been dealt with yet.")
    if flying:
        verb = "is" if flying == 1 else "are"
        sentences.append(f"{flying:,} {verb} in flight and will finish, within seconds.")
    rest = total - done - flying
    if rest > 0:
        sentences.append(f"The other {rest:,} will not start.")
    elif total and run.status == RunStatus.RUNNING:
        sentences.append("What it has not come across yet will not start.")
    if run.status == RunStatus.RUNNING and not flying:
        sentences.append("What is in progress is finished first; it stops within seconds.")
    return sentences


@dataclass(frozen=True)
class Cancelled:
    """What a cancelled run did and left; who stopped it, when, and why if they said so."""

    title: str
    code: str
    numbers: str
    by: str
    at: datetime | None
    reason: str

    @property
    def ending(self) -> str:
        """What follows the run's subject in the header."""
        return f"was cancelled: {self.numbers[0].lower()}{self.numbers[1:]}."


def cancelled_of(
    run: OperationRun, problems: Iterable[Problem], events: Sequence[OperationRunEvent]
) -> Cancelled | None:
    """None for a run that was not cancelled."""
    if run.outcome != RunOutcome.CANCELLED:
        return None
    ended = [event.actor for event in events if event.kind == "completed"]
    by = run.cancel_requested_by or (ended[-1] if ended else "")
    at = run.cancel_requested_at or run.completed_at
    title = reason_message(run.reason_code)
    return Cancelled(
        title, run.reason_code or "", _numbers(run, problems), by, at, run.cancel_reason or ""
    )


def _numbers(run: OperationRun, problems: Iterable[Problem]) -> str:
    if run.started_at is None:
        return "It had not started: nothing was done"
    counts, noun = run.summary_counts, item_noun(run)
    processed = counts.get("processed", 0)
    total = max(counts.get("total", 0), processed)
    if not total:
        return f"No {noun} had been dealt with"
    left = sum(problem.count for problem in problems if problem.code in NOT_DONE)
    done = processed - min(left, processed)
    return f"{done:,} {noun} done, {total - done:,} not attempted"
