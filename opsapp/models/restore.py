"""Restores: what is to be restored into a tenant, the plan, the journal of writes, the proof."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsapp.database import BigId, utcnow
from opsapp.models.backup import BackupItem, BackupSet
from opsapp.models.base import Model
from opsapp.models.run import OperationRun
from opsapp.models.tenant import Tenant


class RestoreStatus(enum.StrEnum):
    DRAFT = "draft"
    PREVIEWED = "previewed"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Verdict(enum.StrEnum):
    """What reading back proved. ``unproven``: it could not be read back, or not all of it."""

    VERIFIED = "verified"
    DIFFERENCES = "differences"
    UNPROVEN = "unproven"


class RestoreAction(enum.StrEnum):
    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DELETE = "delete"  # only when a restore is undone
    CONFLICT = "conflict"  # not decided yet
    SKIP = "skip"  # left out by choice
    CANNOT = "cannot"


class ConflictChoice(enum.StrEnum):
    """What to do where the target has another object of the same name and type."""

    UPDATE = "update"
    COPY = "copy"
    SKIP = "skip"


class MappingChoice(enum.StrEnum):
    MAP = "map"
    SKIP = "skip"  # leave out what names it: an assignment, a tag, a member
    CREATE = "create"


class RestoreRun(Model):
    """A restore into ``tenant``, from ``backup_set`` or, undoing ``undo_of``, from its capture.

    ``fingerprint`` binds the preview to source, mapping and target. ``preview_run_id`` is the last
    run that made a preview, ``run_id`` the ledger's row of the execution, from ``previewed`` on.
    ``plan_note`` says why there is no valid preview any more (expired, changed). ``capture_id`` is
    the set of what the execution was about to touch.
    """

    __tablename__ = "restore_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    backup_set_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("backup_sets.id", ondelete="SET NULL")
    )
    undo_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("restore_runs.id"))
    status: Mapped[RestoreStatus] = mapped_column(default=RestoreStatus.DRAFT)
    on_conflict: Mapped[ConflictChoice | None]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    created_by: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    preview_run_id: Mapped[int | None] = mapped_column(BigId)
    previewed_at: Mapped[datetime | None]
    fingerprint: Mapped[str | None] = mapped_column(sa.String(64))
    fingerprint_parts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    plan_note: Mapped[str | None] = mapped_column(sa.String(500))
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(254))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(sa.String(254))
    run_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("operation_runs.id", ondelete="SET NULL")
    )
    capture_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("backup_sets.id", ondelete="SET NULL")
    )
    verdict: Mapped[Verdict | None]
    ended_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship()
    backup_set: Mapped[BackupSet | None] = relationship(foreign_keys=[backup_set_id])
    capture: Mapped[BackupSet | None] = relationship(foreign_keys=[capture_id])
    undo_of: Mapped["RestoreRun | None"] = relationship(remote_side="RestoreRun.id")
    run: Mapped[OperationRun | None] = relationship()

    __table_args__ = (
        sa.Index("ix_restore_runs_tenant", "tenant_id", "id"),
        sa.Index("ix_restore_runs_run", "run_id"),
        sa.Index("ix_restore_runs_status", "status", "previewed_at"),
        sa.Index("ix_restore_runs_set", "backup_set_id"),
        sa.Index("ix_restore_runs_undo", "undo_of_id"),
    )


class RestoreItem(Model):
    """One object of a restore: what was chosen, what the preview plans, what became of it.

    ``collection`` is a policy type key, or ``groups`` for a group to create. ``plan`` is an
    ``opsapp.intune.restore.ItemPlan`` as JSON. ``target_id`` is the object in the target: of an
    update from the preview on, of a creation once it is known.
    """

    __tablename__ = "restore_items"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    restore_id: Mapped[int] = mapped_column(sa.ForeignKey("restore_runs.id", ondelete="CASCADE"))
    backup_item_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("backup_items.id", ondelete="SET NULL")
    )
    collection: Mapped[str] = mapped_column(sa.String(64))
    source_id: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(300))
    is_dependency: Mapped[bool] = mapped_column(default=False)
    choice: Mapped[ConflictChoice | None]
    state_choice: Mapped[str | None] = mapped_column(sa.String(40))  # of Conditional Access
    position: Mapped[int] = mapped_column(default=0)
    action: Mapped[RestoreAction | None]
    target_id: Mapped[str | None] = mapped_column(sa.String(200))
    plan: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True), deferred=True)
    is_blocked: Mapped[bool] = mapped_column(default=False)
    warning_count: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    reason_code: Mapped[str | None] = mapped_column(sa.String(64))
    message: Mapped[str | None] = mapped_column(sa.String(500))
    approval_code: Mapped[str | None] = mapped_column(sa.String(64))
    verdict: Mapped[Verdict | None]
    differences: Mapped[list[dict[str, Any]]] = mapped_column(default=list)

    restore: Mapped[RestoreRun] = relationship()
    backup_item: Mapped[BackupItem | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("restore_id", "collection", "source_id"),
        sa.Index("ix_restore_items_position", "restore_id", "position", "id"),
        sa.Index("ix_restore_items_action", "restore_id", "action", "id"),
    )


class WriteState(enum.StrEnum):
    """``sending`` is written before the request is: found later, nobody knows what it did."""

    SENDING = "sending"
    DONE = "done"
    ADOPTED = "adopted"  # the answer was lost; a look showed that it took effect
    REFUSED = "refused"  # answered, without effect
    UNKNOWN = "unknown"
    PENDING_APPROVAL = "pending_approval"


class RestoreWrite(Model):
    """The journal: one line a request of a restore, written before it is sent.

    ``step`` is its place in the item's plan. The body is kept by its hash alone: it may hold
    secrets, and the plan tells the rest.
    """

    __tablename__ = "restore_writes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    restore_id: Mapped[int] = mapped_column(sa.ForeignKey("restore_runs.id", ondelete="CASCADE"))
    item_id: Mapped[int] = mapped_column(
        sa.ForeignKey("restore_items.id", ondelete="CASCADE"), index=True
    )
    step: Mapped[int]
    method: Mapped[str] = mapped_column(sa.String(8))
    address: Mapped[str] = mapped_column(sa.String(1000))
    body_sha256: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[WriteState]
    status_code: Mapped[int | None]
    request_id: Mapped[str | None] = mapped_column(sa.String(64))
    created_id: Mapped[str | None] = mapped_column(sa.String(200))
    approval_code: Mapped[str | None] = mapped_column(sa.String(64))
    message: Mapped[str | None] = mapped_column(sa.String(500))
    sent_at: Mapped[datetime] = mapped_column(default=utcnow)
    answered_at: Mapped[datetime | None]

    item: Mapped[RestoreItem] = relationship()

    __table_args__ = (sa.Index("ix_restore_writes_restore", "restore_id", "id"),)


class RestoreMapping(Model):
    """What becomes of one thing of the source, for one restore. ``kind``: ``groups`` or a type.

    ``origin`` says where the choice comes from: ``id``, ``name``, ``mail_nickname``, ``rule``
    (suggested by these), ``saved``, ``chosen``; no ``choice`` means that nothing is decided.
    """

    __tablename__ = "restore_mappings"

    restore_id: Mapped[int] = mapped_column(
        sa.ForeignKey("restore_runs.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    source_name: Mapped[str] = mapped_column(sa.String(300), default="")
    choice: Mapped[MappingChoice | None]
    target_id: Mapped[str | None] = mapped_column(sa.String(200))
    target_name: Mapped[str | None] = mapped_column(sa.String(300))
    origin: Mapped[str | None] = mapped_column(sa.String(20))
    note: Mapped[str | None] = mapped_column(sa.String(300))  # why nothing was suggested


class SavedMapping(Model):
    """A choice kept for all restores between two tenants, and what earlier restores created.

    ``choice`` of what a restore created is ``map``, and ``is_made`` is true.
    """

    __tablename__ = "saved_mappings"

    source_tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    target_tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    source_name: Mapped[str] = mapped_column(sa.String(300), default="")
    choice: Mapped[MappingChoice]
    target_id: Mapped[str | None] = mapped_column(sa.String(200))
    target_name: Mapped[str | None] = mapped_column(sa.String(300))
    is_made: Mapped[bool] = mapped_column(default=False)
    updated_by: Mapped[str] = mapped_column(sa.String(254))
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)
