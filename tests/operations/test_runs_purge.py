"""runs.purge: what is old goes as a whole; what is active, young, needed or tied to such stays."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from opsapp import run_totals, runs
from opsapp.config import Settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    AuditEvent,
    CollectionState,
    Notification,
    OperationRun,
    OperationRunEvent,
    OperationRunItem,
    RunOutcome,
    RunStatus,
    Tenant,
)
from opsapp.models.base import write
from opsapp.operations import REGISTRY, runs_purge
from opsapp.operations.base import InvalidInputs
from opsapp.runs.execution import ShutdownRequested
from opsapp.runs.items import result_of_items
from tests.support import apps
from tests.support.ledger_rows import CANCELLED, FAILED, SUCCEEDED, Ledger, item
from tests.support.run_looks import begin

DAY = timedelta(days=1)
PURGE = "runs.purge"
STATES = [RunStatus.QUEUED, RunStatus.RUNNING, SUCCEEDED, FAILED, CANCELLED]


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def tenant(cast, app_context: None) -> Tenant:
    return db.session.get_one(Tenant, cast.tenant_id)


@pytest.fixture
def queue_url(tmp_path) -> str:
    return f"unix://{tmp_path}/nobody?db=0"


@pytest.fixture
def settings_of_test(app):
    def change(**values: Any) -> None:
        now = app.extensions["opsapp.settings"]
        app.extensions["opsapp.settings"] = now.model_copy(update=values)

    return change


@pytest.fixture
def settings(tmp_path, database_url: str, queue_url: str) -> Settings:
    """Without the folder's simulator: nothing here calls Graph. However many runs are running."""
    made = apps.make_settings(tmp_path, database_url=database_url, redis_url=queue_url)
    return made.model_copy(update={"tenant_concurrency": 10_000})


@pytest.fixture
def purge(tenant: Tenant) -> Callable[[], OperationRun]:
    """Performs it to the end; the completed run."""

    def perform() -> OperationRun:
        execution = begin(runs.ensure_run(tenant, PURGE, {}))
        REGISTRY[PURGE].perform(execution)
        execution.stage(result_of_items(db.session(), execution.run))
        runs.finalize(execution.run_id, None)
        db.session.rollback()
        return db.session.get_one(OperationRun, execution.run_id)

    return perform


def left() -> set[int]:
    db.session.rollback()
    query = sa.select(OperationRun.id).where(OperationRun.type != PURGE)
    return set(db.session.scalars(query))


def messages(run: OperationRun) -> list[str]:
    """Of its items."""
    query = sa.select(OperationRunItem.message).where(OperationRunItem.run_id == run.id)
    return list(db.session.scalars(query.order_by(OperationRunItem.id)))


def summary(run: OperationRun) -> str:
    query = sa.select(OperationRunEvent.message)
    return db.session.scalars(
        query.where(OperationRunEvent.run_id == run.id, OperationRunEvent.kind == "purged")
    ).one()


def day_of(run_age: timedelta) -> str:
    return f"{utcnow() - run_age:%Y-%m-%d}"


def test_old_runs_go_with_all_that_belongs_to_them(ledger: Ledger, cast, purge) -> None:
    old = ledger.run(
        FAILED, age=100 * DAY, items=[item("1"), item("2")], events=[("started", "Started.")]
    )
    ledger.notification(cast["operator"].id, old, "It failed.")
    recent, latest = ledger.run(age=89 * DAY), ledger.run(age=DAY)

    run = purge()

    assert left() == {recent, latest}
    assert (run.outcome, run.summary_counts["total"]) == (SUCCEEDED, 1)
    assert messages(run) == ["1 run deleted."]
    assert ledger.all(Notification) == []
    assert not [row for row in ledger.all(OperationRunItem) if row.run_id == old]
    assert not [row for row in ledger.all(OperationRunEvent) if row.run_id == old]
    assert "1 run that ended before" in summary(run)


def test_each_day_is_an_item_with_its_numbers(ledger: Ledger, purge) -> None:
    for _ in range(3):
        ledger.run(age=101 * DAY)
    for _ in range(2):
        ledger.run(age=120 * DAY)
    kept = ledger.run(age=101 * DAY)
    ledger.run(age=2 * DAY, retry_of_id=kept)

    run = purge()

    rows = db.session.scalars(
        sa.select(OperationRunItem).where(OperationRunItem.run_id == run.id)
    ).all()
    assert [(row.key, row.message) for row in rows] == [
        (day_of(120 * DAY), "2 runs deleted."),
        (day_of(101 * DAY), "3 runs deleted; 1 kept: 1 tied by a retry to a run that stays."),
    ]


def test_the_latest_of_each_type_stays(ledger: Ledger, purge) -> None:
    for _ in range(2):
        worked = ledger.run(age=200 * DAY)
        failed = ledger.run(FAILED, age=150 * DAY)
    verified = ledger.run(age=300 * DAY, type="tenant.verify")

    run = purge()

    assert left() == {worked, failed, verified}
    assert "3 kept: 3 the latest of its type" in summary(run)


def test_the_reader_of_a_collection_stays(ledger: Ledger, tenant: Tenant, purge) -> None:
    reader, other = (ledger.run(age=100 * DAY) for _ in range(2))
    latest = ledger.run(age=DAY)
    with write() as session:
        session.add(
            CollectionState(
                tenant_id=tenant.id, collection="configurationPolicies", reading_run_id=reader
            )
        )
    purge()
    assert left() == {reader, latest}
    assert other not in left()


def test_a_lineage_goes_as_a_whole(ledger: Ledger, purge) -> None:
    first = ledger.run(FAILED, age=200 * DAY)
    second = ledger.run(FAILED, age=150 * DAY, retry_of_id=first)
    ledger.run(FAILED, age=120 * DAY, retry_of_id=second)
    ledger.run(age=140 * DAY, retry_of_id=first)
    latest = [ledger.run(age=DAY), ledger.run(FAILED, age=DAY)]

    run = purge()

    assert left() == set(latest)
    assert sorted(messages(run)) == ["1 run deleted."] * 4


@pytest.mark.parametrize("state", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_a_lineage_stays_for_an_active_retry_of_a_retry(
    ledger: Ledger, purge, state: RunStatus
) -> None:
    first = ledger.run(FAILED, age=200 * DAY)
    second = ledger.run(FAILED, age=150 * DAY, retry_of_id=first)
    active = ledger.run(state, age=149 * DAY, retry_of_id=second)
    sibling = ledger.run(FAILED, age=150 * DAY, retry_of_id=first)
    latest = [ledger.run(age=DAY), ledger.run(FAILED, age=DAY)]

    purge()

    assert left() == {first, second, active, sibling, *latest}


def test_other_tenants_unknown_types_and_kept_types_are_left_alone(
    ledger: Ledger, purge, monkeypatch
) -> None:
    with write() as session:
        other = Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36)
        session.add(other)
    foreign = [ledger.run(age=100 * DAY, tenant_id=other.id) for _ in range(2)]
    unknown = [ledger.run(age=100 * DAY, type="of.tomorrow") for _ in range(2)]
    monkeypatch.setattr(type(REGISTRY["tenant.verify"]), "keep_history", True)
    kept = [ledger.run(age=100 * DAY, type="tenant.verify") for _ in range(2)]

    run = purge()

    assert left() == {*foreign, *unknown, *kept}
    assert "4 kept: 4 of a type whose runs stay" in summary(run)


def test_what_is_deleted_has_been_counted(ledger: Ledger, purge) -> None:
    def total() -> float:
        db.session.rollback()
        found = run_totals.everything(db.session())
        return sum(
            value
            for (name, labels), value in found.items()
            if name in (run_totals.RUNS, run_totals.ITEMS) and PURGE not in labels
        )

    for _ in range(5):
        ledger.run(age=100 * DAY, items=[item("1"), item("2")])
    before = total()
    purge()
    assert len(left()) == 1
    assert total() == before == 15


def test_audit_lines_stay(ledger: Ledger, tenant: Tenant, purge) -> None:
    run = runs.ensure_run(tenant, "tenant.verify", {}, "Schedule: Nightly")
    runs.cancel(run, "Olga")
    lines = len(ledger.all(AuditEvent))
    assert lines
    purge()
    assert len(ledger.all(AuditEvent)) == lines


def test_interrupted_and_resumed(ledger: Ledger, tenant: Tenant, purge, monkeypatch) -> None:
    """Whatever was deleted before the interruption is counted, and nothing twice."""
    monkeypatch.setattr(runs_purge, "RUNS_AT_ONCE", 2)
    for _ in range(5):
        ledger.run(age=100 * DAY)
    for _ in range(3):
        ledger.run(age=101 * DAY)
    latest = ledger.run(age=DAY)
    run = runs.ensure_run(tenant, PURGE, {})
    execution = begin(run)
    stops = iter([False] * 4 + [True])
    check = execution.checkpoint

    def checkpoint() -> None:
        check()
        if next(stops):
            raise ShutdownRequested

    monkeypatch.setattr(execution, "checkpoint", checkpoint)
    with pytest.raises(ShutdownRequested):
        REGISTRY[PURGE].perform(execution)
    assert 1 < len(left()) < 9
    assert runs.hand_back(run.id, run.dispatch_token, "The worker was told to stop.")

    assert purge().id == run.id
    assert left() == {latest}
    assert sorted(messages(run)) == ["3 runs deleted.", "5 runs deleted."]
    assert "8 runs that ended before" in summary(run)


def test_a_day_of_many_items_is_deleted_in_several_steps(
    ledger: Ledger, purge, monkeypatch
) -> None:
    monkeypatch.setattr(runs_purge, "ITEMS_AT_ONCE", 10)
    for size in (4, 4, 4, 50, 1):
        ledger.run(age=100 * DAY, summary_counts=ledger.counts(size))
    latest = ledger.run(age=DAY)
    run = purge()
    assert left() == {latest}
    assert messages(run) == ["5 runs deleted."]


def test_a_retry_that_is_started_meanwhile_keeps_its_run(
    ledger: Ledger, tenant: Tenant, purge, monkeypatch
) -> None:
    old = ledger.run(FAILED, age=100 * DAY)
    latest = [ledger.run(age=DAY), ledger.run(FAILED, age=DAY)]
    original = runs_purge.Purge._next

    def next_with_a_retry_just_before(self, step, after_id, *times):
        if after_id == 0 and not session_has_retry(step.session, old):
            step.session.add(a_retry_of(step.session.get_one(OperationRun, old)))
            step.session.flush()
        return original(self, step, after_id, *times)

    monkeypatch.setattr(runs_purge.Purge, "_next", next_with_a_retry_just_before)
    purge()
    assert {old, *latest} < left()


def session_has_retry(session, run_id: int) -> bool:
    query = sa.select(OperationRun.id).where(OperationRun.retry_of_id == run_id)
    return session.scalar(query) is not None


def a_retry_of(run: OperationRun) -> OperationRun:
    names = ("tenant_id", "initiator_name", "type", "run_identity_hash", "dispatch_token")
    return OperationRun(retry_of_id=run.id, **{name: getattr(run, name) for name in names})


def test_nothing_goes_where_runs_are_kept_for_ever(
    app, ledger: Ledger, tenant: Tenant, purge, settings_of_test
) -> None:
    old = [ledger.run(age=100 * DAY) for _ in range(2)]
    run = runs.ensure_run(tenant, PURGE, {})  # while it was on
    settings_of_test(retention_days=0)
    with pytest.raises(InvalidInputs, match="kept for ever"):
        runs.ensure_run(tenant, PURGE, {})
    execution = begin(run)
    REGISTRY[PURGE].perform(execution)
    assert left() == set(old)


RUN = st.tuples(
    st.sampled_from(STATES),
    st.integers(0, 200),  # days of age
    st.none() | st.integers(0, 30),  # the run it retries, counted backwards
    st.sampled_from(["inventory.sync", "tenant.verify", "of.tomorrow"]),
)


@effort(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(RUN, min_size=5, max_size=25))
def test_nothing_active_young_needed_or_tied_to_such_is_ever_deleted(
    plan, app, ledger: Ledger, purge
) -> None:
    made: list[int] = []
    first = max(left(), default=0)
    for state, days, back, type_ in plan:
        parent = made[-1 - back] if back is not None and back < len(made) else None
        made.append(ledger.run(state, age=days * DAY, retry_of_id=parent, type=type_))
    everything = {run.id: run for run in ledger.all(OperationRun)}
    purge()
    kept = left()
    for run in everything.values():
        if run.id in kept or run.type == PURGE:
            continue
        assert is_old(run)
        assert run.retry_of_id is None or run.retry_of_id not in kept
        assert not any(
            other.retry_of_id == run.id for other in everything.values() if other.id in kept
        )
        same = [
            other for other in everything.values() if other.type == run.type and is_ended(other)
        ]
        assert run.id < max(other.id for other in same)
    lone = [
        run
        for run in everything.values()
        if is_old(run)
        and run.retry_of_id is None
        and not any(other.retry_of_id == run.id for other in everything.values())
        and run.type in REGISTRY
        and run.id not in newest_of(everything.values())
        and run.type != PURGE
    ]
    assert not {run.id for run in lone} & kept, f"old runs were left ({first})"


def is_ended(run: OperationRun) -> bool:
    return run.status == RunStatus.COMPLETED


def is_old(run: OperationRun) -> bool:
    midnight = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
    ended: datetime | None = run.completed_at
    return ended is not None and ended < midnight - 90 * DAY


def newest_of(found) -> set[int]:
    newest: dict[Any, int] = {}
    for run in sorted(filter(is_ended, found), key=lambda run: run.id):
        newest[run.type] = run.id
        if run.outcome == RunOutcome.SUCCEEDED:
            newest[run.type, "worked"] = run.id
    return set(newest.values())
