"""Configuration objects seen in tenants, and every version of them."""

import json
import zlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model
from opsapp.models.tenant import Tenant


class Snapshot(Model):
    """Content by the SHA-256 of its canonical JSON, stored once however often it occurs."""

    __tablename__ = "snapshots"

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    size: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def content(self) -> Any:
        return json.loads(zlib.decompress(self.body))


class Policy(Model):
    """A configuration object last seen in a tenant. ``collection`` is its policy type key.

    ``modified_at`` is what Graph says of the content, ``changed_at`` when we know it last changed,
    assignments included. ``listed_sha256`` is its entry in the list when it was last read whole, at
    ``read_at``: while the entry stays the same, the rest need not be read again.
    """

    __tablename__ = "policies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    collection: Mapped[str] = mapped_column(sa.String(64))
    graph_id: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(300))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    platform: Mapped[str] = mapped_column(sa.String(64), default="")
    version: Mapped[int] = mapped_column(default=0)
    assignment_count: Mapped[int] = mapped_column(default=0)
    modified_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None] = mapped_column(default=utcnow)
    listed_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    read_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    gone_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "collection", "graph_id"),
        sa.Index("ix_policies_tenant_name", "tenant_id", "name", "id"),
        sa.Index("ix_policies_tenant_changed", "tenant_id", "changed_at", "id"),
    )


class PolicyVersion(Model):
    """What a policy was from ``seen_at`` on: its content and its assignments.

    ``changes`` is what the tenant's audit log says of it, newest first: ``at``, ``actor`` and
    ``activity`` of each change since the version before; None where the log could not be read.
    """

    __tablename__ = "policy_versions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    policy_id: Mapped[int] = mapped_column(sa.ForeignKey("policies.id"))
    number: Mapped[int]
    content_sha256: Mapped[str] = mapped_column(sa.ForeignKey("snapshots.sha256"), index=True)
    assignments_sha256: Mapped[str] = mapped_column(sa.ForeignKey("snapshots.sha256"), index=True)
    compare_sha256: Mapped[str] = mapped_column(sa.String(64))
    seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    modified_at: Mapped[datetime | None]
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON(none_as_null=True))
    run_id: Mapped[int | None] = mapped_column(BigId)

    policy: Mapped[Policy] = relationship()
    content: Mapped[Snapshot] = relationship(foreign_keys=[content_sha256])
    assignments: Mapped[Snapshot] = relationship(foreign_keys=[assignments_sha256])

    __table_args__ = (sa.UniqueConstraint("policy_id", "number"),)


class PolicyAssignment(Model):
    """A current assignment of a policy, spread into columns for search and display."""

    __tablename__ = "policy_assignments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    policy_id: Mapped[int] = mapped_column(
        sa.ForeignKey("policies.id", ondelete="CASCADE"), index=True
    )
    target: Mapped[str] = mapped_column(sa.String(32))
    group_id: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    filter_id: Mapped[str | None] = mapped_column(sa.String(64))
    filter_type: Mapped[str | None] = mapped_column(sa.String(16))
    intent: Mapped[str | None] = mapped_column(sa.String(32))
