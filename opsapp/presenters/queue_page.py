"""Workers and queue in words and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsapp.database import utcnow
from opsapp.models import QueueState
from opsapp.presenters.numbers import plural
from opsapp.services.queue_health import Waiting, Worker


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
    if not waiting.queued:
        return f"{doing[0].upper()}{doing[1:]}; nothing waits."
    verb = "waits" if waiting.queued == 1 else "wait"
    return f"{doing[0].upper()}{doing[1:]}; {runs} {verb}."


@dataclass(frozen=True)
class Figures:
    """``oldest``: seconds that the first run in line has waited; None when nothing waits."""

    live: int
    workers_hint: str
    oldest: float | None


def figures_of(workers: Sequence[Worker], waiting: Waiting) -> Figures:
    live = sum(worker.is_live for worker in workers)
    busy = sum(worker.is_busy for worker in workers)
    lost = sum(worker.lost for worker in workers)
    hint = f"{busy:,} busy, {live - busy:,} free" if live else "none is live"
    if lost:
        hint += f", {lost:,} lost"
    first = waiting.first[0].dispatched_at if waiting.first else None
    return Figures(live, hint, (utcnow() - first).total_seconds() if first else None)


HEALED = {
    "lease_expired": "Runs taken back from silent workers",
    "released": "Held runs released",
    "dispatched": "Runs handed to the queue",
    "lost": "Runs the queue had lost",
}


def healed_words(healed: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(HEALED.get(key, key), f"{count:,}") for key, count in healed.items()]
