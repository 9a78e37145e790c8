"""Starting a run through the ledger, against one INSERT and one RQ enqueue.

Both use the same database and the same embedded Valkey server with its append-only file. Every
start is of a new identity: nothing is joined, everything is dispatched. The tenant has been read
before, as it has by whoever starts something.
"""

import itertools

import sqlalchemy as sa
from rq import Queue
from rq.serializers import JSONSerializer

from benchmarks.comparison import ROUNDS, Comparison, compare
from benchmarks.instance import a_tenant, on_both_databases
from benchmarks.nothing import Nothing
from opsapp import runs
from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus
from opsapp.models.base import write
from opsapp.operations import register
from opsapp.runs import queue

CALLS = 50
BARE = sa.Table("benchmark_bare", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))


def benchmark() -> str:
    return on_both_databases(_measure)


def _measure(database: str) -> Comparison:
    BARE.create(db.engine)
    register(Nothing())
    tenant = a_tenant()
    db.session.refresh(tenant)
    db.session.expunge(tenant)
    numbers = itertools.count(1)
    rq = Queue("bare", connection=queue.client(), serializer=JSONSerializer)

    def ours() -> None:
        runs.start(tenant, Nothing.type, {"number": next(numbers)})

    def bare() -> None:
        number = next(numbers)
        with write() as session:
            session.execute(sa.insert(BARE).values(id=number))
        rq.enqueue("benchmarks.nothing", number, job_id=f"bare-{number}", unique=True)

    result = compare(f"ledger start / INSERT + enqueue, {database}", ours, bare, CALLS)
    started = sa.select(sa.func.count()).where(
        OperationRun.status == RunStatus.QUEUED, OperationRun.dispatched_at.is_not(None)
    )
    assert db.session.scalar(started) == (ROUNDS + 1) * CALLS
    return result
