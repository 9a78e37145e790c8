"""The page of one run: what may be done with it, its history, why it ended as it did."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.models import ItemResult, OperationRun, OperationRunEvent, RunOutcome
from opsapp.operations import REGISTRY
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_items import state_of_item
from opsapp.presenters.run_words import CLASS_WORDS, REPEATING, reason_of
from opsapp.runs.reasons import ReasonClass
from opsapp.services.run_detail import Problem

May = Callable[[str], bool]


@dataclass(frozen=True)
class Action:
    label: str
    why_not: str | None = None


@dataclass(frozen=True)
class Actions:
    """What the viewer's role can ever do with the run; None for the rest."""

    cancel: Action | None = None
    retry: Action | None = None
    retry_failed: Action | None = None


def actions_of(run: OperationRun, viewer_id: int, may: May) -> Actions:
    if run.is_active:
        return Actions(cancel=_cancel(run, viewer_id, may))
    if not may("runs.retry"):
        return Actions()
    why_not = _why_no_retry(run, may)
    if run.outcome != RunOutcome.PARTIALLY_SUCCEEDED:
        label = "Run again" if run.outcome == RunOutcome.SUCCEEDED else "Retry"
        return Actions(retry=Action(label, why_not))
    failed = run.summary_counts.get("failed", 0)
    retry_failed = Action(f"Retry {failed:,} failed", why_not or _why_not_only_failed(run))
    return Actions(retry=Action("Retry all", why_not), retry_failed=retry_failed)


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
    return None


def _why_not_only_failed(run: OperationRun) -> str | None:
    narrows = REGISTRY[run.type].by_item
    return None if narrows else "This operation can only be repeated as a whole"


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
    """``state`` is the result as pages show it; ``means`` what may follow, in short."""

    result: ItemResult
    state: str
    means: str
    code: str
    count: int
    words: str
    example: str
    hint: str


def problem_rows(problems: Iterable[Problem]) -> list[ProblemRow]:
    return [_problem_row(problem) for problem in problems]


def _problem_row(problem: Problem) -> ProblemRow:
    reason = reason_of(problem.code)
    words = reason.message if reason else "No reason was recorded."
    example = problem.message if problem.message != words else ""
    hint = reason.hint if reason else ""
    failed = problem.result == ItemResult.FAILED
    means = REPEATING[reason.reason_class] if reason and failed else ""
    state = state_of_item(problem.result, problem.code)
    return ProblemRow(
        problem.result, state, means, problem.code, problem.count, words, example, hint
    )


def retryable_now(problems: Iterable[Problem]) -> int:
    """How many failed items failed for a passing reason."""
    return sum(
        problem.count
        for problem in problems
        if problem.result == ItemResult.FAILED
        and (reason := reason_of(problem.code))
        and reason.reason_class == ReasonClass.TRANSIENT
    )


def answer_more(run: OperationRun, problems: Sequence[Problem]) -> str:
    """What follows the run's own sentence in the header; empty when there is nothing to add."""
    count = retryable_now(problems)
    if run.is_active or not count:
        return ""
    noun = "item" if count == 1 else "items"
    return f" {count:,} failed {noun} can be retried now."


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
