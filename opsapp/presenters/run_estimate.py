"""When a run usually ends, in words, with how often such words came true."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opsapp.database import utcnow
from opsapp.models import OperationRun, RunStatus
from opsapp.presenters.numbers import plural
from opsapp.presenters.times import MINUTE, aware, duration
from opsapp.services.estimates import Estimate

EXACT_BELOW = 5 * MINUTE  # a run that short is told to the second


@dataclass(frozen=True)
class Ending:
    """``lead`` and the moments after it make the sentence; ``early`` is None once it has passed.

    ``basis`` says what it is made of, ``record`` how often such a window was right; empty when
    that was never put to the test.
    """

    lead: str
    early: datetime | None
    late: datetime | None
    exact: bool
    basis: str
    record: str
    is_late: bool = False


def ending_of(
    run: OperationRun, estimate: Estimate | None, now: datetime | None = None
) -> Ending | None:
    """None for a run that has ended, or one that waits after it had started: who knows."""
    if estimate is None or not run.is_active:
        return None
    window, basis, record = estimate.window, _basis(estimate), _record(estimate)
    if run.started_at is None:
        span = " to ".join(dict.fromkeys((duration(window.early), duration(window.late))))
        lead = f"Once started, it usually takes {span}"
        return Ending(lead, None, None, exact=False, basis=basis, record=record)
    if run.status != RunStatus.RUNNING:
        return None
    now, started = now or utcnow(), aware(run.started_at)
    early, late = (started + timedelta(seconds=each) for each in (window.early, window.late))
    exact = window.late < EXACT_BELOW
    if now > late:
        lead = "Later than usual: nine of ten had ended by"
        return Ending(lead, None, late, exact, basis, record, is_late=True)
    if now > early or _reads_alike(early, late, exact=exact):
        return Ending("Usually ends by", None, late, exact, basis, record)
    return Ending("Usually ends between", early, late, exact, basis, record)


def _reads_alike(early: datetime, late: datetime, *, exact: bool) -> bool:
    shape = "%H:%M:%S" if exact else "%H:%M"
    return early.strftime(shape) == late.strftime(shape)


def _basis(estimate: Estimate) -> str:
    return f"from the last {plural(estimate.sample, 'run')}"


def _record(estimate: Estimate) -> str:
    if not estimate.tested:
        return ""
    sooner = estimate.right - estimate.inside
    return (
        f"Such a window was right {estimate.right} of the last {plural(estimate.tested, 'time')}: "
        f"the run had ended by its later end ({estimate.inside} inside it, {sooner} sooner)."
    )
