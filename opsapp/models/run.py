"""The ledger's tables: runs, their items, their events. Only ``opsapp.runs`` writes them."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model, partial_index
from opsapp.models.tenant import Tenant
from opsapp.models.user import User

ACTIVE_SQL = "status IN ('queued', 'running')"
UNSUCCESSFUL_SQL = "outcome IN ('partially_succeeded', 'failed', 'cancelled')"
HAS_REASON_SQL = "reason_code IS NOT NULL"
PROBLEM_SQL = "result IN ('failed', 'skipped')"
DISPATCHED_SQL = "kind = 'dispatched'"


class RunStatus(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"


class RunOutcome(enum.StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Hold(enum.StrEnum):
    """Why a queued run is not in the queue: it waits for something other than a worker."""

    GRAPH = "graph"
    APPROVAL = "approval"
    PAUSED = "paused"
    CONFIRMATION = "confirmation"


class ItemResult(enum.StrEnum):
    SUCCEEDED = "succeeded"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"


class OperationRun(Model):
    """One execution of an operation on one tenant. A completed row never changes (trigger)."""

    __tablename__ = "operation_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    initiator_name: Mapped[str] = mapped_column(sa.String(254))
    type: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[RunStatus] = mapped_column(default=RunStatus.QUEUED)
    outcome: Mapped[RunOutcome] = mapped_column(default=RunOutcome.PENDING)
    run_identity_hash: Mapped[str] = mapped_column(sa.String(64))
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    summary_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    failure_summary: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    reason_code: Mapped[str | None] = mapped_column(sa.String(64))
    staged_result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    attempt: Mapped[int] = mapped_column(default=1)
    priority: Mapped[int] = mapped_column(default=0)
    dispatch_token: Mapped[str] = mapped_column(sa.String(32))
    job_id: Mapped[str | None] = mapped_column(sa.String(80))
    worker: Mapped[str | None] = mapped_column(sa.String(120))
    dispatched_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    lease_expires_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    hold: Mapped[Hold | None]
    wait_reason: Mapped[str | None] = mapped_column(sa.String(300))
    not_before: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[str | None] = mapped_column(sa.String(254))
    cancel_reason: Mapped[str | None] = mapped_column(sa.String(300))
    selection_hash: Mapped[str | None] = mapped_column(sa.String(64))
    retry_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operation_runs.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)

    tenant: Mapped[Tenant] = relationship()
    user: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("status IN ('queued', 'running', 'completed')", name="status"),
        sa.CheckConstraint(
            "outcome IN ('pending', 'succeeded', 'partially_succeeded', 'failed', 'cancelled')",
            name="outcome",
        ),
        sa.CheckConstraint(
            "(status = 'completed') = (completed_at IS NOT NULL)", name="completed_has_time"
        ),
        sa.CheckConstraint(
            "(status = 'completed') = (outcome <> 'pending')", name="completed_has_outcome"
        ),
        sa.CheckConstraint(
            "outcome IN ('pending', 'succeeded') OR reason_code IS NOT NULL",
            name="outcome_has_reason",
        ),
        sa.CheckConstraint("hold IS NULL OR status = 'queued'", name="only_queued_is_held"),
        sa.CheckConstraint("initiator_name <> ''", name="has_initiator"),
        partial_index(
            "uq_operation_runs_active",
            "tenant_id",
            "run_identity_hash",
            where=ACTIVE_SQL,
            unique=True,
        ),
        partial_index("ix_operation_runs_active_status", "status", "id", where=ACTIVE_SQL),
        partial_index("ix_operation_runs_unsuccessful", "outcome", "id", where=UNSUCCESSFUL_SQL),
        sa.Index("ix_operation_runs_tenant", "tenant_id", "id"),
        sa.Index("ix_operation_runs_tenant_type", "tenant_id", "type", "id"),
        sa.Index("ix_operation_runs_identity", "run_identity_hash", "id"),
        sa.Index("ix_operation_runs_user", "user_id", "id"),
        sa.Index("ix_operation_runs_initiator", "initiator_name", "id"),
        sa.Index("ix_operation_runs_type", "type", "id"),
        partial_index("ix_operation_runs_reason", "reason_code", "id", where=HAS_REASON_SQL),
        sa.Index("ix_operation_runs_completed", "completed_at"),
        sa.Index("ix_operation_runs_created", "created_at"),
        sa.Index("ix_operation_runs_retry_of", "retry_of_id"),
    )

    # Set by ensure_run: whether that call made the row. Not a column.
    is_new = False

    @property
    def is_active(self) -> bool:
        return self.status != RunStatus.COMPLETED


class OperationRunItem(Model):
    """One unit of a run: an object, a collection that could not be read, a permission."""

    __tablename__ = "operation_run_items"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("operation_runs.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(300), default="")
    result: Mapped[ItemResult]
    reason_code: Mapped[str | None] = mapped_column(sa.String(64))
    message: Mapped[str | None] = mapped_column(sa.String(500))
    request_id: Mapped[str | None] = mapped_column(sa.String(64))
    policy_id: Mapped[int | None] = mapped_column(BigId)
    duration_ms: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    __table_args__ = (
        sa.UniqueConstraint("run_id", "kind", "key"),
        sa.CheckConstraint(
            "result IN ('succeeded', 'unchanged', 'failed', 'skipped')", name="result"
        ),
        sa.CheckConstraint(
            "result IN ('succeeded', 'unchanged') OR reason_code IS NOT NULL",
            name="result_has_reason",
        ),
        sa.Index("ix_operation_run_items_result", "run_id", "result", "id"),
        sa.Index("ix_operation_run_items_run", "run_id", "id"),
        partial_index(
            "ix_operation_run_items_problems",
            "run_id",
            "result",
            "reason_code",
            "id",
            where=PROBLEM_SQL,
        ),
    )


class OperationRunEvent(Model):
    """A line of a run's history: what happened, when, by whom. Append-only (trigger)."""

    __tablename__ = "operation_run_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(
        sa.ForeignKey("operation_runs.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(default=utcnow)
    kind: Mapped[str] = mapped_column(sa.String(32))
    actor: Mapped[str] = mapped_column(sa.String(254))
    message: Mapped[str] = mapped_column(sa.String(500))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        partial_index("ix_operation_run_events_dispatched", "at", where=DISPATCHED_SQL),
    )
