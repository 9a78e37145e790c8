"""What Prometheus is told: the ledger in numbers, of all tenants together and of none by name."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from opsapp import run_totals
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus, Tick
from opsapp.models.conditions import ACTIVE
from opsapp.run_totals import DISPATCH, ITEMS, REAPER, RUNS, WAIT, Totals
from opsapp.runs.queue import QUEUE_NAME
from opsapp.services import queue_health

_COUNTERS = {
    RUNS: ("Runs that ended.", ["kind", "outcome", "reason_code"]),
    ITEMS: ("Items of runs that ended, by their own result.", ["kind", "outcome", "reason_code"]),
    DISPATCH: ("Attempts to hand a run to the queue.", ["result"]),
    REAPER: ("What reconcile healed.", ["reason_code"]),
}


def exposition(accept: str) -> tuple[bytes, str]:
    """The metrics and their content type, in the format that the ``Accept`` header asks for."""
    registry = CollectorRegistry()
    registry.register(LedgerCollector())
    encode, content_type = choose_encoder(accept)
    text: bytes = encode(registry)
    return text, content_type


class LedgerCollector(Collector):
    """Reads everything in one view of the database, so that no run is counted twice or never."""

    def collect(self) -> Iterator[Metric]:
        _begin_snapshot()
        yield from _gauges()
        totals = run_totals.everything(db.session())
        yield from _counters(totals)
        yield _waits(totals)

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry is made anew for every request."""
        return iter(())


def _begin_snapshot() -> None:
    session = db.session()
    session.rollback()
    if session.get_bind().dialect.name != "sqlite":  # whose transactions all are snapshots
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _gauges() -> Iterator[Metric]:
    now = utcnow()
    active = GaugeMetricFamily(
        "operation_runs_active",
        "Runs that have not ended; a queued one may be held.",
        labels=["kind", "status"],
    )
    for kind, status, count in db.session.execute(_by(OperationRun.type, OperationRun.status)):
        active.add_metric([kind, status.value], count)
    yield active
    held = GaugeMetricFamily(
        "operation_runs_held", "Queued runs that wait for something else.", labels=["hold"]
    )
    for hold, count in db.session.execute(_by(OperationRun.hold)):
        if hold:
            held.add_metric([hold.value], count)
    yield held
    waiting = queue_health.waiting()
    oldest = GaugeMetricFamily(
        "operation_run_oldest_queued_seconds",
        "How long the first run in line has waited; held runs are not in line.",
        labels=["queue"],
    )
    oldest.add_metric([QUEUE_NAME], waiting.oldest_in_line(now))
    yield oldest
    yield GaugeMetricFamily(
        "operation_run_heartbeat_age_seconds_max",
        "Since the heartbeat of the running run that was silent longest.",
        value=_oldest_heartbeat(now),
    )
    yield GaugeMetricFamily(
        "operation_reaper_last_success_timestamp_seconds",
        "When reconcile last ran; 0: never.",
        value=_last_reconcile(),
    )
    yield _workers()


def _by(*columns: Any) -> sa.Select[Any]:
    return sa.select(*columns, sa.func.count()).where(ACTIVE).group_by(*columns)


def _oldest_heartbeat(now: Any) -> float:
    oldest = db.session.scalar(
        sa.select(sa.func.min(OperationRun.heartbeat_at)).where(
            ACTIVE, OperationRun.status == RunStatus.RUNNING
        )
    )
    return max((now - oldest).total_seconds(), 0) if oldest else 0


def _last_reconcile() -> float:
    tick = db.session.get(Tick, queue_health.RECONCILE)
    return tick.ran_at.timestamp() if tick and tick.ran_at else 0


def _workers() -> Metric:
    family = GaugeMetricFamily(
        "cicd_worker_count",
        "Workers; offline: not heard of, though they did not stop (for a day).",
        labels=["state"],
    )
    found = queue_health.workers()
    busy = sum(worker.is_busy for worker in found)
    live = sum(worker.is_live for worker in found)
    family.add_metric(["available"], live - busy)
    family.add_metric(["busy"], busy)
    family.add_metric(["offline"], sum(worker.lost for worker in found))
    return family


def _counters(totals: Totals) -> Iterator[Metric]:
    for name, (documentation, names) in _COUNTERS.items():
        family = CounterMetricFamily(name.removesuffix("_total"), documentation, labels=names)
        for (_, text), value in sorted(_of(totals, name).items()):
            found = json.loads(text)
            family.add_metric([found[label] for label in names], value)
        yield family


def _waits(totals: Totals) -> Metric:
    family = HistogramMetricFamily(
        WAIT, "From the click, schedule or command to the first start by a worker."
    )
    buckets = [
        (str(bound), totals[f"{WAIT}_bucket", run_totals.labels(le=str(bound))])
        for bound in run_totals.WAIT_BOUNDS
    ]
    count, seconds = (totals[f"{WAIT}_{part}", run_totals.labels()] for part in ("count", "sum"))
    family.add_metric([], buckets=[*buckets, ("+Inf", count)], sum_value=seconds)
    return family


def _of(totals: Totals, name: str) -> Totals:
    return Totals({key: value for key, value in totals.items() if key[0] == name})
