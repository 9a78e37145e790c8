"""Rows of the ledger written straight into the database, for pages and lists under test.

What is written obeys every CHECK and trigger; only the way there is shorter than a real run's.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    ItemResult,
    Notification,
    NotificationKind,
    OperationRun,
    OperationRunEvent,
    OperationRunItem,
    Pause,
    QueueState,
    RunOutcome,
    RunRepair,
    RunSelection,
    RunStatus,
    Tick,
    WorkerHeartbeat,
    WorkerState,
)
from opsapp.models.base import write
from opsapp.runs.attention import note_ending, settle
from opsapp.runs.identity import run_identity_hash
from opsapp.runs.transitions import new_token

T = TypeVar("T")
SUCCEEDED = RunOutcome.SUCCEEDED
PARTIAL = RunOutcome.PARTIALLY_SUCCEEDED
FAILED = RunOutcome.FAILED
CANCELLED = RunOutcome.CANCELLED
REASONS = {PARTIAL: "run.partial", FAILED: "worker.lost", CANCELLED: "run.cancelled_by_user"}


@dataclass
class Ledger:
    """Writes rows, in a context of its own each time; runs are those of one tenant."""

    app: Flask
    tenant_id: int
    operation: str = "inventory.sync"
    number: int = field(default=0)

    def run(
        self,
        state: RunStatus | RunOutcome = SUCCEEDED,
        *,
        age: timedelta = timedelta(minutes=5),
        took: timedelta = timedelta(seconds=42),
        items: Iterable[OperationRunItem] = (),
        events: Iterable[tuple[Any, ...]] = (),
        **values: Any,
    ) -> int:
        """Adds a run that was created ``age`` ago; returns its id. ``values`` win over all."""
        values = self._values(state, utcnow() - age, took) | values
        completed = values.pop("completed_at", None)
        ending = {name: values.pop(name) for name in ("status", "outcome", "reason_code")}
        with self._writing() as session:
            run = OperationRun(**values)
            if completed is None:
                run.status, run.reason_code = ending["status"], ending["reason_code"]
            session.add(run)
            session.flush()
            for item in items:
                item.run_id = run.id
                session.add(item)
            session.add_all(self._events(run, events))
            session.flush()
            if completed is not None:
                run.completed_at = completed
                run.status, run.outcome, run.reason_code = ending.values()
                session.flush()
                note_ending(session, run)
                if run.retry_of_id and run.outcome != CANCELLED and not run.selection_hash:
                    settle(session, run.retry_of_id)
            return run.id

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self.app.app_context(), write() as session:
            yield session

    def all(self, model: type[T]) -> list[T]:
        """The rows of a table by id, as they are now; detached."""
        with self.app.app_context():
            return list(db.session.query(model).order_by("id"))

    def _values(
        self, state: RunStatus | RunOutcome, created: datetime, took: timedelta
    ) -> dict[str, Any]:
        self.number += 1
        inputs = {"number": self.number}
        values: dict[str, Any] = {
            "tenant_id": self.tenant_id,
            "initiator_name": "Ana Ferreira",
            "type": self.operation,
            "status": state if isinstance(state, RunStatus) else RunStatus.COMPLETED,
            "outcome": state if isinstance(state, RunOutcome) else RunOutcome.PENDING,
            "reason_code": REASONS.get(state),
            "run_identity_hash": run_identity_hash(self.tenant_id, self.operation, inputs),
            "inputs": {},
            "dispatch_token": new_token(),
            "created_at": created,
            "updated_at": created,
            "dispatched_at": created + timedelta(seconds=1),
        }
        if state == RunStatus.QUEUED:
            return values
        now = utcnow()
        values |= {"started_at": created + timedelta(seconds=2), "worker": "worker-1"}
        values |= {"job_id": f"run-{self.number}-{values['dispatch_token']}"}
        values |= {"heartbeat_at": now, "lease_expires_at": now + timedelta(seconds=30)}
        if isinstance(state, RunOutcome):
            values["completed_at"] = values["started_at"] + took
        return values

    @staticmethod
    def _events(
        run: OperationRun, events: Iterable[tuple[Any, ...]]
    ) -> Iterable[OperationRunEvent]:
        """Of kind, message and, if there are any, data."""
        at = run.created_at
        for kind, message, *data in [("created", "Created."), *events]:
            actor = run.initiator_name if kind == "created" else "System"
            values = {"kind": kind, "actor": actor, "message": message, "data": {}}
            yield OperationRunEvent(
                run_id=run.id, at=at, **values | dict(zip(["data"], data, strict=False))
            )
            at += timedelta(seconds=2)

    @staticmethod
    def counts(
        succeeded: int = 0, failed: int = 0, skipped: int = 0, unchanged: int = 0, total: int = 0
    ) -> dict[str, int]:
        processed = succeeded + failed + skipped
        return {
            "total": total or processed,
            "processed": processed,
            "succeeded": succeeded,
            "unchanged": unchanged,
            "failed": failed,
            "skipped": skipped,
        }

    def repaired(self, run_id: int, by: int, repaired: int, open_: int = 0) -> None:
        """What is noted of a run when a retry of it ends."""
        with self._writing() as session:
            session.add(
                RunRepair(
                    run_id=run_id,
                    by_run_id=by,
                    repaired=repaired,
                    open=open_,
                    superseded=not (repaired or open_),
                )
            )

    def all_selected(self) -> list[RunSelection]:
        with self.app.app_context():
            return list(db.session.query(RunSelection).order_by("run_id", "key"))

    def selected(self, run_id: int, keys: Iterable[str], reason_code: str) -> None:
        """Items that a retry was started for."""
        with self._writing() as session:
            session.add_all(
                RunSelection(
                    run_id=run_id,
                    kind="configurationPolicies",
                    key=key,
                    name=f"Policy {key}",
                    reason_code=reason_code,
                )
                for key in keys
            )

    def pause(self, reason: str, by: str = "Ana Ferreira", *, whole_queue: bool = False) -> None:
        """Of the tenant's runs, or of the whole queue; runs that are there stay as they are."""
        tenant_id = None if whole_queue else self.tenant_id
        with self._writing() as session:
            session.add(
                Pause(tenant_id=tenant_id, scope=tenant_id or 0, reason=reason, paused_by=by)
            )

    def notification(
        self, user_id: int, run_id: int, title: str, *, kind: str = "terminal", read: bool = False
    ) -> int:
        with self._writing() as session:
            row = Notification(
                user_id=user_id,
                run_id=run_id,
                kind=NotificationKind(kind),
                title=title,
                read_at=utcnow() if read else None,
            )
            session.add(row)
            session.flush()
            return row.id

    def worker(
        self,
        name: str = "worker-1",
        state: WorkerState = WorkerState.IDLE,
        *,
        silent: timedelta = timedelta(seconds=1),
        **values: Any,
    ) -> None:
        """A worker process that was last heard of ``silent`` ago."""
        now = utcnow()
        defaults = {
            "host": "ops-1",
            "pid": 4711,
            "version": "0.1.0",
            "memory_bytes": 96 * 1024 * 1024,
            "started_at": now - timedelta(hours=3),
            "heartbeat_at": now - silent,
        }
        with self._writing() as session:
            session.add(WorkerHeartbeat(**(defaults | {"name": name, "state": state} | values)))

    def queue(self, depth: int | None = 0, *, reachable: bool = True) -> None:
        with self._writing() as session:
            session.add(
                QueueState(
                    name="opsapp",
                    depth=depth,
                    reachable=reachable,
                    measured_at=utcnow(),
                    measured_by="worker-1",
                )
            )

    def reconciled(self, report: dict[str, Any] | None = None) -> None:
        with self._writing() as session:
            session.add(
                Tick(name="reconcile", ran_at=utcnow(), ran_by="worker-1", report=report or {})
            )


def item(
    key: str, result: ItemResult = ItemResult.SUCCEEDED, *, name: str = "", **values: Any
) -> OperationRunItem:
    reasons = {ItemResult.FAILED: "graph.throttled", ItemResult.SKIPPED: "item.skipped_excluded"}
    defaults = {"kind": "configurationPolicies", "reason_code": reasons.get(result)}
    return OperationRunItem(
        **(defaults | {"key": key, "result": result, "name": name or f"Policy {key}"} | values)
    )
