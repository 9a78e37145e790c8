"""Backup sets: immutable, named captures of a tenant's configuration; and files brought to one."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model
from opsapp.models.policy import Snapshot
from opsapp.models.tenant import Tenant


class BackupOrigin(enum.StrEnum):
    """How a set came about. ``automatic``: what a restore was about to touch, captured before."""

    CREATED = "created"
    SCHEDULE = "schedule"
    IMPORT = "import"
    AUTOMATIC = "automatic"


class TypeCompleteness(enum.StrEnum):
    """How far a policy type got into a set."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # some of its objects could not be read
    FORBIDDEN = "forbidden"
    THROTTLED = "throttled"
    FAILED = "failed"
    EXCLUDED = "excluded"  # left out on purpose for this tenant


class BackupSet(Model):
    """A named capture. Once ``completed_at`` is set neither it nor its items change (trigger).

    Until then it is open: being made, waiting for a retry of what could not be read, or kept open
    for more policies. ``collections`` are the chosen policy types, None for all. ``left_out`` are
    files of an import that gave nothing, each with its reason.
    """

    __tablename__ = "backup_sets"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    note: Mapped[str] = mapped_column(sa.String(1000), default="")
    origin: Mapped[BackupOrigin] = mapped_column(default=BackupOrigin.CREATED)
    collections: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    keep_open: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(sa.String(254))
    run_id: Mapped[int | None] = mapped_column(BigId)
    schedule_id: Mapped[int | None] = mapped_column(BigId)  # which may have been deleted since
    item_count: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    completed_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship()

    __table_args__ = (
        sa.Index("ix_backup_sets_tenant", "tenant_id", "id"),
        sa.Index("ix_backup_sets_schedule", "schedule_id", "id"),
    )


class BackupSetType(Model):
    """One policy type of a set: how many objects the tenant had, how many the set has, and why.

    The reason is that of the whole type. ``missing`` are objects that could not be read, each with
    ``graph_id``, ``name``, ``reason_code`` and ``message``.
    """

    __tablename__ = "backup_set_types"

    set_id: Mapped[int] = mapped_column(
        sa.ForeignKey("backup_sets.id", ondelete="CASCADE"), primary_key=True
    )
    collection: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    completeness: Mapped[TypeCompleteness]
    object_count: Mapped[int] = mapped_column(default=0)
    item_count: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None] = mapped_column(sa.String(64))
    message: Mapped[str | None] = mapped_column(sa.String(500))
    missing: Mapped[list[dict[str, Any]]] = mapped_column(default=list)


class BackupItem(Model):
    """One object in a set: content and assignments as Graph gave them, secrets as seals.

    ``policy_id`` and ``version`` say which version of which policy it is; an imported object has
    none, but the ``file`` it came from.
    """

    __tablename__ = "backup_items"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    set_id: Mapped[int] = mapped_column(sa.ForeignKey("backup_sets.id", ondelete="CASCADE"))
    collection: Mapped[str] = mapped_column(sa.String(64))
    graph_id: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(64), default="")
    name: Mapped[str] = mapped_column(sa.String(300))
    platform: Mapped[str] = mapped_column(sa.String(64), default="")
    assignment_count: Mapped[int] = mapped_column(default=0)
    content_sha256: Mapped[str] = mapped_column(sa.ForeignKey("snapshots.sha256"))
    assignments_sha256: Mapped[str] = mapped_column(sa.ForeignKey("snapshots.sha256"))
    compare_sha256: Mapped[str] = mapped_column(sa.String(64))
    policy_id: Mapped[int | None] = mapped_column(BigId)
    version: Mapped[int | None]
    file: Mapped[str | None] = mapped_column(sa.String(500))

    backup_set: Mapped[BackupSet] = relationship()
    content: Mapped[Snapshot] = relationship(foreign_keys=[content_sha256])
    assignments: Mapped[Snapshot] = relationship(foreign_keys=[assignments_sha256])

    __table_args__ = (
        sa.UniqueConstraint("set_id", "collection", "graph_id"),
        sa.Index("ix_backup_items_set_name", "set_id", "name", "id"),
    )


class BackupGroup(Model):
    """A group that items of a set name, as it was when the set was made: for mapping it later."""

    __tablename__ = "backup_groups"

    set_id: Mapped[int] = mapped_column(
        sa.ForeignKey("backup_sets.id", ondelete="CASCADE"), primary_key=True
    )
    graph_id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    display_name: Mapped[str] = mapped_column(sa.String(300), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    mail_nickname: Mapped[str] = mapped_column(sa.String(300), default="")
    group_types: Mapped[list[str]] = mapped_column(default=list)
    security_enabled: Mapped[bool] = mapped_column(default=True)
    mail_enabled: Mapped[bool] = mapped_column(default=False)
    membership_rule: Mapped[str | None] = mapped_column(sa.Text)


class Upload(Model):
    """A zip file that somebody brought to import; deleted when the import has ended.

    ``passphrase_sealed`` opens the secrets in it; encrypted with OPSAPP_ENCRYPTION_KEYS.
    """

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    file_name: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    body: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    passphrase_sealed: Mapped[str | None] = mapped_column(sa.Text)
    created_by: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Frequency(enum.StrEnum):
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class BackupSchedule(Model):
    """A recurring backup. Its times are wall-clock times in the tenant's time zone.

    ``weekday`` 0 is Monday; a ``monthday`` a month does not have is its last day. Sets beyond the
    newest ``keep_count``, or older than ``keep_days``, are deleted. ``next_slot_at`` is UTC.
    """

    __tablename__ = "backup_schedules"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    frequency: Mapped[Frequency]
    minute: Mapped[int] = mapped_column(default=0)
    hour: Mapped[int] = mapped_column(default=0)
    weekday: Mapped[int] = mapped_column(default=0)
    monthday: Mapped[int] = mapped_column(default=1)
    collections: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    keep_count: Mapped[int | None]
    keep_days: Mapped[int | None]
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str | None] = mapped_column(sa.String(254))
    next_slot_at: Mapped[datetime | None] = mapped_column(index=True)
    created_by: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    tenant: Mapped[Tenant] = relationship()

    __table_args__ = (sa.UniqueConstraint("tenant_id", "name"),)


class SlotState(enum.StrEnum):
    STARTED = "started"
    MISSED = "missed"  # its time passed while nothing could start it
    REFUSED = "refused"  # a run could not be started: the note says why


class BackupSlot(Model):
    """A time at which a schedule was due: each is dealt with once, ever."""

    __tablename__ = "backup_slots"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(
        sa.ForeignKey("backup_schedules.id", ondelete="CASCADE")
    )
    slot_at: Mapped[datetime]
    state: Mapped[SlotState]
    run_id: Mapped[int | None] = mapped_column(BigId)
    note: Mapped[str | None] = mapped_column(sa.String(300))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    __table_args__ = (sa.UniqueConstraint("schedule_id", "slot_at"),)
