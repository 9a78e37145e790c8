"""A restore that ends before its objects do: each says what became of it, and so do the counts."""

import pytest

from opsapp import runs
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    OperationRunItem,
    RestoreItem,
    RestoreStatus,
    RestoreWrite,
    RunOutcome,
    RunStatus,
    Verdict,
    WriteState,
)
from opsapp.models.base import write
from opsapp.operations.restore_execute import RestoreExecute
from opsapp.runs.claiming import claim
from opsapp.runs.lease import lease_end
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import settle_interrupted
from tests.support.restore_plans import (
    EVERYBODY,
    again,
    confirmed,
    created_profile,
    items_of,
    left_as_is,
    run_of,
)

KEYS = ("unknown", "partly", "unread", "never")


@pytest.fixture
def restore(tenant):
    plans = [created_profile(key, key, assignments=[EVERYBODY]) for key in KEYS]
    return confirmed(tenant, [*plans, left_as_is("unchanged", "same")])


def begin(restore) -> str:
    run = run_of(again(restore))
    assert claim(run.id, run.dispatch_token, "worker", lease_end())
    return run.dispatch_token


def journal(restore, key, *states):
    item = items_of(restore)[key]
    with write() as session:
        for step, state in enumerate(states):
            session.add(
                RestoreWrite(
                    restore_id=restore.id,
                    item_id=item.id,
                    step=step,
                    method="POST",
                    address="/x",
                    body_sha256="0" * 64,
                    state=state,
                )
            )


def interrupted_halfway(restore) -> str:
    token = begin(restore)
    journal(restore, "unknown", WriteState.SENDING)
    journal(restore, "partly", WriteState.DONE)
    journal(restore, "unread", WriteState.DONE, WriteState.DONE)
    with write() as session:
        session.get_one(RestoreItem, items_of(restore)["unread"].id).done_at = utcnow()
    return token


def recorded(restore):
    rows = db.session.query(OperationRunItem).filter_by(run_id=restore.run_id)
    return {row.key: (row.result.value, row.reason_code) for row in rows}


def test_a_failure_leaves_every_object_in_its_true_state(restore):
    token = interrupted_halfway(restore)
    assert runs.finalize(restore.run_id, RunResult.failed("graph.unauthenticated"), token=token)
    assert recorded(restore) == {
        "unknown": ("failed", "item.effect_unknown"),
        "partly": ("failed", "item.effect_unknown"),
        "unread": ("succeeded", None),
        "never": ("skipped", "item.not_attempted"),
        "same": ("unchanged", None),
    }
    items = items_of(restore)
    assert "Partly written" in items["partly"].message
    assert items["unread"].verdict == Verdict.UNPROVEN
    ended = again(restore)
    assert (ended.status, ended.verdict) == (RestoreStatus.PARTIAL, Verdict.UNPROVEN)
    run = run_of(ended)
    assert (run.outcome, run.reason_code) == (RunOutcome.PARTIALLY_SUCCEEDED, "run.partial")
    assert run.failure_summary[0]["code"] == "graph.unauthenticated"
    counts = run.summary_counts
    assert (counts["total"], counts["succeeded"], counts["failed"], counts["skipped"]) == (
        5,
        2,
        2,
        1,
    )


def test_what_failed_before_anything_was_restored_is_failed(restore):
    token = begin(restore)
    assert runs.finalize(restore.run_id, RunResult.failed("graph.unauthenticated"), token=token)
    assert again(restore).status == RestoreStatus.FAILED
    assert recorded(restore)["never"] == ("skipped", "item.not_attempted")
    assert recorded(restore)["same"] == ("unchanged", None)


def test_a_cancel_says_the_same_of_what_was_begun(restore):
    token = interrupted_halfway(restore)
    assert runs.finalize(restore.run_id, RunResult.cancelled(), token=token)
    assert recorded(restore)["never"] == ("skipped", "run.cancelled_by_user")
    assert recorded(restore)["unknown"] == ("failed", "item.effect_unknown")
    assert again(restore).status == RestoreStatus.CANCELLED


def test_interruptions_count_only_while_nothing_gets_done(restore):
    for number in range(6):
        token = begin(restore)
        journal(restore, KEYS[number % 4], *[WriteState.DONE] * (number + 1))
        assert settle_interrupted(restore.run_id, token, "worker.killed")
        assert run_of(again(restore)).status == RunStatus.QUEUED
    for _ in range(RestoreExecute.attempts - 1):
        assert run_of(again(restore)).status == RunStatus.QUEUED
        assert settle_interrupted(restore.run_id, begin(restore), "worker.killed")
    assert run_of(again(restore)).status == RunStatus.COMPLETED
    assert run_of(restore).context["interruptions"] == 6 + RestoreExecute.attempts - 2
