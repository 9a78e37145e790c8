"""What failed in a run or was left out, by reason: how much of it is open, what may follow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opsapp.models import ItemResult, OperationRun
from opsapp.presenters.run_actions import Action
from opsapp.presenters.run_items import state_of_item
from opsapp.presenters.run_words import REPEATING, reason_of
from opsapp.runs.lineage import NOT_BEGUN
from opsapp.runs.reasons import ReasonClass
from opsapp.runs.selection import Offer, ReasonOffer
from opsapp.services.run_detail import Problem

HARMLESS = "Nothing is done twice: this operation only reads, or looks what became of it first."


@dataclass(frozen=True)
class ProblemRow:
    """``state`` is the result as pages show it; ``means`` what may follow, in short.

    ``left`` says how many are open now, where a retry changed that; ``action`` retries those.
    ``count`` is None for a reason that only a retry met.
    """

    result: ItemResult
    state: str
    means: str
    code: str
    count: int | None
    words: str
    example: str
    hint: str
    left: str
    action: Action | None


def problem_rows(
    run: OperationRun,
    problems: Iterable[Problem],
    offer: Offer,
    actions: Mapping[str, Action],
) -> list[ProblemRow]:
    """``actions`` are the retries by reason code.

    An open item counts under the reason that it failed for the last time, maybe in a retry.
    """
    still = {each.code: each for each in offer.reasons}
    rows = []
    for problem in problems:
        mine = still.pop(problem.code, None)
        left = "" if run.is_active else _left(problem, mine)
        rows.append(_row(problem, mine, left, actions.get(problem.code)))
    for code, only_later in still.items():
        met_later = Problem(ItemResult.FAILED, code, 0, "")
        left = f"{only_later.count:,} open after a retry"
        rows.append(_row(met_later, only_later, left, actions.get(code)))
    return rows


def _left(problem: Problem, still: ReasonOffer | None) -> str:
    if problem.result != ItemResult.FAILED and problem.code not in NOT_BEGUN:
        return ""
    if still is None:
        return "none open"
    return "" if still.count == problem.count else f"{still.count:,} open"


def _row(
    problem: Problem, still: ReasonOffer | None, left: str, action: Action | None
) -> ProblemRow:
    reason = reason_of(problem.code)
    words = reason.message if reason else "No reason was recorded."
    hint = reason.hint if reason else ""
    means = ""
    if reason and problem.result == ItemResult.FAILED:
        means = REPEATING[reason.reason_class]
        if still and still.can_retry and still.reason_class == ReasonClass.UNKNOWN_EFFECT:
            means, hint = REPEATING[ReasonClass.TRANSIENT], HARMLESS
    return ProblemRow(
        result=problem.result,
        state=state_of_item(problem.result, problem.code),
        means=means,
        code=problem.code,
        count=problem.count or None,
        words=words,
        example=problem.message if problem.message != words else "",
        hint=hint,
        left=left,
        action=action,
    )
