"""Starting, cancelling and retrying runs from the browser."""

import pytest
from bs4 import BeautifulSoup

from opsapp.database import utcnow
from opsapp.models import (
    Hold,
    ItemResult,
    OperationRun,
    RunOutcome,
    RunStatus,
    Tenant,
)
from opsapp.models.base import write
from tests.support.ledger_rows import FAILED, PARTIAL, item

START = "/tenants/contoso/runs"


@pytest.fixture
def runs(ledger):
    """All runs, oldest first, as they are now."""
    return lambda: ledger.all(OperationRun)


def flashes(client) -> list[tuple[str, str | None]]:
    """Text and link of the messages that the next page shows."""
    page = BeautifulSoup(client.get("/notifications").data, "html.parser")
    found = []
    for note in page.select(".flashes .notice-text"):
        link = note.find("a")
        found.append((" ".join(note.text.split()), link and link["href"]))
    return found


class TestWithAQueue:
    @pytest.fixture
    def queue_url(self, redis_url):
        return redis_url

    def test_a_start_is_queued_and_says_so(self, cast, ledger, runs):
        client = cast.client("operator")
        answer = client.post(START, data={"type": "inventory.sync"})

        (run,) = runs()
        assert answer.status_code == 303
        assert (run.status, run.user_id) == (RunStatus.QUEUED, cast["operator"].id)
        assert run.dispatched_at is not None
        assert flashes(client) == [
            (
                "Sync inventory of Contoso is queued. View run",
                f"/monitoring/operations/{run.id}",
            )
        ]

    def test_a_second_start_leads_to_the_active_run(self, cast, ledger, runs):
        cast.client("operator").post(START, data={"type": "inventory.sync"})
        other = cast.client("manager")
        other.post(START, data={"type": "inventory.sync"})

        (run,) = runs()
        assert run.user_id == cast["operator"].id
        ((text, link),) = flashes(other)
        assert text.startswith(
            "Sync inventory of Contoso is already active, started by Operator Person"
        )
        assert link == f"/monitoring/operations/{run.id}"

    def test_ones_own_active_run_is_called_ones_own(self, cast, ledger, runs):
        client = cast.client("operator")
        client.post(START, data={"type": "inventory.sync"})
        flashes(client)
        client.post(START, data={"type": "inventory.sync"})

        assert "started by you" in flashes(client)[0][0]

    def test_inputs_come_from_the_form(self, cast, ledger, runs):
        chosen = ["configurationPolicies", "conditionalAccessPolicies"]
        cast.client("operator").post(START, data={"type": "inventory.sync", "types": chosen})

        assert runs()[0].inputs == {"types": sorted(chosen)}

    def test_a_retry_leads_to_a_new_run_of_the_same_work(self, cast, ledger, runs):
        old = ledger.run(FAILED)
        answer = cast.client("operator").post(f"/monitoring/operations/{old}/retry")

        new = runs()[-1]
        assert (answer.status_code, answer.location) == (303, f"/monitoring/operations/{new.id}")
        assert (new.retry_of_id, new.type, new.status) == (old, "inventory.sync", "queued")

    def test_a_retry_of_what_failed_does_that_alone(self, cast, ledger, runs):
        def failed():
            return item("deviceConfigurations", ItemResult.FAILED, kind="collection")

        old = ledger.run(PARTIAL, summary_counts=ledger.counts(5, 1), items=[failed()])
        cast.client("operator").post(
            f"/monitoring/operations/{old}/retry", data={"failed_only": "1"}
        )

        assert runs()[-1].retry_of_id == old
        chosen = ledger.all_selected()
        assert [(each.kind, each.key) for each in chosen] == [
            ("collection", "deviceConfigurations")
        ]

    def test_a_queued_run_is_cancelled_at_once(self, cast, ledger, runs):
        client = cast.client("operator")
        client.post(START, data={"type": "inventory.sync"})
        flashes(client)
        (run,) = runs()
        answer = client.post(f"/monitoring/operations/{run.id}/cancel")

        (run,) = runs()
        assert answer.location == f"/monitoring/operations/{run.id}"
        assert run.outcome == RunOutcome.CANCELLED
        assert flashes(client)[0][0].startswith("Sync inventory of Contoso was cancelled")


def test_without_a_queue_the_click_says_plainly_that_nothing_was_done(cast, ledger, runs):
    client = cast.client("operator")
    answer = client.post(START, data={"type": "inventory.sync"})

    (run,) = runs()
    ((text, link),) = flashes(client)
    assert answer.status_code == 303
    assert (run.outcome, run.reason_code) == (RunOutcome.FAILED, "queue.dispatch_failed")
    assert "could not be handed to the queue; nothing was done" in text
    assert link == f"/monitoring/operations/{run.id}"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "no.such"}, "There is no such operation. Nothing was started."),
        ({}, "There is no such operation. Nothing was started."),
        ({"type": "tenant.verify", "colour": "red"}, "takes no inputs"),
    ],
)
def test_what_is_not_acceptable_is_refused_in_words(cast, ledger, runs, data, said):
    client = cast.client("operator")
    client.post(START, data=data)

    assert runs() == []
    ((text, link),) = flashes(client)
    assert said in text
    assert link is None


def test_a_suspended_tenant_starts_nothing(cast, ledger, runs):
    with cast.app.app_context(), write() as session:
        session.get_one(Tenant, cast.tenant_id).suspended_at = utcnow()
    client = cast.client("operator")
    client.post(START, data={"type": "inventory.sync"})

    assert runs() == []
    assert "Contoso is suspended." in flashes(client)[0][0]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (
            {"headers": {"Referer": "http://localhost/tenants/contoso/?a=1"}},
            "/tenants/contoso/?a=1",
        ),
        ({"headers": {"Referer": "https://evil.example/tenants/"}}, "/tenants/contoso/"),
        ({}, "/tenants/contoso/"),
        ({"next": "/notifications"}, "/notifications"),
        ({"next": "//evil.example/"}, "/"),
        ({"next": "https://evil.example/"}, "/"),
    ],
)
def test_the_answer_leads_back_to_where_the_click_came_from(cast, ledger, runs, where, expected):
    data = {"type": "no.such"} | ({"next": where["next"]} if "next" in where else {})
    answer = cast.client("operator").post(START, data=data, headers=where.get("headers"))

    assert (answer.status_code, answer.location) == (303, expected)


def test_a_running_run_is_asked_to_stop(cast, ledger, runs):
    run_id = ledger.run(RunStatus.RUNNING, user_id=cast["operator"].id)
    client = cast.client("operator")
    client.post(f"/monitoring/operations/{run_id}/cancel")

    (run,) = runs()
    assert run.status == RunStatus.RUNNING
    assert run.cancel_requested_by == "Operator Person"
    assert "asked to stop" in flashes(client)[0][0]


def test_an_ended_run_cannot_be_cancelled(cast, ledger, runs):
    run_id = ledger.run()
    client = cast.client("manager")
    client.post(f"/monitoring/operations/{run_id}/cancel")

    assert flashes(client)[0][0] == "The run has already ended."


@pytest.mark.parametrize(
    ("role", "own", "status"),
    [
        ("operator", True, 303),
        ("operator", False, 403),
        ("manager", False, 303),
        ("readonly", True, 403),
        ("outsider", True, 404),
    ],
)
def test_who_may_cancel_what(cast, ledger, runs, role, own, status):
    owner = cast[role] if own else cast["owner"]
    run_id = ledger.run(RunStatus.QUEUED, hold=Hold.PAUSED, user_id=owner.id)
    answer = cast.client(role).post(f"/monitoring/operations/{run_id}/cancel")

    assert answer.status_code == status
    assert runs()[0].is_active == (status != 303)


def test_an_active_run_cannot_be_retried(cast, ledger, runs):
    run_id = ledger.run(RunStatus.RUNNING)
    client = cast.client("operator")
    answer = client.post(f"/monitoring/operations/{run_id}/retry")

    assert answer.location == f"/monitoring/operations/{run_id}"
    assert flashes(client)[0][0] == "The run is still active. Nothing was started."
    assert len(runs()) == 1


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_run_that_does_not_exist_is_not_found(cast, ledger, runs, action):
    answer = cast.client("admin").post(f"/monitoring/operations/999/{action}")

    assert answer.status_code == 404
