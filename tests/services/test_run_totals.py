"""Totals stay exact and only rise, whatever is rolled up, deleted or still under way."""

import json
import threading
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from opsapp import run_totals
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import ItemResult, MetricTotal, OperationRun, RunOutcome, RunStatus, Tick
from opsapp.models.base import write
from opsapp.run_totals import DISPATCH, ITEMS, RUNS, WAIT, roll_up
from opsapp.services import metrics
from tests.support.ledger_rows import item

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
FAILED, SUCCEEDED = RunOutcome.FAILED, RunOutcome.SUCCEEDED
DISPATCHED = ("dispatched", "Handed to the queue.")


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def totals(app_context):
    """The totals of one name by their labels' values, without zeros."""

    def totals(name):
        db.session.rollback()
        found = run_totals.everything(db.session())
        return {
            tuple(json.loads(labels).values()): value
            for (each, labels), value in found.items()
            if each == name and value
        }

    return totals


def rolled_up(name):
    db.session.rollback()
    query = sa.select(sa.func.sum(MetricTotal.value)).where(MetricTotal.name == name)
    return db.session.scalar(query) or 0


def delete(run_id):
    with write() as session:
        session.execute(sa.delete(OperationRun).where(OperationRun.id == run_id))


def test_what_is_counted_stays_so_when_it_is_rolled_up_and_deleted(ledger, totals):
    old = ledger.run(
        FAILED,
        age=HOUR,
        items=[item("1", ItemResult.FAILED), item("2"), item("3", ItemResult.UNCHANGED)],
        events=[DISPATCHED],
    )
    ledger.run(age=SECOND, took=SECOND * 0.5, items=[item("4")], events=[DISPATCHED])
    ledger.run(RunStatus.RUNNING, items=[item("5")])
    names = (RUNS, ITEMS, DISPATCH, f"{WAIT}_bucket", f"{WAIT}_count")
    before = {name: totals(name) for name in names}
    sync = "inventory.sync"
    assert before[RUNS] == {(sync, "failed", "worker.lost"): 1, (sync, "succeeded", ""): 1}
    assert before[ITEMS] == {
        (sync, "failed", "graph.throttled"): 1,
        (sync, "succeeded", ""): 2,
        (sync, "unchanged", ""): 1,
    }
    assert before[DISPATCH] == {("accepted",): 2}

    assert roll_up("worker-1")
    assert rolled_up(RUNS) == 1, "what ended just now is left for the next time"
    assert {name: totals(name) for name in names} == before
    delete(old)
    assert {name: totals(name) for name in names} == before


def test_later_runs_are_added_to_what_was_rolled_up(ledger, totals):
    ledger.run(age=HOUR, events=[DISPATCHED])
    roll_up("worker-1")
    ledger.run(age=HOUR / 2, events=[DISPATCHED])
    with write() as session:  # as if that run had ended after the first round
        session.get_one(Tick, run_totals.TICK_NAME).report = run_totals.Watermark(
            utcnow() - HOUR * 0.7, run_totals.watermark(session).event_id
        ).report
    roll_up("worker-1")
    assert rolled_up(RUNS) == 2
    assert rolled_up(DISPATCH) == 2
    assert list(totals(RUNS).values()) == [2]


def test_an_event_with_a_lower_id_that_is_younger_is_not_passed_over(ledger, totals):
    """Ids are given at the insert, times a little earlier: they need not rise together."""
    ledger.run(age=SECOND * 30, events=[DISPATCHED])  # younger than the lag
    ledger.run(age=HOUR, events=[DISPATCHED])
    roll_up("worker-1")
    assert rolled_up(DISPATCH) == 0
    assert totals(DISPATCH) == {("accepted",): 2}


def test_one_round_a_minute_whoever_ticks(ledger, app_context):
    assert roll_up("worker-1", every=timedelta(minutes=1))
    assert not roll_up("worker-2", every=timedelta(minutes=1))
    row = db.session.get_one(Tick, run_totals.TICK_NAME)
    assert row.ran_by == "worker-1"
    with write():
        row.ran_at -= timedelta(minutes=2)
    assert roll_up("worker-2", every=timedelta(minutes=1))


def test_waits_fall_into_buckets(ledger, totals):
    now = utcnow()
    for wait in (0.5, 1.5, 7200):
        ledger.run(created_at=now - HOUR * 3, started_at=now - HOUR * 3 + wait * SECOND)
    ledger.run(FAILED, started_at=None)  # never came that far
    buckets = totals(f"{WAIT}_bucket")
    assert (buckets["1.0",], buckets["2.0",], buckets["3600.0",], buckets["21600.0",]) == (
        *(1, 2, 2),
        3,
    )
    assert totals(f"{WAIT}_count") == {(): 3}
    assert totals(f"{WAIT}_sum")[()] == pytest.approx(7202, abs=0.1)


def test_dispatches_that_failed_say_what_is_known(ledger, totals):
    for answer in ("rejected", "rejected", "unknown", None):
        data = {"reason_code": "queue.dispatch_failed", "dispatch": answer}
        ledger.run(FAILED, events=[("completed", "Failed.", data)])
    ledger.run(FAILED, events=[("completed", "Failed.", {"reason_code": "queue.dispatch_failed"})])
    ledger.run(FAILED, events=[("completed", "Failed.", {"reason_code": "worker.lost"})])
    assert totals(DISPATCH) == {("rejected",): 2, ("unknown",): 3}


def test_no_scrape_counts_a_run_twice_or_never_while_totals_are_rolled_up(
    app, ledger, app_context, monkeypatch
):
    begun = utcnow() - HOUR
    for number in range(12):
        ledger.run(age=HOUR - number * SECOND, took=SECOND)
    clock = iter(begun + run_totals.LAG + number * SECOND for number in range(60))
    seen: Counter[float] = Counter()
    rolling = threading.Event()

    def scrape():
        rolling.wait()
        with app.app_context():
            while rolling.is_set():
                [family] = [
                    each
                    for each in metrics.LedgerCollector().collect()
                    if each.name == RUNS.removesuffix("_total")
                ]
                seen[sum(sample.value for sample in family.samples)] += 1

    thread = threading.Thread(target=scrape)
    thread.start()
    monkeypatch.setattr(run_totals, "utcnow", lambda: next(clock))
    rolling.set()
    try:
        for _ in range(20):
            roll_up("worker-1")
        deadline = threading.Event()
        while sum(seen.values()) < 3 and not deadline.wait(0.05):
            pass
    finally:
        rolling.clear()
        thread.join(20)
    assert rolled_up(RUNS) == 12
    assert set(seen) == {12.0}
