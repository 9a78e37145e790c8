"""Why a run does not move: what it waits for, in words, from the database alone."""

from dataclasses import dataclass
from datetime import datetime

from opsapp.database import utcnow
from opsapp.models import Hold, OperationRun
from opsapp.presenters.numbers import plural
from opsapp.services.queue_health import Place

HOLDS = {
    Hold.GRAPH: ("Waiting for Microsoft Graph", "It goes on by itself within seconds."),
    Hold.APPROVAL: ("Waiting for approval", "Somebody with the right to has to approve it."),
    Hold.PAUSED: ("Paused", "It goes on when the pause is lifted."),
    Hold.CONFIRMATION: ("Awaiting confirmation", "Nothing happens until it is confirmed."),
}


@dataclass(frozen=True)
class Cause:
    """``since`` says how long it has been so, ``until`` when it goes on by itself."""

    title: str
    text: str
    kind: str = "info"
    code: str = ""
    since: datetime | None = None
    until: datetime | None = None


def cause_of(run: OperationRun, place: Place) -> Cause:
    """Why a queued run is not running yet."""
    if run.hold:
        return _held(run, run.hold)
    if run.dispatched_at is None:
        return _not_handed_over(run, place)
    if run.missing_since:
        return Cause(
            "Missing from the queue",
            "The queue no longer holds this run. If that stays so for some seconds, it ends as "
            "failed and can be started again.",
            "warning",
            "queue.lost",
            run.missing_since,
        )
    return _in_line(place)


def _held(run: OperationRun, hold: Hold) -> Cause:
    title, what_next = HOLDS[hold]
    until = run.not_before if run.not_before and run.not_before > utcnow() else None
    why = f"{run.wait_reason.rstrip('.')}." if run.wait_reason else ""
    text = why if until else f"{why} {what_next}".strip()
    return Cause(title, text, until=until)


def _not_handed_over(run: OperationRun, place: Place) -> Cause:
    text = "The next round of upkeep hands it over"
    if run.attempt > 1:
        text = f"Attempt {run.attempt - 1} was interrupted, and it goes on where it was. {text}"
    if place.queue is not None and not place.queue.reachable:
        return Cause(
            "Not handed to the queue yet",
            "The queue could not be reached when a worker last looked. It is handed over as soon "
            "as the queue answers.",
            "warning",
            "",
            place.queue.measured_at,
        )
    if not place.live:
        return _no_worker(place)
    return Cause("Not handed to the queue yet", f"{text}, within seconds.")


def _in_line(place: Place) -> Cause:
    if not place.live:
        return _no_worker(place)
    ahead = place.ahead
    if ahead:
        verb = "is" if ahead == 1 else "are"
        waiting = f"{plural(ahead, 'run')} {verb} ahead of this one."
        return Cause("Waiting in the queue", f"{waiting} {_busy(place)}", code="queue.backlog")
    if place.busy == place.live:
        return Cause("Next in the queue", _busy(place), code="queue.backlog")
    return Cause("Next in the queue", "A worker is free and takes it within a moment.")


def _busy(place: Place) -> str:
    if place.live == 1:
        return "The one worker is busy." if place.busy else "One worker is live."
    if place.busy == place.live:
        return f"All {place.live} workers are busy."
    return f"{place.busy} of {place.live} workers are busy."


def _no_worker(place: Place) -> Cause:
    return Cause(
        "No live worker",
        "Nothing moves until a worker is started: python -m workers.",
        "warning",
        "queue.no_worker",
        place.last_heard_at,
    )
