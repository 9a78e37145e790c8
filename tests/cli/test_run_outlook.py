"""What ``flask runs`` tells beside the facts: causes, what is open, comparison, reasons."""

import json

import pytest

from opsapp.models import ItemResult, OperationRun, OperationRunItem, RunOutcome, RunStatus
from tests.support.ledger_rows import PARTIAL, item


@pytest.fixture
def queue_url(redis_url: str) -> str:
    return redis_url


class TestOutlook:
    """What ``show`` says beside the facts."""

    def test_why_a_run_waits(self, ledger, data, flask):
        run_id = ledger.run(RunStatus.QUEUED)
        (cause,) = data("runs", "show", run_id)["waits_for"]
        assert (cause["title"], cause["code"]) == ("No live worker", "queue.no_worker")
        lines = flask("runs", "show", run_id).stdout.splitlines()
        assert lines[1] == (
            "No live worker. Nothing moves until a worker is started. Start one: python -m workers."
        )

    def test_what_is_open_of_it(self, ledger, data, flask):
        items = [
            OperationRunItem(kind="k", key=code, result=ItemResult.FAILED, reason_code=code)
            for code in ("graph.throttled", "graph.unavailable", "graph.forbidden")
        ]
        run_id = ledger.run(RunOutcome.FAILED, items=items)
        found = data("runs", "show", run_id)
        assert (found["open"]["retryable"], found["open"]["needs_you"]) == (2, 1)
        assert (found["lineage"], found["repaired"], found["waits_for"]) == ([run_id], None, [])
        lines = flask("runs", "show", run_id).stdout.splitlines()
        assert lines[1] == "2 items can be retried, 1 needs you."

    def test_who_cancelled_it_and_why(self, ledger, data, flask):
        run_id = ledger.run(RunStatus.QUEUED)
        flask("runs", "cancel", run_id, "--reason", "wrong tenant", role="manager")
        assert data("runs", "show", run_id)["cancel_reason"] == "wrong tenant"
        said = flask("runs", "show", run_id).stdout
        assert "Cancel asked for by Manager Person: wrong tenant" in said


class TestCompare:
    @pytest.fixture
    def pair(self, ledger):
        def failed(*keys):
            return [item(key, ItemResult.FAILED) for key in keys]

        same = {"run_identity_hash": "c" * 64}
        return [ledger.run(PARTIAL, items=failed(*keys), **same) for keys in ("ab", "bc")]

    def test_the_previous_run_is_taken(self, flask, pair):
        result = flask("runs", "compare", pair[1])

        said = (
            "1 newly failing, 1 still failing, 1 failed then and not dealt with now. "
            "It took 42 s, as long as the other."
        )
        assert result.output.splitlines() == [
            f"Run {pair[1]} against run {pair[0]}: {said}",
            "Newly failing: 1 item",
            "  Policy c  graph.throttled",
            "Still failing: 1 item",
            "  Policy b  graph.throttled",
            "Failed then, not dealt with now: 1 item",
            "  Policy a  graph.throttled",
        ]

    def test_as_data(self, flask, pair):
        data = json.loads(flask("runs", "compare", pair[0], "--with", pair[1], "--json").stdout)

        assert (data["run"]["id"], data["with"]["id"]) == tuple(pair)
        assert data["counts"] == {
            "newly_failing": 1,
            "still_failing": 1,
            "newly_fixed": 0,
            "not_tried": 1,
        }
        assert [one["key"] for one in data["items"]["newly_failing"]] == ["a"]

    def test_what_cannot_be_compared_is_refused(self, flask, pair):
        alone = flask("runs", "compare", pair[0])
        missing = flask("runs", "compare", pair[1], "--with", 999)
        hidden = flask("runs", "compare", pair[1], role="outsider")

        assert [answer.exit_code for answer in (alone, missing, hidden)] == [1, 1, 1]
        assert "no run 999" in missing.stderr


def test_a_cancelled_run_keeps_the_reason(app, flask, ledger):
    run_id = ledger.run(RunStatus.RUNNING)
    assert flask("runs", "cancel", run_id, "--reason", "wrong tenant").exit_code == 0

    assert [run.cancel_reason for run in ledger.all(OperationRun)] == ["wrong tenant"]


def test_one_reason_alone_is_retried(flask, ledger):
    failed = [item("a", ItemResult.FAILED)]
    failed.append(item("x", ItemResult.FAILED, reason_code="graph.forbidden"))
    run_id = ledger.run(PARTIAL, items=failed)
    made = flask("runs", "retry", run_id, "--reason-code", "graph.forbidden", "--json")
    refused = flask("runs", "retry", run_id, "--reason-code", "graph.not_found")

    assert json.loads(made.stdout)["retry_of_id"] == run_id
    assert [row.key for row in ledger.all_selected()] == ["x"]
    assert refused.exit_code == 1
