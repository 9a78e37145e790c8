"""The rows of a list of runs, and the sentence above it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opsapp.models import OperationRun, RunRepair
from opsapp.presenters.numbers import capped
from opsapp.presenters.run_repair import repair_note
from opsapp.presenters.run_words import is_slow, reason_of, seconds_taken, what

STATE_CHOICES = [
    ("active", "Active"),
    ("queued", "Queued"),
    ("running", "Running"),
    ("waiting", "Held"),
    ("stale", "Stale"),
    ("attention", "Needs attention"),
    ("succeeded", "Succeeded"),
    ("partially_succeeded", "Partially succeeded"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]
WINDOW_CHOICES = [
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("90d", "Last 90 days"),
    ("all", "All time"),
]
COLUMNS: list[dict[str, Any]] = [
    {"key": "what", "label": "Operation", "wide": True},
    {"key": "state", "label": "State", "narrow": True},
    {"key": "items", "label": "Items", "optional": True},
    {"key": "by", "label": "Started by", "optional": True},
    {"key": "at", "label": "Created", "narrow": True},
    {"key": "took", "label": "Took", "numeric": True, "optional": True},
    {"key": "id", "label": "Run", "numeric": True, "optional": True, "hidden": True},
]


@dataclass(frozen=True)
class RunRow:
    """``usual`` is set, in seconds, only where the run takes longer than that.

    ``repair`` says what later runs made of it.
    """

    run: OperationRun
    what: str
    reason: str
    took: float | None
    usual: float | None
    repair: str


def rows_of(
    runs: Iterable[OperationRun],
    usual: Mapping[tuple[int, str], float] | None = None,
    repairs: Mapping[int, RunRepair] | None = None,
) -> list[RunRow]:
    usual, repairs = usual or {}, repairs or {}
    return [_row(run, usual.get((run.tenant_id, run.type)), repairs.get(run.id)) for run in runs]


def _row(run: OperationRun, usual: float | None, repair: RunRepair | None) -> RunRow:
    reason = reason_of(run.reason_code)
    return RunRow(
        run,
        what(run),
        reason.message if reason else "",
        seconds_taken(run),
        usual if is_slow(run, usual) else None,
        repair_note(repair),
    )


def answer(active: int, attention: int, stale: int) -> str:
    """What the page says first, in one sentence."""
    if not (active or attention or stale):
        return "All calm: nothing is running and nothing needs attention."
    parts = [f"{capped(active)} active" if active else "Nothing is running"]
    if stale:
        parts.append(f"{capped(stale)} of them without a sign of life from the worker")
    if attention:
        verb = "needs" if attention == 1 else "need"
        noun = "run" if attention == 1 else "runs"
        parts.append(f"{capped(attention)} {noun} of the last 30 days {verb} attention")
    else:
        parts.append("nothing needs attention")
    return "; ".join(parts) + "."
