"""``/metrics``: for whoever has the token, in the format they ask for, and nobody is named."""

from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from opsapp.models import Hold, RunOutcome, RunStatus
from tests.support.queries import counted

TOKEN = "scraper-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"metrics_token": TOKEN})


@pytest.fixture
def scrape(client):
    """The value of a sample; None when there is no such sample."""

    def scrape(name, **labels):
        response = client.get("/metrics", headers=BEARER)
        assert response.status_code == 200
        for family in parse(response.text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return None

    return scrape


def test_without_a_token_set_there_is_no_such_page(make_app, settings):
    app = make_app(settings.model_copy(update={"metrics_token": None}))
    assert app.test_client().get("/metrics", headers=BEARER).status_code == 404
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    "given", [None, "", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", "Bearer \xe9"]
)
def test_without_the_right_token_nothing_is_told(client, given):
    headers = {} if given is None else {"Authorization": given}
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "operation_" not in response.text


@pytest.mark.parametrize(
    ("accept", "kind", "parser"),
    [
        ("", "text/plain", parse),
        ("text/plain", "text/plain", parse),
        (
            "application/openmetrics-text; version=1.0.0",
            "application/openmetrics",
            parse_openmetrics,
        ),
    ],
)
def test_the_scraper_chooses_the_format(client, ledger, accept, kind, parser):
    ledger.run()
    response = client.get("/metrics", headers={**BEARER, "Accept": accept})
    assert response.headers["Content-Type"].startswith(kind)
    names = {family.name for family in parser(response.text)}
    assert {"operation_run_queue_wait_seconds", "cicd_worker_count"} <= names


def test_the_ledger_in_numbers(ledger, scrape):
    ledger.run(RunOutcome.FAILED)
    ledger.run(RunStatus.QUEUED, age=10 * MINUTE, hold=Hold.GRAPH)
    ledger.run(RunStatus.QUEUED, age=4 * MINUTE)
    ledger.run(RunStatus.RUNNING)
    ledger.worker("idle")
    ledger.worker("worker-1")
    ledger.worker("gone", silent=5 * MINUTE)
    ledger.reconciled()
    kind = "inventory.sync"
    assert scrape("operation_runs_active", kind=kind, status="queued") == 2
    assert scrape("operation_runs_active", kind=kind, status="running") == 1
    assert scrape("operation_runs_held", hold="graph") == 1
    assert 230 < scrape("operation_run_oldest_queued_seconds", queue="opsapp") < 300
    assert scrape("operation_run_heartbeat_age_seconds_max") < 60
    assert scrape("operation_reaper_last_success_timestamp_seconds") > 1.7e9
    assert [scrape("cicd_worker_count", state=s) for s in ("available", "busy", "offline")] == [
        *(1, 1),
        1,
    ]
    ended = {"kind": kind, "outcome": "failed", "reason_code": "worker.lost"}
    assert scrape("operation_runs_completed_total", **ended) == 1
    assert scrape("operation_run_queue_wait_seconds_bucket", le="5.0") == 1
    assert scrape("operation_run_queue_wait_seconds_count") == 1
    assert scrape("operation_dispatch_total", result="rejected") == 0


def test_an_empty_installation(scrape):
    assert scrape("operation_run_oldest_queued_seconds", queue="opsapp") == 0
    assert scrape("operation_run_heartbeat_age_seconds_max") == 0
    assert scrape("operation_reaper_last_success_timestamp_seconds") == 0


def test_nobody_is_named(client, cast, ledger):
    ledger.run(user_id=cast["operator"].id)
    text = client.get("/metrics", headers=BEARER).text.lower()
    assert "contoso" not in text
    assert "ana" not in text
    labels = {
        label for family in parse(text) for sample in family.samples for label in sample.labels
    }
    assert labels <= {"kind", "status", "outcome", "reason_code", "result", "state", "queue", "le"}


def test_a_scrape_is_a_fixed_number_of_queries(app, client, ledger):
    ledger.run()
    with counted(app) as few:
        client.get("/metrics", headers=BEARER)
    for number in range(5):
        ledger.run()
        ledger.worker(f"w{number}")
    with counted(app) as many:
        client.get("/metrics", headers=BEARER)
    assert len(many) == len(few) == 14, few
