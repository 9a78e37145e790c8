"""What a restore writes, in which order, and what it says of it afterwards."""

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.intune.restore import ItemPlan, Step, Wanted, id_of
from opsapp.models import (
    BackupItem,
    BackupOrigin,
    DirectoryGroup,
    OperationRunItem,
    Policy,
    PolicyVersion,
    RestoreMapping,
    RestoreStatus,
    RestoreWrite,
    RunOutcome,
    Verdict,
    WriteState,
)
from opsapp.models.base import write
from tests.support import restore_plans as restoring
from tests.support.restore_plans import (
    EVERYBODY,
    PROFILES,
    Planned,
    assigned_to,
    confirmed,
    created_profile,
    deleted_profile,
    items_of,
    left_as_is,
    run_of,
    updated_profile,
)


def ledger(restore):
    rows = db.session.query(OperationRunItem).filter_by(run_id=restore.run_id)
    return {row.key: (row.result.value, row.reason_code) for row in rows}


def writes(restore):
    query = sa.select(RestoreWrite).where(RestoreWrite.restore_id == restore.id)
    return db.session.scalars(query.order_by(RestoreWrite.id)).all()


def base_of(tenant, graph_id):
    query = (
        sa.select(PolicyVersion.compare_sha256)
        .join(Policy, Policy.id == PolicyVersion.policy_id)
        .where(Policy.graph_id == graph_id, PolicyVersion.number == Policy.version)
    )
    return db.session.scalars(query).one()


def test_objects_are_created_assigned_and_verified(simulator, simulated, tenant, execute):
    plans = [
        created_profile("a", "First", assignments=[EVERYBODY], passwordRequired=True),
        created_profile("b", "Second", assignments=[]),
    ]
    restore = execute(confirmed(tenant, plans))
    assert (restore.status, restore.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED)
    assert run_of(restore).summary_counts["succeeded"] == 2
    there = {
        row["content"]["displayName"]: row for row in simulator.objects(simulated.slug, PROFILES)
    }
    assert set(there) == {"First", "Second"}
    assert there["First"]["content"]["passwordRequired"] is True
    items = items_of(restore)
    assert items["a"].target_id == there["First"]["id"]
    assert {item.verdict for item in items.values()} == {Verdict.VERIFIED}
    assert [line.state for line in writes(restore)] == [WriteState.DONE] * 4
    assert all(line.request_id for line in writes(restore))
    assert db.session.query(Policy).filter_by(tenant_id=tenant.id).count() == 2


def test_what_is_not_written_is_counted_as_what_it_is(tenant, execute):
    plans = [
        left_as_is("unchanged", "same"),
        left_as_is("skip", "left"),
        left_as_is("cannot", "never", ("Graph does not take it.",)),
        created_profile("a", "Lacking", lacks=("Its secret is not known.",)),
    ]
    restore = execute(confirmed(tenant, plans))
    assert ledger(restore) == {
        "same": ("unchanged", None),
        "left": ("skipped", "item.skipped_chosen"),
        "never": ("failed", "item.cannot_restore"),
        "a": ("failed", "item.secret_missing"),
    }
    assert restore.status == RestoreStatus.PARTIAL
    assert run_of(restore).summary_counts["total"] == 4


def test_touched_objects_are_captured_before_the_first_write(
    simulator, simulated, tenant, perform, execute
):
    old = simulator.add_object(
        simulated.slug, PROFILES, restoring.profile_body("Old", passwordRequired=False)
    )
    perform("inventory.sync", {"types": PROFILES})
    base = base_of(tenant, old["id"])
    plan = updated_profile(old["id"], "New", base, assignments=[EVERYBODY], passwordRequired=True)
    restore = execute(confirmed(tenant, [plan]))
    assert (restore.status, restore.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED)
    capture = restore.capture
    assert (capture.origin, capture.item_count) == (BackupOrigin.AUTOMATIC, 1)
    first = writes(restore)[0]
    assert capture.completed_at < first.sent_at
    kept = db.session.scalars(sa.select(BackupItem).filter_by(set_id=capture.id)).one()
    assert (kept.name, kept.content.content["passwordRequired"]) == ("Old", False)
    assert base_of(tenant, old["id"]) != base


def test_a_target_that_changed_after_the_preview_is_refused(
    simulator, simulated, tenant, perform, execute
):
    old = simulator.add_object(simulated.slug, PROFILES, restoring.profile_body("Old"))
    perform("inventory.sync", {"types": PROFILES})
    base = base_of(tenant, old["id"])
    simulator.change_object(simulated.slug, PROFILES, old["id"], passwordRequired=True)
    plans = [
        updated_profile(old["id"], "New", base, assignments=[]),
        created_profile("a", "Another"),
    ]
    simulator.clear_requests()
    restore = execute(confirmed(tenant, plans))
    run = run_of(restore)
    assert (restore.status, run.reason_code) == (RestoreStatus.FAILED, "run.precondition_failed")
    assert "“Old” was changed in the tenant" in run.failure_summary[0]["message"]
    assert (restore.verdict, restore.capture_id) == (None, None)
    assert not writes(restore)
    assert {e["method"] for e in simulator.requests(simulated.slug)} <= {"GET", "POST"}
    assert len(simulator.objects(simulated.slug, PROFILES)) == 1
    assert set(ledger(restore).values()) == {("skipped", "item.not_attempted")}


def test_a_mapping_that_changed_after_the_preview_is_refused(simulator, simulated, tenant, execute):
    restore = confirmed(tenant, [created_profile("a", "A")])
    with write() as session:
        session.add(RestoreMapping(restore_id=restore.id, kind="groups", source_id="g"))
    restore = execute(restore)
    run = run_of(restore)
    assert (restore.status, run.reason_code) == (RestoreStatus.FAILED, "run.precondition_failed")
    assert run.failure_summary[0]["message"] == "The mapping changed. Nothing was written."
    assert simulator.objects(simulated.slug, PROFILES) == []


def test_what_the_service_keeps_otherwise_is_a_difference(simulator, simulated, tenant, execute):
    body = restoring.profile_body("A")
    steps = (Step("Create", "POST", restoring.AT, body, creates=True, shows=restoring.AT),)
    wanted = Wanted({**body, "passwordRequired": True}, assigned_to("none"))
    plan = ItemPlan("create", steps=steps, wanted=wanted)
    restore = execute(confirmed(tenant, [Planned(PROFILES, "a", "A", plan)]))
    item = items_of(restore)["a"]
    assert (item.verdict, item.reason_code) == (Verdict.DIFFERENCES, "item.differs")
    assert [one["where"] for one in item.differences] == ["passwordRequired", "assignments"]
    assert restore.verdict == Verdict.DIFFERENCES
    assert ledger(restore)["a"] == ("failed", "item.differs")


def test_deleting_what_is_gone_already_is_done(simulator, simulated, tenant, perform, execute):
    rows = [
        simulator.add_object(simulated.slug, PROFILES, restoring.profile_body(name))
        for name in ("One", "Two")
    ]
    perform("inventory.sync", {"types": PROFILES})
    plans = [deleted_profile(row["id"], "x", base_of(tenant, row["id"])) for row in rows]
    simulator.remove_object(simulated.slug, PROFILES, rows[1]["id"])
    restore = execute(confirmed(tenant, plans))
    assert (restore.status, restore.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED)
    assert simulator.objects(simulated.slug, PROFILES) == []
    assert db.session.query(Policy).filter(Policy.gone_at.is_(None)).count() == 0


def test_what_needs_a_failed_object_fails_and_the_rest_goes_on(
    simulator, simulated, tenant, execute
):
    names_a = assigned_to(id_of(PROFILES, "a"))
    plans = [
        created_profile("a", "Refused"),
        created_profile("b", "Needs it", assignments=names_a),
        created_profile("c", "Free"),
    ]
    wrong = Step("Create", "POST", "/deviceManagement/nothing", {}, creates=True)
    plans[0] = Planned(PROFILES, "a", "Refused", ItemPlan("create", steps=(wrong,)))
    restore = execute(confirmed(tenant, plans))
    items = items_of(restore)
    assert items["a"].reason_code in {"graph.not_found", "graph.payload_rejected"}
    assert items["b"].reason_code == "item.dependency_failed"
    assert items["b"].verdict == Verdict.UNPROVEN  # it exists, without its assignment
    assert items["c"].verdict == Verdict.VERIFIED
    assert run_of(restore).outcome == RunOutcome.PARTIALLY_SUCCEEDED


def test_a_created_group_stands_in_bodies_and_in_the_directory_cache(
    simulator, simulated, tenant, execute
):
    body = {
        "displayName": "Pilots",
        "mailEnabled": False,
        "securityEnabled": True,
        "mailNickname": "pilots",
    }
    step = Step("Create", "POST", "/groups", body, creates=True, shows="/groups", version="v1.0")
    group = Planned(
        "groups", "g", "Pilots", ItemPlan("create", steps=(step,), wanted=Wanted(body, []))
    )
    plans = [group, created_profile("a", "A", assignments=assigned_to(id_of("groups", "g")))]
    restore = execute(confirmed(tenant, plans))
    assert restore.verdict == Verdict.VERIFIED
    [made] = simulator.groups(simulated.slug)
    [row] = simulator.objects(simulated.slug, PROFILES)
    targets = [one["target"]["groupId"] for one in row["children"]["assignments"]]
    assert targets == [made["id"]]
    assert db.session.query(DirectoryGroup).one().display_name == "Pilots"


def test_late_steps_come_after_all_objects(simulator, simulated, tenant, execute):
    late = Step(
        "Change",
        "PATCH",
        f"{restoring.AT}/{id_of(PROFILES, 'a')}",
        {**restoring.profile_body("First"), "description": "late"},
        late=True,
    )
    plans = [created_profile("a", "First", late=[late]), created_profile("b", "Second")]
    restore = execute(confirmed(tenant, plans))
    assert [line.method for line in writes(restore)] == ["POST", "POST", "PATCH"]
    assert restore.verdict == Verdict.VERIFIED
    assert ledger(restore)["a"] == ("succeeded", None)
