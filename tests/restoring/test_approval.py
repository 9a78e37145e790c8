"""Multi Admin Approval: an object waits for its approval while the others go on."""

import pytest
import sqlalchemy as sa

from opsapp import runs
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.restore import ItemPlan, Step, Wanted
from opsapp.models import Hold, OperationRun, OperationRunEvent, RestoreStatus, RunStatus, Verdict
from opsapp.models.base import write
from tests.support.restore_plans import (
    EVERYBODY,
    PROFILES,
    Planned,
    confirmed,
    created_profile,
    items_of,
    run_of,
)

CATEGORY = {"displayName": "Field service"}


def category():
    at = "/deviceAppManagement/mobileAppCategories"
    step = Step("Create", "POST", at, CATEGORY, creates=True, shows=at)
    plan = ItemPlan("create", steps=(step,), wanted=Wanted(CATEGORY, []))
    return Planned("mobileAppCategories", "free", "Field service", plan)


@pytest.fixture
def look_again():
    """The time of the next look has come."""

    def due(restore):
        with write() as session:
            session.execute(
                sa.update(OperationRun)
                .where(OperationRun.id == restore.run_id)
                .values(not_before=utcnow())
            )
        runs.reconcile()
        assert run_of(restore).hold is None

    return due


def codes(simulator, simulated):
    return simulator.control("GET", f"/approvals/{simulated.slug}")


def test_the_whole_cycle(simulator, simulated, tenant, execute, look_again):
    simulator.guard(simulated.slug, "configuration")
    plans = [created_profile("a", "A", assignments=[EVERYBODY]), category()]
    restore = execute(confirmed(tenant, plans))
    run = run_of(restore)
    assert (run.status, run.hold) == (RunStatus.QUEUED, Hold.APPROVAL)
    assert restore.status == RestoreStatus.QUEUED
    assert "1 object waits for a second administrator" in run.wait_reason
    items = items_of(restore)
    assert items["free"].verdict == Verdict.VERIFIED
    code = items["a"].approval_code
    assert code in items["a"].message
    said = db.session.scalars(sa.select(OperationRunEvent.message)).all()
    assert any(code in message for message in said)

    look_again(restore)
    restore = execute(restore)
    assert run_of(restore).hold == Hold.APPROVAL  # not decided yet

    simulator.decide(simulated.slug, code, "approved")
    look_again(restore)
    restore = execute(restore)
    assigning = items_of(restore)["a"].approval_code
    assert assigning != code  # the creation is through, now the assignment waits
    simulator.decide(simulated.slug, assigning, "approved")
    look_again(restore)
    restore = execute(restore)
    assert (restore.status, restore.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED)
    assert len(simulator.objects(simulated.slug, PROFILES)) == 1
    assert run_of(restore).summary_counts["succeeded"] == 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("rejected", "approval.rejected"),
        ("cancelled", "approval.rejected"),
        ("expired", "approval.expired"),
    ],
)
def test_what_is_not_approved_fails(
    simulator, simulated, tenant, execute, look_again, status, reason
):
    simulator.guard(simulated.slug, "configuration")
    restore = execute(confirmed(tenant, [created_profile("a", "A"), category()]))
    simulator.decide(simulated.slug, items_of(restore)["a"].approval_code, status)
    look_again(restore)
    restore = execute(restore)
    assert items_of(restore)["a"].reason_code == reason
    assert restore.status == RestoreStatus.PARTIAL
    assert simulator.objects(simulated.slug, PROFILES) == []


def test_a_request_whose_code_was_lost_is_found_again(
    simulator, simulated, tenant, execute, look_again
):
    simulator.guard(simulated.slug, "configuration")
    restore = execute(confirmed(tenant, [created_profile("a", "A")]))
    code = items_of(restore)["a"].approval_code
    with write() as session:  # as if the answer with the code had never come
        session.execute(sa.text("DELETE FROM restore_writes"))
        session.execute(sa.text("UPDATE restore_items SET approval_code = NULL"))
    look_again(restore)
    restore = execute(restore)
    assert items_of(restore)["a"].approval_code == code


def test_a_run_that_waits_for_approval_can_be_cancelled(simulator, simulated, tenant, execute):
    simulator.guard(simulated.slug, "configuration")
    restore = execute(confirmed(tenant, [created_profile("a", "A"), category()]))
    runs.cancel(run_of(restore), None)
    items = items_of(restore)
    assert (items["a"].reason_code, items["a"].verdict) == ("run.cancelled_by_user", None)
    assert items["free"].verdict == Verdict.VERIFIED
    counts = run_of(restore).summary_counts
    assert (counts["succeeded"], counts["skipped"]) == (1, 1)
