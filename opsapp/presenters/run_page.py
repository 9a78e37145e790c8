"""The page of one run: its history, and why it ended as it did."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from opsapp.models import OperationRun, OperationRunEvent, RunOutcome
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_words import CLASS_WORDS, reason_of
from opsapp.runs.selection import Offer


@dataclass(frozen=True)
class Verdict:
    """Why a run failed, what it means, and what to do next."""

    why: str
    meaning: str
    next_step: str
    code: str


def verdict_of(run: OperationRun) -> Verdict | None:
    """None for a run that did not fail as a whole."""
    reason = reason_of(run.reason_code)
    if reason is None or run.outcome != RunOutcome.FAILED:
        return None
    return Verdict(reason.message, CLASS_WORDS[reason.reason_class], reason.hint, reason.code)


def answer_more(run: OperationRun, offer: Offer) -> str:
    """What follows the run's own sentence in the header; empty when there is nothing to add."""
    if run.outcome == RunOutcome.CANCELLED:
        return ""
    parts = []
    if offer.retryable:
        parts.append(f"{offer.retryable:,} can be retried")
    if offer.needs_you:
        parts.append(f"{offer.needs_you:,} {'needs' if offer.needs_you == 1 else 'need'} you")
    return f" {', '.join(parts)}." if parts else ""


def timeline_of(events: Iterable[OperationRunEvent]) -> list[dict[str, Any]]:
    """The events as the timeline draws them, with what their data adds to the message."""
    return [
        {
            "at": event.at,
            "kind": event.kind,
            "message": event.message,
            "actor": event.actor,
            "detail": _detail(event.data),
        }
        for event in events
    ]


def _detail(data: dict[str, Any]) -> str:
    words = [
        f"{label}{data[key]}"
        for key, label in (("worker", "on "), ("reason_code", ""), ("error", ""))
        if data.get(key)
    ]
    return " · ".join(words)


def attempts(run: OperationRun) -> str:
    interrupted = run.context.get("interruptions", 0)
    if not interrupted:
        return str(run.attempt)
    return f"{run.attempt} ({plural(interrupted, 'interruption')})"
