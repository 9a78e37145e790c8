"""Working off a queue of runs that do nothing, against RQ alone with jobs that do nothing.

Both workers have a process per job; ours makes the next one while a job runs, which takes a second
processor to pay. Ours also claims the run, keeps its lease, writes what happened and tells the
initiator: what a run costs on top of its work.
"""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa
from rq import Queue

from benchmarks.comparison import ROUNDS, Comparison
from benchmarks.instance import a_tenant, on_both_databases, running
from benchmarks.nothing import Nothing, bare_queue, nothing
from opsapp import runs
from opsapp.config import Settings, current_settings
from opsapp.embedded_redis import redis_url
from opsapp.extensions import db
from opsapp.models import OperationRun, RunOutcome, RunStatus, Tenant
from opsapp.operations import register
from opsapp.runs import queue

JOBS = 20
PATIENCE_SECONDS = 120


def benchmark() -> str:
    register(Nothing())
    return on_both_databases(_measure)


def _measure(database: str) -> Comparison:
    settings = current_settings()
    with _worker("ours", settings), _worker("bare", settings):
        tenant = a_tenant()
        bare = bare_queue(queue.client())
        rounds = [(_seconds_ours(tenant, n), _seconds_bare(bare)) for n in range(ROUNDS + 1)]
    ours, plain = zip(*rounds[1:], strict=True)
    name = f"worker, one run / one plain RQ job, {database}"
    return Comparison(name, list(ours), list(plain))


def _worker(kind: str, settings: Settings) -> AbstractContextManager[object]:
    return running(
        [sys.executable, "-m", "benchmarks.nothing", kind, redis_url(settings)], settings
    )


def _seconds_ours(tenant: Tenant, round_number: int) -> float:
    ids = [
        runs.start(tenant, Nothing.type, {"number": f"{round_number}.{n}"}).id for n in range(JOBS)
    ]
    mine = OperationRun.id.in_(ids)
    ended = sa.select(sa.func.count()).where(mine, OperationRun.status == RunStatus.COMPLETED)
    _wait_until(lambda: db.session.scalar(ended) == JOBS)
    done = db.session.scalars(sa.select(OperationRun).where(mine)).all()
    assert all(run.outcome == RunOutcome.SUCCEEDED for run in done)
    first = min(run.started_at for run in done if run.started_at)
    last = max(run.completed_at for run in done if run.completed_at)
    return (last - first).total_seconds() / JOBS


def _seconds_bare(bare: Queue) -> float:
    jobs = [bare.enqueue(nothing, number) for number in range(JOBS)]
    _wait_until(lambda: all(job.get_status() == "finished" for job in jobs))
    for job in jobs:
        job.refresh()
    first = min(job.started_at for job in jobs if job.started_at)
    last = max(job.ended_at for job in jobs if job.ended_at)
    return (last - first).total_seconds() / JOBS


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        db.session.rollback()
        if time.monotonic() > deadline:
            raise TimeoutError("the workers do not get on")
        time.sleep(0.02)
