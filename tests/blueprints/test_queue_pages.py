"""The page of workers and queue."""

from datetime import timedelta

from opsapp.database import utcnow
from opsapp.models import Hold, RunOutcome, RunStatus, WorkerState
from opsapp.runs.reconcile import TICK_NAME
from opsapp.services import queue_health
from tests.support.page_parts import figures, words
from tests.support.queries import counted

DAY = timedelta(days=1)
QUEUED, RUNNING = RunStatus.QUEUED, RunStatus.RUNNING


class TestQueue:
    def test_workers_are_live_stopped_or_lost(self, page, ledger):
        ledger.worker("busy")
        ledger.run(RUNNING, worker="busy")
        ledger.worker("just-done", WorkerState.BUSY)
        ledger.worker("gone", WorkerState.IDLE, silent=timedelta(minutes=2))
        ledger.worker("ended", WorkerState.STOPPED, silent=timedelta(minutes=2))
        ledger.worker("forgotten", silent=2 * DAY)
        shown = page("/monitoring/queue", "admin")
        table = shown.find("caption", string="Worker processes").parent
        states = {
            words(row.select_one(".row-sub")).split()[0]: words(row.select_one(".state"))
            for row in table.select("tbody tr")
        }

        assert states == {"busy": "Busy", "just-done": "Idle", "gone": "Lost", "ended": "Stopped"}
        assert table.find("a", string="Sync inventory of Contoso")
        assert (
            words(shown.select_one(".answer")) == "1 of 2 workers busy; nothing waits for a worker."
        )

    def test_nothing_at_all(self, page):
        shown = page("/monitoring/queue", "admin")

        assert words(shown.select_one(".answer")) == (
            "No worker is live, so nothing moves; the queue is empty."
        )
        assert "No worker was heard of" in shown.text
        assert "Never measured" in shown.text

    def test_what_waits_and_what_was_mended(self, page, ledger):
        ledger.worker()
        ledger.run(QUEUED, age=timedelta(minutes=4))
        ledger.run(QUEUED, hold=Hold.GRAPH)
        ledger.queue(1)
        round_ = {"at": utcnow().isoformat(), "by": "w-7", "healed": {"lost": 2, "released": 1}}
        ledger.reconciled({"rounds": [round_]})
        shown = page("/monitoring/queue", "admin")

        assert figures(shown)["Waiting"] == "1"
        assert figures(shown)["Held"] == "1"
        assert "the oldest for 3 min" in shown.text
        assert "2 runs lost by the queue, 1 run held and released" in shown.text
        assert "w-7" in shown.text
        assert "Reachable" in shown.text

    def test_an_unreachable_queue_is_said_first(self, page, ledger):
        ledger.worker()
        ledger.queue(None, reachable=False)

        answer = page("/monitoring/queue", "admin").select_one(".answer")
        assert "could not be reached" in answer.text

    def test_the_tick_is_called_what_the_ledger_calls_it(self):
        assert queue_health.RECONCILE == TICK_NAME

    def test_many_ask_no_more_than_few(self, app, cast, ledger):
        client = cast.client("admin")
        ledger.worker()
        ledger.run(RUNNING)
        ledger.run(QUEUED)
        client.get("/monitoring/queue")
        with counted(app) as few:
            client.get("/monitoring/queue")
        for number in range(10):
            ledger.worker(f"w{number}")
            ledger.run(RUNNING, worker=f"w{number}")
            ledger.run(QUEUED)
        with counted(app) as many:
            client.get("/monitoring/queue")

        assert len(many) == len(few) == 12, few

    def test_how_long_each_kind_has_waited(self, page, ledger):
        ledger.run(QUEUED, age=timedelta(minutes=4))
        ledger.run(QUEUED, age=timedelta(minutes=9), hold=Hold.GRAPH)
        ledger.run(QUEUED, age=timedelta(minutes=2), dispatched_at=None)
        ledger.run(RUNNING, age=timedelta(minutes=30))
        tiles = words(page("/monitoring/queue", "admin").select_one(".stat-row"))

        assert "the oldest for 3 min 59 s" in tiles
        assert "the oldest for 9 min 00 s" in tiles
        assert "the oldest for 2 min 00 s" in tiles
        assert "the longest for 29 min 58 s" in tiles

    def test_what_became_of_handing_over(self, page, ledger):
        ledger.run(age=3 * DAY, events=[("dispatched", "Handed to the queue.")])
        for _ in range(3):
            ledger.run(events=[("dispatched", "Handed to the queue.")])
        for answer in ("rejected", "rejected", "unknown"):
            failed = {"reason_code": "queue.dispatch_failed", "dispatch": answer}
            ended = [("completed", "Failed.", failed)]
            ledger.run(RunOutcome.FAILED, reason_code="queue.dispatch_failed", events=ended)
        ledger.run(RunOutcome.FAILED, events=[("completed", "Failed.", {"reason_code": "x.y"})])
        shown = page("/monitoring/queue", "admin").find("h2", string="Handing over")
        shown = shown.find_parent("section")

        assert [words(value) for value in shown.select("dd")] == ["3", "2", "1"]

    def test_workers_of_another_version_are_named(self, page, ledger):
        ledger.worker("new")
        assert not page("/monitoring/queue", "admin").select(".notice")
        ledger.worker("old", version="0.0.9")
        ledger.worker("older", WorkerState.STOPPED, version="0.0.8")
        shown = page("/monitoring/queue", "admin")

        assert "the live workers run 0.0.9 (1), 0.1.0 (1)." in words(shown.select_one(".notice"))
        assert shown.text.count("Differs") == 1
