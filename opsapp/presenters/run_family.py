"""The runs of one family as lines: which, how it stands, who started it, when."""

from dataclasses import dataclass

from opsapp.models import OperationRun
from opsapp.presenters.bars import items_of
from opsapp.services.lineage import Family


@dataclass(frozen=True)
class Relative:
    """A run of the family; ``role`` says what it is to the run it repeats."""

    run: OperationRun
    role: str
    counts: str
    is_current: bool


def relatives_of(run: OperationRun, family: Family) -> list[Relative]:
    """Empty when the run has no kin."""
    if len(family.runs) < 2 and not family.more:  # noqa: PLR2004 - itself alone
        return []
    return [
        Relative(
            each,
            f"repeats run {each.retry_of_id}" if each.retry_of_id else "the first",
            items_of(each.summary_counts).text if each.summary_counts.get("total") else "",
            each.id == run.id,
        )
        for each in family.runs
    ]
