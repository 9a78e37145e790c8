"""A restore and its one row in the ledger: each follows the other, in one transaction."""

from datetime import timedelta

import pytest

from opsapp import runs
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    Hold,
    Notification,
    OperationRun,
    RestoreRun,
    RestoreStatus,
    RunOutcome,
    RunStatus,
    Tenant,
    User,
)
from opsapp.models.base import write
from opsapp.operations.base import InvalidInputs
from opsapp.refusals import Refused
from opsapp.restore.expiry import NOTE, expire_previews
from opsapp.runs import pauses
from opsapp.runs.claiming import claim
from opsapp.runs.lease import lease_end
from opsapp.runs.result import RunResult
from opsapp.runs.sentences import sentence
from opsapp.runs.transitions import settle_interrupted


@pytest.fixture
def manager(cast, app_context) -> User:
    return db.session.get_one(User, cast["manager"].id)


@pytest.fixture
def restore_id(tenant: Tenant, operator: User) -> int:
    with write() as session:
        made = RestoreRun(tenant_id=tenant.id, created_by=operator.name, created_by_id=operator.id)
        session.add(made)
    return made.id


def restore_of(restore_id: int) -> RestoreRun:
    db.session.rollback()
    return db.session.get_one(RestoreRun, restore_id, populate_existing=True)


def change(restore_id: int, **values: object) -> RestoreRun:
    with write() as session:
        restore = session.get_one(RestoreRun, restore_id)
        for name, value in values.items():
            setattr(restore, name, value)
    return restore_of(restore_id)


def preview(restore_id: int) -> OperationRun:
    restore = change(restore_id, status=RestoreStatus.PREVIEWED, previewed_at=utcnow())
    return run_of(restore)


def run_of(restore: RestoreRun) -> OperationRun:
    return db.session.get_one(OperationRun, restore.run_id, populate_existing=True)


def confirm(restore_id: int, who: User) -> OperationRun:
    return run_of(
        change(
            restore_id,
            status=RestoreStatus.QUEUED,
            confirmed_at=utcnow(),
            confirmed_by_id=who.id,
            confirmed_by=who.name,
        )
    )


def begin(run: OperationRun) -> str:
    token = run.dispatch_token
    assert claim(run.id, token, "worker", lease_end())
    return token


def test_a_preview_makes_one_held_row_in_the_name_of_who_made_it(restore_id, operator):
    run = preview(restore_id)
    assert (run.type, run.inputs) == ("restore.execute", {"restore": restore_id})
    assert (run.status, run.hold) == (RunStatus.QUEUED, Hold.CONFIRMATION)
    assert (run.dispatched_at, run.user_id) == (None, operator.id)
    assert "is awaiting confirmation" in sentence(run)
    again = change(restore_id, reason="Another word")
    assert again.run_id == run.id


def test_nothing_but_a_confirmation_moves_the_held_row(restore_id, tenant, operator):
    run = preview(restore_id)
    pauses.pause(tenant, "Maintenance", operator)
    pauses.resume(tenant, operator)
    with write() as session:
        old = session.get_one(OperationRun, run.id)
        old.updated_at = old.created_at = utcnow() - timedelta(days=1)
    runs.reconcile()
    assert not claim(run.id, run.dispatch_token, "worker", lease_end())
    run = run_of(restore_of(restore_id))
    assert (run.status, run.hold) == (RunStatus.QUEUED, Hold.CONFIRMATION)
    assert run.dispatched_at is None


@pytest.mark.parametrize("note", [None, "The mapping was changed."])
def test_back_to_draft_ends_the_row_and_a_new_preview_makes_another(restore_id, note):
    first = preview(restore_id)
    draft = change(restore_id, status=RestoreStatus.DRAFT, plan_note=note)
    assert draft.run_id is None
    db.session.refresh(first)
    assert (first.outcome, first.reason_code) == (
        RunOutcome.CANCELLED,
        "run.cancelled_by_system",
    )
    assert restore_of(restore_id).status == RestoreStatus.DRAFT
    second = preview(restore_id)
    assert second.id != first.id
    assert second.hold == Hold.CONFIRMATION


def test_previews_of_a_week_ago_expire(restore_id):
    run = preview(restore_id)
    assert expire_previews() == 0
    change(restore_id, previewed_at=utcnow() - timedelta(days=7, minutes=1))
    assert expire_previews() == 1
    restore = restore_of(restore_id)
    assert (restore.status, restore.plan_note) == (RestoreStatus.DRAFT, NOTE)
    db.session.refresh(run)
    assert run.outcome == RunOutcome.CANCELLED
    assert expire_previews() == 0


def test_confirming_lets_the_row_go_in_the_name_of_who_confirmed(restore_id, manager):
    held = preview(restore_id)
    token = held.dispatch_token
    run = confirm(restore_id, manager)
    assert run.id == held.id
    assert (run.hold, run.wait_reason) == (None, None)
    assert (run.user_id, run.initiator_name) == (manager.id, manager.name)
    assert run.dispatch_token != token
    runs.dispatch(run)
    assert run_of(restore_of(restore_id)).dispatched_at is not None


def test_a_confirmed_restore_of_a_paused_tenant_is_parked(restore_id, tenant, manager):
    preview(restore_id)
    pauses.pause(tenant, "Maintenance", manager)
    assert confirm(restore_id, manager).hold == Hold.PAUSED


def test_a_second_person_is_waited_for(restore_id, manager):
    run = preview(restore_id)
    change(restore_id, confirmed_at=utcnow(), confirmed_by=manager.name)
    db.session.refresh(run)
    assert run.hold == Hold.CONFIRMATION
    assert run.wait_reason == "Awaiting approval by an owner"


def test_the_restore_follows_its_run_through_an_interruption_to_its_end(restore_id, manager):
    preview(restore_id)
    run = confirm(restore_id, manager)
    token = begin(run)
    assert restore_of(restore_id).status == RestoreStatus.RUNNING
    assert settle_interrupted(run.id, token, "worker.killed")
    assert restore_of(restore_id).status == RestoreStatus.QUEUED
    run = run_of(restore_of(restore_id))
    token = begin(run)
    assert runs.hand_back(run.id, token, "Wait.", hold=Hold.APPROVAL, not_before=utcnow())
    assert restore_of(restore_id).status == RestoreStatus.QUEUED
    runs.reconcile()
    run = run_of(restore_of(restore_id))
    assert run.hold is None


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (RunResult(RunOutcome.SUCCEEDED), RestoreStatus.COMPLETED),
        (RunResult(RunOutcome.PARTIALLY_SUCCEEDED, "run.partial"), RestoreStatus.PARTIAL),
        (RunResult.failed("graph.unavailable"), RestoreStatus.FAILED),
        (RunResult.cancelled(), RestoreStatus.CANCELLED),
    ],
)
def test_the_end_of_the_run_is_the_end_of_the_restore(restore_id, manager, result, status):
    preview(restore_id)
    run = confirm(restore_id, manager)
    token = begin(run)
    assert runs.finalize(run.id, result, token=token)
    restore = restore_of(restore_id)
    assert (restore.status, restore.ended_at) == (status, run_of(restore).completed_at)
    told = db.session.query(Notification).filter_by(run_id=run.id).all()
    assert {note.user_id for note in told} == {manager.id}


def test_a_held_row_cancelled_in_monitoring_cancels_the_restore(restore_id, manager):
    run = preview(restore_id)
    runs.cancel(run, manager)
    assert restore_of(restore_id).status == RestoreStatus.CANCELLED


def test_a_cancelled_restore_cancels_its_row(restore_id):
    run = preview(restore_id)
    change(restore_id, status=RestoreStatus.CANCELLED)
    db.session.refresh(run)
    assert run.outcome == RunOutcome.CANCELLED


def test_what_was_cancelled_meanwhile_cannot_be_confirmed(restore_id, manager):
    run = preview(restore_id)
    runs.cancel(run, manager)
    with pytest.raises(Refused, match="not waiting for confirmation"):
        confirm(restore_id, manager)
    assert restore_of(restore_id).status == RestoreStatus.CANCELLED


def test_a_confirmed_restore_does_not_go_back_to_draft(restore_id, manager):
    preview(restore_id)
    confirm(restore_id, manager)
    with pytest.raises(Refused, match="cannot be changed"):
        change(restore_id, status=RestoreStatus.DRAFT)
    assert restore_of(restore_id).status == RestoreStatus.QUEUED


def test_a_rolled_back_preview_leaves_nothing_behind(restore_id):
    with pytest.raises(RuntimeError), write() as session:
        session.get_one(RestoreRun, restore_id).status = RestoreStatus.PREVIEWED
        session.flush()
        raise RuntimeError
    change(restore_id, reason="Harmless")
    restore = restore_of(restore_id)
    assert (restore.status, restore.run_id) == (RestoreStatus.DRAFT, None)


def test_nobody_starts_or_retries_a_restore_past_its_preview(restore_id, tenant, manager):
    with pytest.raises(Refused, match="Preview the restore again"):
        runs.start(tenant, "restore.execute", {"restore": restore_id}, manager)
    run = preview(restore_id)
    runs.cancel(run, manager)
    with pytest.raises(Refused, match="Preview the restore again"):
        runs.retry(run, manager)
    with pytest.raises(InvalidInputs):
        runs.ensure_run(tenant, "restore.execute", {"restore": "one"})
