"""What became of a run that ended badly, in words: repaired, tried again, started again."""

from dataclasses import dataclass

from opsapp.models import OperationRun, RunOutcome, RunRepair
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_words import reason_message
from opsapp.services.run_repairs import Given


@dataclass(frozen=True)
class Mended:
    """``text`` stands before the link to ``run_id``, the last that changed something about it."""

    title: str
    text: str
    run_id: int
    kind: str


def mended_of(run: OperationRun, repair: RunRepair | None) -> Mended | None:
    """For the page of a run: ``41 failed, 37 since repaired, 4 open, as of run 812``."""
    if repair is None:
        return None
    whole, left = repair.repaired + repair.open, repair.open
    if not whole:
        text = "The whole work was started again as"
        return Mended("Started again", text, repair.by_run_id, "info")
    start = f"{whole:,} {'not done' if run.outcome == RunOutcome.CANCELLED else 'failed'}, "
    if not left:
        text = f"{start}all since repaired, as of"
        return Mended("Repaired", text, repair.by_run_id, "success")
    text = f"{start}{repair.repaired:,} since repaired, {left:,} open, as of"
    title = "Partly repaired" if repair.repaired else "Tried again"
    return Mended(title, text, repair.by_run_id, "info")


def repair_note(repair: RunRepair | None) -> str:
    """For a list: what is said under the state."""
    if repair is None:
        return ""
    if not (repair.repaired or repair.open):
        return f"started again as run {repair.by_run_id}"
    if not repair.open:
        return f"repaired by run {repair.by_run_id}"
    if not repair.repaired:
        return f"tried again as run {repair.by_run_id}, {repair.open:,} open"
    return f"{repair.repaired:,} repaired, {repair.open:,} open"


@dataclass(frozen=True)
class GivenWords:
    """What a retry was given: ``text`` before the link to the run it repeats."""

    text: str
    run_id: int | None
    reasons: list[tuple[str, str, int]]  # words, code, count
    names: list[str]
    rest: int


def given_words(run: OperationRun, given: Given | None) -> GivenWords | None:
    if given is None:
        return None
    names = [one.name or one.key for one in given.first]
    return GivenWords(
        f"Started for {plural(given.total, 'item')} that stayed open in",
        run.retry_of_id,
        [(reason_message(code), code, count) for code, count in given.counts.items()],
        names,
        given.total - len(names),
    )
