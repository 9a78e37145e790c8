"""``flask queue show``: what the page shows, for a shell."""

import json
from datetime import timedelta

from opsapp.database import utcnow
from opsapp.models import Hold, RunOutcome, RunStatus


def show(runner, *options):
    result = runner.invoke(args=["queue", "show", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_everything_as_json(runner, ledger):
    run = ledger.run(RunStatus.RUNNING, worker="busy")
    ledger.run(RunStatus.QUEUED, hold=Hold.GRAPH)
    ledger.run(RunStatus.QUEUED, age=timedelta(minutes=4), events=[("dispatched", "Handed.")])
    failed = {"reason_code": "queue.dispatch_failed", "dispatch": "rejected"}
    ended = [("completed", "Failed.", failed)]
    ledger.run(RunOutcome.FAILED, reason_code="queue.dispatch_failed", events=ended)
    ledger.worker("busy", version="0.0.1")
    ledger.queue(3)
    at = utcnow().isoformat()
    ledger.reconciled({"rounds": [{"at": at, "by": "w", "healed": {"lost": 2}}]})

    data = json.loads(show(runner, "--json"))

    assert data["answer"] == "1 of 1 worker busy; 1 run waits, 1 run held."
    assert "0.0.1 (1)" in data["versions"]
    assert data["server"]["depth"] == 3
    assert data["dispatched_24h"] == {"accepted": 1, "rejected": 1, "unknown": 0}
    assert {state: each["count"] for state, each in data["runs"].items()} == {
        "queued": 1,
        "held": 1,
        "undispatched": 0,
        "running": 1,
    }
    assert data["runs"]["undispatched"]["since"] is None
    assert data["runs"]["queued"]["since"].endswith("Z")
    [worker] = data["workers"]
    assert (worker["state"], worker["run_id"], worker["pid"]) == ("busy", run, 4711)
    [round_] = data["upkeep"]["rounds"]
    assert round_["healed"] == {"lost": 2}


def test_a_fresh_installation(runner):
    result = runner.invoke(args=["queue", "show"])
    assert result.exit_code == 0
    assert "No worker is live, so nothing moves; the queue is empty." in result.stdout
    assert "No worker was heard of" in result.stderr
