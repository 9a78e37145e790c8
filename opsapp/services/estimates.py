"""When a run usually ends, from its own recent past, and how often that would have been right.

The window reaches from the time within which half of the recent runs had ended to the time within
which nine of ten had. It is tested on the past before it is shown: for each completed run the
window is made of the runs before it alone. A window *was right* when the run had ended by its
later end; how many ended inside it is counted apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import OperationRun, RunOutcome

SAMPLE = 30
LEAST = 10  # with fewer runs before, nothing is said
TESTED = 100


@dataclass(frozen=True)
class Window:
    """Seconds from the start of a run: half end by ``early``, nine of ten by ``late``."""

    early: float
    late: float


@dataclass(frozen=True)
class Estimate:
    """A window made of the last ``sample`` runs.

    Of ``tested`` completed runs ``right`` had ended by the later end of their own window, and
    ``inside`` of those not before its earlier end. ``tested`` is 0 when none had a window yet.
    """

    window: Window
    sample: int
    tested: int
    right: int
    inside: int


def estimate_of(run: OperationRun) -> Estimate | None:
    """For a run that has not ended; None where fewer than ``LEAST`` runs say nothing. One query."""
    return estimated(_recent_seconds(run))


def estimated(latest_first: Sequence[float]) -> Estimate | None:
    """From the durations of completed runs in seconds, the latest first."""
    if len(latest_first) < LEAST:
        return None
    sample = latest_first[:SAMPLE]
    verdicts = [
        (taken, _window(before))
        for index, taken in enumerate(latest_first[:TESTED])
        if len(before := latest_first[index + 1 : index + 1 + SAMPLE]) >= LEAST
    ]
    right = sum(taken <= window.late for taken, window in verdicts)
    inside = sum(window.early <= taken <= window.late for taken, window in verdicts)
    return Estimate(_window(sample), len(sample), len(verdicts), right, inside)


def _window(seconds: Sequence[float]) -> Window:
    ordered = sorted(seconds)
    return Window(*(ordered[(len(ordered) * tenths - 1) // 10] for tenths in (5, 9)))


def _recent_seconds(run: OperationRun) -> list[float]:
    rows = db.session.execute(
        sa.select(OperationRun.started_at, OperationRun.completed_at)
        .where(
            OperationRun.tenant_id == run.tenant_id,
            OperationRun.type == run.type,
            OperationRun.id != run.id,
            OperationRun.outcome.in_([RunOutcome.SUCCEEDED, RunOutcome.PARTIALLY_SUCCEEDED]),
            OperationRun.started_at.is_not(None),
        )
        .order_by(OperationRun.id.desc())
        .limit(TESTED + SAMPLE)
    )
    return [
        (completed_at - started_at).total_seconds()
        for started_at, completed_at in rows
        if started_at and completed_at
    ]
