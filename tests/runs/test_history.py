"""What the database itself refuses, whatever code asks for it."""

from typing import Any

import pytest
import sqlalchemy as sa

from opsapp import runs
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    Notification,
    OperationRun,
    OperationRunEvent,
    OperationRunItem,
    RunOutcome,
)
from opsapp.models.base import write
from opsapp.runs.items import result_of_items
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize
from tests.runs.conftest import EnsureDrill
from tests.support.run_looks import begin

Refused = sa.exc.DBAPIError


@pytest.fixture
def completed(ensure: EnsureDrill) -> OperationRun:
    """A completed run with an item, events and a notification."""
    from opsapp.models import ItemResult
    from opsapp.operations.base import Item

    run = ensure()
    execution = begin(run)
    with execution.step() as step:
        step.record(Item("thing", "1", ItemResult.SUCCEEDED))
        step.record(Item("thing", "2", ItemResult.FAILED, reason_code="graph.conflict"))
    execution.stage(result_of_items(db.session(), execution.run))
    assert finalize(run.id, None)
    return run


def change(statement: Any) -> None:
    with write() as session:
        session.execute(statement)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "queued", "completed_at": None, "outcome": "pending"},
        {"status": "running", "completed_at": None, "outcome": "pending"},
        {"outcome": "succeeded"},
        {"reason_code": "queue.lost"},
        {"reason_code": None, "outcome": "succeeded"},
        {"summary_counts": {}},
        {"failure_summary": []},
        {"completed_at": utcnow()},
        {"started_at": utcnow()},
        {"initiator_name": "Somebody else"},
        {"retry_of_id": None, "updated_at": utcnow()},
    ],
    ids=",".join,
)
def test_a_completed_run_is_frozen(completed: OperationRun, values: dict[str, Any]) -> None:
    statement = sa.update(OperationRun).where(OperationRun.id == completed.id).values(values)
    with pytest.raises(Refused, match="never changes"):
        change(statement)


def test_items_of_a_completed_run_are_frozen(completed: OperationRun) -> None:
    mine = OperationRunItem.run_id == completed.id
    new = {"run_id": completed.id, "kind": "thing", "key": "3", "name": "", "result": "succeeded"}
    for statement in (
        sa.update(OperationRunItem).where(mine).values(result="succeeded"),
        sa.delete(OperationRunItem).where(mine),
        sa.insert(OperationRunItem).values(new | {"created_at": utcnow()}),
    ):
        with pytest.raises(Refused, match="never changes"):
            change(statement)


def test_events_are_append_only(ensure: EnsureDrill) -> None:
    mine = OperationRunEvent.run_id == ensure().id
    for statement in (
        sa.update(OperationRunEvent).where(mine).values(message="It was not like that."),
        sa.delete(OperationRunEvent).where(mine),
    ):
        with pytest.raises(Refused, match="append-only"):
            change(statement)


def test_an_active_run_cannot_be_deleted(ensure: EnsureDrill) -> None:
    run_id = ensure().id
    with pytest.raises(Refused, match="cannot be deleted"):
        change(sa.delete(OperationRun).where(OperationRun.id == run_id))


def test_a_whole_completed_run_can_be_purged(completed: OperationRun) -> None:
    change(sa.delete(OperationRun).where(OperationRun.id == completed.id))
    for model in (OperationRun, OperationRunItem, OperationRunEvent, Notification):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == 0


def test_a_run_and_its_retry_can_be_purged_together(completed: OperationRun) -> None:
    again = runs.ensure_run(
        completed.tenant, completed.type, completed.inputs, None, retry_of=completed
    )
    runs.cancel(again, None)
    change(sa.delete(OperationRun).where(OperationRun.id.in_([completed.id, again.id])))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(OperationRun)) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"status": "completed"},
        {"status": "completed", "completed_at": utcnow()},
        {"status": "completed", "outcome": "succeeded"},
        {"outcome": "succeeded"},
        {"completed_at": utcnow()},
        {"status": "completed", "outcome": "failed", "completed_at": utcnow()},
        {"status": "completed", "outcome": "cancelled", "completed_at": utcnow()},
        {"status": "completed", "outcome": "partially_succeeded", "completed_at": utcnow()},
        {"status": "running", "hold": "graph"},
        {"status": "sleeping"},
        {"outcome": "excellent"},
        {"initiator_name": ""},
        {"tenant_id": None},
    ],
    ids=",".join,
)
def test_the_checks_refuse_a_lie(ensure: EnsureDrill, values: dict[str, Any]) -> None:
    table = OperationRun.__table__
    run_id = ensure().id
    raw = {sa.column(name): sa.literal(value) for name, value in values.items()}
    with pytest.raises(sa.exc.IntegrityError), write() as session:
        session.execute(sa.update(table).where(table.c.id == run_id).values(raw))


def test_a_failed_item_needs_a_reason(ensure: EnsureDrill) -> None:
    run = ensure()
    values = {"run_id": run.id, "kind": "thing", "key": "1", "name": "", "created_at": utcnow()}
    for result in ("failed", "skipped"):
        with pytest.raises(sa.exc.IntegrityError):
            change(sa.insert(OperationRunItem).values(values | {"result": result}))


def test_finalize_on_a_completed_run_changes_nothing(completed: OperationRun) -> None:
    before = (completed.outcome, completed.reason_code, completed.completed_at)
    assert before[0] == RunOutcome.PARTIALLY_SUCCEEDED
    assert not finalize(completed.id, RunResult.failed("queue.lost"))
    runs.fail_run(completed, "worker.lost")
    assert (completed.outcome, completed.reason_code, completed.completed_at) == before
