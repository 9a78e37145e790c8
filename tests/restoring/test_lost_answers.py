"""An answer that never came: looked up before anything is repeated, never a duplicate."""

import pytest
import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Policy, RestoreItem, RestoreStatus, RestoreWrite, Verdict, WriteState
from opsapp.models.base import write
from tests.support import restore_plans as restoring
from tests.support.restore_plans import (
    EVERYBODY,
    PROFILES,
    confirmed,
    created_profile,
    items_of,
    run_of,
)

CREATE = {"path": f"{PROFILES}$", "method": "POST"}
ASSIGN = {"path": "/assign$", "method": "POST"}


def names(simulator, simulated):
    rows = simulator.objects(simulated.slug, PROFILES)
    return sorted(row["content"]["displayName"] for row in rows)


def states(restore):
    query = sa.select(RestoreWrite.state).where(RestoreWrite.restore_id == restore.id)
    return list(db.session.scalars(query.order_by(RestoreWrite.id)))


def made_just_now(simulator, simulated, name):
    body = restoring.profile_body(name, createdDateTime=utcnow().isoformat())
    simulator.add_object(simulated.slug, PROFILES, body)


@pytest.mark.parametrize("status", [504, 500, 0])
@pytest.mark.parametrize("rule", [CREATE, ASSIGN], ids=["create", "assign"])
def test_what_did_apply_is_adopted(simulator, simulated, tenant, execute, rule, status):
    restore = confirmed(tenant, [created_profile("a", "A", assignments=[EVERYBODY])])
    simulator.set_faults(rules=[{**rule, "status": status, "times": 1, "applied": True}])
    restore = execute(restore)
    assert (restore.status, restore.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED)
    assert names(simulator, simulated) == ["A"]
    assert sorted(states(restore)) == [WriteState.ADOPTED, WriteState.DONE]


def test_an_assignment_that_did_not_apply_is_sent_again(simulator, simulated, tenant, execute):
    restore = confirmed(tenant, [created_profile("a", "A", assignments=[EVERYBODY])])
    simulator.set_faults(rules=[{**ASSIGN, "status": 504, "times": 1}])
    restore = execute(restore)
    assert restore.verdict == Verdict.VERIFIED
    assert states(restore) == [WriteState.DONE, WriteState.UNKNOWN, WriteState.DONE]


def test_a_creation_that_did_not_apply_is_sent_again_after_a_while(
    simulator, simulated, tenant, execute
):
    restore = confirmed(tenant, [created_profile("a", "A")])
    simulator.set_faults(rules=[{**CREATE, "status": 504, "times": 1}])
    restore = execute(restore)
    assert (restore.verdict, names(simulator, simulated)) == (Verdict.VERIFIED, ["A"])
    first, second = db.session.scalars(
        sa.select(RestoreWrite).where(RestoreWrite.restore_id == restore.id).order_by("id")
    )
    assert (second.sent_at - first.sent_at).total_seconds() > 15


def test_twins_are_told_apart(simulator, simulated, tenant, execute):
    """Two policies of one name and content, one of which was there before."""
    simulator.add_object(simulated.slug, PROFILES, restoring.profile_body("Same", id="old"))
    restore = confirmed(
        tenant, [created_profile(key, "Same", assignments=[]) for key in ("a", "b")]
    )
    with write() as session:  # as a sync would have left it
        session.add(
            Policy(
                tenant_id=tenant.id,
                collection=PROFILES,
                graph_id="old",
                name="Same",
                kind="x",
                version=0,
                first_seen_at=utcnow(),
            )
        )
    simulator.set_faults(rules=[{**CREATE, "status": 504, "applied": True}])
    restore = execute(restore)
    items = items_of(restore)
    assert restore.verdict == Verdict.VERIFIED
    assert len({"old", items["a"].target_id, items["b"].target_id}) == 3
    assert len(names(simulator, simulated)) == 3


def test_several_that_may_be_it_are_unknown_and_nothing_is_made_twice(
    simulator, simulated, tenant, execute
):
    restore = confirmed(tenant, [created_profile("a", "Same"), created_profile("b", "Other")])
    for _ in range(2):
        made_just_now(simulator, simulated, "Same")
    simulator.set_faults(rules=[{**CREATE, "status": 504, "times": 1, "applied": True}])
    restore = execute(restore)
    items = items_of(restore)
    assert items["a"].reason_code == "item.effect_unknown"
    assert items["b"].verdict == Verdict.VERIFIED
    assert names(simulator, simulated) == ["Other", "Same", "Same", "Same"]
    assert restore.status == RestoreStatus.PARTIAL


def sending(restore, source_id, step):
    """The journal as a worker that was killed in the middle of a request leaves it."""
    item = items_of(restore)[source_id]
    with write() as session:
        session.add(
            RestoreWrite(
                restore_id=restore.id,
                item_id=item.id,
                step=step,
                method="POST",
                address=restoring.AT,
                body_sha256="0" * 64,
                state=WriteState.SENDING,
            )
        )


@pytest.mark.parametrize("applied", [True, False])
def test_a_kill_after_the_journal_and_before_the_answer(
    simulator, simulated, tenant, execute, applied
):
    restore = confirmed(tenant, [created_profile("a", "A", assignments=[EVERYBODY])])
    sending(restore, "a", 0)
    if applied:
        made_just_now(simulator, simulated, "A")
    restore = execute(restore)
    assert (restore.verdict, names(simulator, simulated)) == (Verdict.VERIFIED, ["A"])


def test_a_kill_after_the_answer_goes_on_at_the_next_step(simulator, simulated, tenant, execute):
    made = simulator.add_object(simulated.slug, PROFILES, restoring.profile_body("A"))
    restore = confirmed(tenant, [created_profile("a", "A", assignments=[EVERYBODY])])
    sending(restore, "a", 0)
    with write() as session:
        session.execute(
            sa.update(RestoreWrite).values(
                state=WriteState.DONE, created_id=made["id"], answered_at=utcnow()
            )
        )
        session.execute(sa.update(RestoreItem).values(target_id=made["id"]))
    simulator.clear_requests()
    restore = execute(restore)
    assert restore.verdict == Verdict.VERIFIED
    sent = [e["path"] for e in simulator.requests(simulated.slug) if e["method"] == "POST"]
    assert [path for path in sent if PROFILES in path] == [f"{restoring.AT}/{made['id']}/assign"]


def test_a_new_object_that_is_not_known_everywhere_is_waited_for(
    simulator, simulated, tenant, execute
):
    restore = confirmed(
        tenant,
        [created_profile("a", "A", assignments=[EVERYBODY]), created_profile("b", "B")],
    )
    simulator.set_faults(replication_ms=4000)
    restore = execute(restore)
    assert restore.verdict == Verdict.VERIFIED
    assert names(simulator, simulated) == ["A", "B"]


def test_many_lost_answers_lose_nothing_and_double_nothing(simulator, simulated, tenant, execute):
    plans = [created_profile(f"p{n}", f"P{n:02}", assignments=[EVERYBODY]) for n in range(12)]
    restore = confirmed(tenant, plans)
    simulator.set_faults(
        seed=5,
        rules=[
            {**CREATE, "status": 504, "share": 0.5, "applied": True},
            {**ASSIGN, "status": 0, "share": 0.3},
        ],
    )
    restore = execute(restore)
    assert (restore.status, restore.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED)
    assert names(simulator, simulated) == [f"P{n:02}" for n in range(12)]
    assert run_of(restore).summary_counts["succeeded"] == 12
    assert WriteState.ADOPTED in states(restore)
