"""The page of one run: its history, why it ended as it did, what failed in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opsapp.models import ItemResult, OperationRun, OperationRunEvent, RunOutcome
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_actions import Action
from opsapp.presenters.run_items import state_of_item
from opsapp.presenters.run_words import CLASS_WORDS, REPEATING, reason_of
from opsapp.runs.reasons import ReasonClass
from opsapp.runs.selection import Offer, ReasonOffer
from opsapp.services.run_detail import Problem

HARMLESS = "Nothing is done twice: this operation only reads, or looks what became of it first."


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


@dataclass(frozen=True)
class ProblemRow:
    """``state`` is the result as pages show it; ``means`` what may follow, in short.

    ``left`` says how many are still open, where later runs repaired some; ``action`` retries those.
    """

    result: ItemResult
    state: str
    means: str
    code: str
    count: int
    words: str
    example: str
    hint: str
    left: str
    action: Action | None


def problem_rows(
    problems: Iterable[Problem], offer: Offer, actions: Mapping[str, Action]
) -> list[ProblemRow]:
    """``actions`` are the retries by reason code."""
    still = {each.code: each for each in offer.reasons}
    return [
        _problem_row(problem, still.get(problem.code), actions.get(problem.code))
        for problem in problems
    ]


def _problem_row(problem: Problem, offer: ReasonOffer | None, action: Action | None) -> ProblemRow:
    reason = reason_of(problem.code)
    words = reason.message if reason else "No reason was recorded."
    example = problem.message if problem.message != words else ""
    hint = reason.hint if reason else ""
    means = ""
    if reason and problem.result == ItemResult.FAILED:
        means = REPEATING[reason.reason_class]
        if offer and offer.can_retry and offer.reason_class == ReasonClass.UNKNOWN_EFFECT:
            means, hint = REPEATING[ReasonClass.TRANSIENT], HARMLESS
    state = state_of_item(problem.result, problem.code)
    left = f"{offer.count:,} open" if offer and offer.count < problem.count else ""
    return ProblemRow(
        result=problem.result,
        state=state,
        means=means,
        code=problem.code,
        count=problem.count,
        words=words,
        example=example,
        hint=hint,
        left=left,
        action=action,
    )


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
