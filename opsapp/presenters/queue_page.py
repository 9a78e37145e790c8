"""Workers and queue in words and figures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from opsapp.database import utcnow
from opsapp.models import QueueState, WorkerState
from opsapp.presenters.numbers import plural
from opsapp.presenters.times import duration
from opsapp.services.queue_health import Dispatches, Waiting, Worker


def answer(workers: Sequence[Worker], waiting: Waiting, state: QueueState | None) -> str:
    live = sum(worker.is_live for worker in workers)
    busy = sum(worker.is_busy for worker in workers)
    runs = plural(waiting.queued, "run")
    if not live:
        waits = f"{runs} in the queue" if waiting.queued else "the queue is empty"
        return f"No worker is live, so nothing moves; {waits}."
    if state is not None and not state.reachable:
        return "The queue could not be reached when a worker last looked."
    doing = f"{busy} of {plural(live, 'worker')} busy" if busy else f"{plural(live, 'worker')} free"
    doing = f"{doing[0].upper()}{doing[1:]}"
    held = f", {plural(waiting.held, 'run')} held" if waiting.held else ""
    if not waiting.queued:
        return f"{doing}; nothing waits for a worker{held}."
    verb = "waits" if waiting.queued == 1 else "wait"
    return f"{doing}; {runs} {verb}{held}."


@dataclass(frozen=True)
class Figures:
    """``…_hint`` is what the figure of that name is explained with."""

    live: int
    workers_hint: str
    running_hint: str
    queued_hint: str
    held_hint: str
    undispatched_hint: str


def figures_of(workers: Sequence[Worker], waiting: Waiting) -> Figures:
    live = sum(worker.is_live for worker in workers)
    busy = sum(worker.is_busy for worker in workers)
    lost = sum(worker.lost for worker in workers)
    hint = f"{busy:,} busy, {live - busy:,} free" if live else "none is live"
    if lost:
        hint += f", {lost:,} lost"
    return Figures(
        live,
        hint,
        _longest(waiting.running_since, "the longest for", "nothing runs"),
        _longest(waiting.queued_since, "the oldest for", "nothing in line"),
        _longest(waiting.held_since, "the oldest for", "for Graph, approval or a pause"),
        _longest(waiting.undispatched_since, "the oldest for", "upkeep does that within seconds"),
    )


def _longest(since: datetime | None, words: str, otherwise: str) -> str:
    if since is None:
        return otherwise
    return f"{words} {duration((utcnow() - since).total_seconds())}"


def version_words(workers: Sequence[Worker], own: str) -> str | None:
    """Which versions the live workers run, when not all run our ``own``."""
    versions = Counter(worker.row.version for worker in workers if worker.is_live)
    if not set(versions) - {own}:
        return None
    listed = ", ".join(f"{version} ({count:,})" for version, count in sorted(versions.items()))
    return f"This is version {own}; the live workers run {listed}. Restart what is older."


def worker_state(worker: Worker) -> str:
    """The word for ``state_badge``: what the ledger says goes before what the worker said."""
    if worker.lost:
        return "lost"
    if worker.is_busy and worker.row.state != WorkerState.STOPPING:
        return WorkerState.BUSY.value
    if worker.row.state == WorkerState.BUSY:
        return WorkerState.IDLE.value
    return worker.row.state.value


HEALED = {
    "lease_expired": "taken back from silent workers",
    "released": "held and released",
    "dispatched": "handed to the queue",
    "lost": "lost by the queue",
}


def healed_words(healed: Mapping[str, int]) -> str:
    parts = [f"{plural(count, 'run')} {HEALED.get(key, key)}" for key, count in healed.items()]
    return ", ".join(parts)


def dispatch_lines(found: Dispatches) -> list[tuple[str, str]]:
    return [
        ("Taken by the queue", f"{found.accepted:,}"),
        ("Refused, nothing was done", f"{found.rejected:,}"),
        ("No answer, nothing was done", f"{found.unknown:,}"),
    ]
