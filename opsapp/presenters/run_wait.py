"""Why a run does not move: every cause in order, each with what to do and who can."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opsapp.models import OperationRun
from opsapp.presenters.frame import path
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_cause import ADMINISTRATOR, OPERATIONS, QUEUE_PAGE, Cause
from opsapp.presenters.run_holds import decisions, graph, limits, paused

if TYPE_CHECKING:  # what finds them imports the queue, which no page may reach
    from opsapp.services.obstacles import Obstacles


def causes_of(run: OperationRun, found: "Obstacles") -> list[Cause]:
    """Why a queued run is not running yet, in the order in which it meets them; never empty."""
    causes = [*_hand_over(run, found), *_line(run, found), *_workers(found)]
    causes += [paused(run, pause) for pause in found.pauses]
    causes += [*limits(run, found), *graph(run, found), *decisions(run, found)]
    return causes or [_next(found)]


def _hand_over(run: OperationRun, found: "Obstacles") -> Iterator[Cause]:
    if run.hold:
        return
    if run.dispatched_at is None:
        yield _not_handed_over(run, found)
    elif run.missing_since:
        yield Cause(
            "Missing from the queue",
            "The queue no longer holds this run. If that stays so for some seconds, it ends as "
            "failed and can be started again.",
            kind="warning",
            code="queue.lost",
            since=run.missing_since,
        )


def _not_handed_over(run: OperationRun, found: "Obstacles") -> Cause:
    title = "Not handed to the queue yet"
    if found.queue is not None and not found.queue.reachable:
        return Cause(
            title,
            "The queue could not be reached when a worker last looked. It is handed over as soon "
            "as the queue answers.",
            "See that Redis runs and can be reached.",
            ADMINISTRATOR,
            "warning",
            since=found.queue.measured_at,
            url=path(QUEUE_PAGE),
            link="Queue",
            needs="queue.view",
        )
    text = "The next round of upkeep hands it over, within seconds."
    if run.attempt > 1:
        text = f"Attempt {run.attempt - 1} was interrupted, and it goes on where it was. {text}"
    return Cause(title, text, since=run.created_at if run.attempt == 1 else None)


def _line(run: OperationRun, found: "Obstacles") -> Iterator[Cause]:
    ahead = found.standing.ahead
    if run.hold or not ahead:
        return
    verb = "is" if ahead == 1 else "are"
    yield Cause(
        f"{plural(ahead, 'run')} {verb} ahead of it",
        f"{found.standing.ahead_in_tenant:,} of this tenant. {_busy(found)}".strip(),
        "Wait, or add a worker.",
        ADMINISTRATOR,
        code="queue.backlog",
        since=run.dispatched_at,
        url=path(f"{OPERATIONS}?state=queued"),
        link="Queued runs",
    )


def _busy(found: "Obstacles") -> str:
    live, busy = found.live, found.busy
    if not live:
        return ""
    if live == 1:
        return "The one worker is busy." if busy else "One worker is live."
    if busy == live:
        return f"All {live} workers are busy."
    return f"{busy} of {live} workers {'is' if busy == 1 else 'are'} busy."


def _workers(found: "Obstacles") -> Iterator[Cause]:
    if not found.live:
        yield Cause(
            "No live worker",
            "Nothing moves until a worker is started.",
            "Start one: python -m workers.",
            "Whoever runs the servers.",
            "warning",
            "queue.no_worker",
            since=found.last_heard_at,
            url=path(QUEUE_PAGE),
            link="Queue",
            needs="queue.view",
        )


def _next(found: "Obstacles") -> Cause:
    if found.busy == found.live:
        return Cause("Next in the queue", _busy(found), code="queue.backlog")
    return Cause("Next in the queue", "A worker is free and takes it within a moment.")
