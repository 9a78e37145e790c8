"""The page of workers and queue."""

from datetime import timedelta

from opsapp.database import utcnow
from opsapp.models import Hold, RunStatus, WorkerState
from opsapp.runs.reconcile import TICK_NAME
from opsapp.services import queue_health
from tests.support.page_parts import figures, words
from tests.support.queries import counted

DAY = timedelta(days=1)
QUEUED, RUNNING = RunStatus.QUEUED, RunStatus.RUNNING


class TestQueue:
    def test_workers_are_live_stopped_or_lost(self, page, ledger):
        ledger.worker("busy", WorkerState.BUSY, current_run_id=ledger.run(RUNNING))
        ledger.worker("gone", WorkerState.IDLE, silent=timedelta(minutes=2))
        ledger.worker("ended", WorkerState.STOPPED, silent=timedelta(minutes=2))
        ledger.worker("forgotten", silent=2 * DAY)
        shown = page("/monitoring/queue", "admin")
        table = shown.find("caption", string="Worker processes").parent
        states = {
            words(row.select_one(".row-sub")).split()[0]: words(row.select_one(".state"))
            for row in table.select("tbody tr")
        }

        assert states == {"busy": "Busy", "gone": "Lost", "ended": "Stopped"}
        assert table.find("a", string="Sync inventory of Contoso")
        assert words(shown.select_one(".answer")) == "1 of 1 worker busy; nothing waits."

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
        ledger.reconciled({"healed": {"lost": 2}, "healed_at": utcnow().isoformat()})
        shown = page("/monitoring/queue", "admin")

        assert figures(shown)["Waiting"] == "1"
        assert figures(shown)["Held"] == "1"
        assert "the oldest for 3 min" in shown.text
        assert "Runs the queue had lost" in shown.text
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
        ledger.worker(current_run_id=ledger.run(RUNNING))
        ledger.run(QUEUED)
        client.get("/monitoring/queue")
        with counted(app) as few:
            client.get("/monitoring/queue")
        for number in range(10):
            ledger.worker(f"w{number}", current_run_id=ledger.run(RUNNING))
            ledger.run(QUEUED)
        with counted(app) as many:
            client.get("/monitoring/queue")

        assert len(many) == len(few)
        assert len(few) <= 12, few
