"""Why a queued run does not run: the chain of causes, from the database alone."""

from datetime import timedelta

import pytest

from opsapp.database import utcnow
from opsapp.models import Hold, RunStatus, WorkerState
from opsapp.operations.tenant_verify import TenantVerify
from tests.support.page_parts import run_page, words
from tests.support.queries import counted

QUEUED, RUNNING = RunStatus.QUEUED, RunStatus.RUNNING
MINUTE = timedelta(minutes=1)


@pytest.fixture
def causes(page):
    """The causes that the page of a run shows: title and all that is said below it."""

    def causes(run: int, role: str = "operator") -> list[tuple[str, str]]:
        shown = page(run_page(run), role).select(".causes li")
        return [
            (words(cause.b), " ".join(words(line) for line in cause.select("p")[1:]))
            for cause in shown
        ]

    return causes


def titles(found: list[tuple[str, str]]) -> list[str]:
    return [title for title, _ in found]


def test_the_next_in_line(causes, ledger):
    ledger.worker()

    assert causes(ledger.run(QUEUED)) == [
        (
            "Next in the queue",
            "A worker is free and takes it within a moment. Nobody has to do anything.",
        )
    ]


def test_runs_ahead_and_how_many_of_them_are_the_tenants(causes, ledger):
    ledger.worker(state=WorkerState.BUSY, current_run_id=ledger.run(RUNNING, worker="worker-1"))
    ledger.run(QUEUED, age=3 * MINUTE)
    ledger.run(QUEUED, age=2 * MINUTE, hold=Hold.PAUSED)
    run = ledger.run(QUEUED, age=MINUTE)
    ledger.run(QUEUED, age=timedelta(seconds=5))
    ((title, text),) = causes(run)

    assert title == "1 run is ahead of it"
    assert text.startswith(
        "1 of this tenant. The one worker is busy. "
        "Wait, or add a worker. Who can: An administrator."
    )


def test_no_worker(causes, ledger):
    ledger.worker(silent=4 * MINUTE)
    ((title, text),) = causes(ledger.run(QUEUED))

    assert title == "No live worker"
    assert "Start one: python -m workers. Who can: Whoever runs the servers." in text


def test_since_when_there_is_no_worker(page, ledger):
    ledger.worker(silent=4 * MINUTE)
    cause = page(run_page(ledger.run(QUEUED))).select_one(".causes li")

    assert words(cause.p).startswith("No live worker since ")
    assert "UTC" in cause.time["title"]


def test_not_handed_over(causes, ledger):
    ledger.worker()
    ((title, text),) = causes(ledger.run(QUEUED, dispatched_at=None))

    assert title == "Not handed to the queue yet"
    assert "The next round of upkeep hands it over, within seconds." in text


def test_the_queue_cannot_be_reached(causes, ledger):
    ledger.worker()
    ledger.queue(None, reachable=False)

    assert "could not be reached" in causes(ledger.run(QUEUED, dispatched_at=None))[0][1]


def test_missing_from_the_queue(causes, ledger):
    ledger.worker()

    assert titles(causes(ledger.run(QUEUED, missing_since=utcnow()))) == ["Missing from the queue"]


def test_the_queue_is_paused(causes, ledger):
    ledger.worker()
    ledger.pause("maintenance until noon", whole_queue=True)
    ((title, text),) = causes(ledger.run(QUEUED, hold=Hold.PAUSED))

    assert title == "The queue is paused"
    assert text.startswith(
        "By Ana Ferreira: maintenance until noon Resume it. Who can: An administrator."
    )


def test_the_tenant_is_paused(causes, ledger):
    ledger.worker()
    ledger.pause("audit")
    ((title, text),) = causes(ledger.run(QUEUED, hold=Hold.PAUSED))

    assert title == "Runs of Contoso are paused"
    assert "An owner of Contoso, or an administrator. Contoso" in text


def test_a_pause_that_is_over(causes, ledger):
    ledger.worker()

    assert titles(causes(ledger.run(QUEUED, hold=Hold.PAUSED))) == ["The pause is over"]


def test_the_tenant_is_at_its_limit(app, page, causes, ledger):
    settings = app.extensions["opsapp.settings"]
    app.extensions["opsapp.settings"] = settings.model_copy(update={"tenant_concurrency": 2})
    ledger.worker()
    ledger.run(RUNNING)
    assert titles(causes(ledger.run(QUEUED))) == ["Next in the queue"]
    ledger.run(RUNNING)
    run = ledger.run(QUEUED, age=6 * MINUTE)
    ((title, text),) = causes(run)

    assert title == "Contoso is at its limit of 2 runs at a time"
    assert text.startswith("2 of its runs are running.")
    link = page(run_page(run)).select_one(".causes a")
    assert len(page(link["href"]).select("#runs .row-link")) == 2


def test_another_run_changes_the_tenant(page, causes, ledger, monkeypatch):
    monkeypatch.setattr(TenantVerify, "writes", True)
    ledger.worker()
    writing = ledger.run(RUNNING, type="tenant.verify")
    run = ledger.run(QUEUED, type="tenant.verify")

    assert titles(causes(run)) == ["Another run is changing Contoso"]
    assert page(run_page(run)).select_one(".causes a")["href"] == run_page(writing)


def test_the_tenant_waits_for_graph(causes, ledger):
    ledger.worker()
    until = utcnow() + timedelta(minutes=10)
    held = ledger.run(QUEUED, hold=Hold.GRAPH, not_before=until, wait_reason="429 from Graph")
    other = ledger.run(QUEUED, age=MINUTE)

    for run, said in ((held, "429 from Graph."), (other, "Graph asked for a pause")):
        ((title, text),) = causes(run)
        assert title == "Contoso waits for Microsoft Graph"
        assert text.startswith(said)
        assert "It goes on by itself at " in text


@pytest.mark.parametrize(
    ("hold", "title"),
    [(Hold.CONFIRMATION, "Awaiting confirmation"), (Hold.APPROVAL, "Awaiting approval")],
)
def test_it_waits_for_somebodys_word(causes, ledger, hold, title):
    ledger.worker()
    ((found, text),) = causes(ledger.run(QUEUED, hold=hold, dispatched_at=None))

    assert found == title
    assert "Who can: Whoever may in Contoso." in text


def test_all_causes_are_said_in_order(causes, ledger):
    ledger.worker(silent=4 * MINUTE)
    ledger.pause("maintenance", whole_queue=True)
    ledger.pause("audit")
    ledger.run(QUEUED, age=9 * MINUTE)
    ledger.run(QUEUED, hold=Hold.GRAPH, not_before=utcnow() + MINUTE)

    assert titles(causes(ledger.run(QUEUED, age=MINUTE))) == [
        "1 run is ahead of it",
        "No live worker",
        "The queue is paused",
        "Runs of Contoso are paused",
        "Contoso waits for Microsoft Graph",
    ]


def test_only_those_who_may_see_the_queue_are_led_there(page, ledger):
    run = ledger.run(QUEUED)

    assert page(run_page(run)).select(".causes a") == []
    assert page(run_page(run), "admin").select_one(".causes a")["href"] == "/monitoring/queue"


def test_a_running_run_has_no_causes(causes, ledger):
    assert causes(ledger.run(RUNNING)) == []


def test_many_that_wait_ask_no_more_than_few(app, cast, ledger):
    client = cast.client("operator")
    run = ledger.run(QUEUED, age=MINUTE)
    client.get(run_page(run))
    with counted(app) as few:
        client.get(run_page(run))
    for _ in range(8):
        ledger.run(QUEUED, age=9 * MINUTE)
        ledger.run(RUNNING)
    with counted(app) as many:
        client.get(run_page(run))

    assert len(many) == len(few)
    assert len(few) <= 22, few


class TestOnBothDatabases:
    @pytest.fixture
    def database_url(self, any_database):
        return any_database

    def test_every_question_is_understood(self, causes, ledger):
        ledger.pause("audit")
        ledger.run(QUEUED, hold=Hold.GRAPH, not_before=utcnow() + MINUTE)

        assert titles(causes(ledger.run(QUEUED, hold=Hold.PAUSED))) == [
            "No live worker",
            "Runs of Contoso are paused",
            "Contoso waits for Microsoft Graph",
        ]
