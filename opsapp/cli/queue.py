"""``flask queue``: workers and queue, as the database knows them."""

from typing import Any

import click
from flask.cli import AppGroup

from opsapp import __version__
from opsapp.cli.output import answers, json_option, print_many, print_one, printable
from opsapp.presenters import queue_page
from opsapp.services import queue_health
from opsapp.services.queue_health import Dispatches, Healing, Waiting, Worker

queue = AppGroup("queue", help="Workers and queue.")

COLUMNS = ("name", "state", "run_id", "version", "memory_bytes", "heartbeat_at")
STATES = ("queued", "held", "undispatched", "running")


@queue.command("show")
@json_option
@answers
def show(as_json: bool) -> None:
    """Shows who works, what waits, and what upkeep mended; asks the database alone."""
    workers, waiting = queue_health.workers(), queue_health.waiting()
    state = queue_health.queue_state()
    lines = [_worker(each) for each in workers]
    facts: dict[str, Any] = {
        "answer": queue_page.answer(workers, waiting, state),
        "versions": queue_page.version_words(workers, __version__),
        "runs": _runs(waiting),
        "server": {
            "reachable": state.reachable if state else None,
            "depth": state.depth if state else None,
            "measured_at": state.measured_at if state else None,
            "measured_by": state.measured_by if state else None,
        },
        "dispatched_24h": _dispatches(queue_health.dispatches()),
        "upkeep": _upkeep(queue_health.healing()),
    }
    if as_json:
        print_one({**facts, "workers": lines}, as_json=True)
        return
    click.echo(printable(facts.pop("answer")))
    print_one(facts, as_json=False)
    print_many(lines, COLUMNS, as_json=False, none="No worker was heard of in the last day.")


def _worker(worker: Worker) -> dict[str, Any]:
    row = worker.row
    return {
        "name": row.name,
        "host": row.host,
        "pid": row.pid,
        "version": row.version,
        "state": queue_page.worker_state(worker),
        "run_id": worker.run.id if worker.run else None,
        "memory_bytes": row.memory_bytes,
        "started_at": row.started_at,
        "heartbeat_at": row.heartbeat_at,
    }


def _runs(waiting: Waiting) -> dict[str, Any]:
    return {
        state: {"count": getattr(waiting, state), "since": getattr(waiting, f"{state}_since")}
        for state in STATES
    }


def _dispatches(found: Dispatches) -> dict[str, int]:
    return vars(found)


def _upkeep(healing: Healing) -> dict[str, Any]:
    return {
        "ran_at": healing.ran_at,
        "ran_by": healing.ran_by,
        "rounds": [vars(each) for each in healing.rounds],
    }
