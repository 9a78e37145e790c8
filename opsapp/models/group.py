"""The directory cache: Entra groups as last seen, removed ones kept as removed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model


class DirectoryGroup(Model):
    __tablename__ = "directory_groups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    graph_id: Mapped[str] = mapped_column(sa.String(36))
    display_name: Mapped[str] = mapped_column(sa.String(300))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    mail_nickname: Mapped[str] = mapped_column(sa.String(300), default="")
    group_types: Mapped[list[str]] = mapped_column(default=list)
    security_enabled: Mapped[bool] = mapped_column(default=False)
    mail_enabled: Mapped[bool] = mapped_column(default=False)
    membership_rule: Mapped[str | None] = mapped_column(sa.Text)
    last_seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "graph_id"),
        sa.Index("ix_directory_groups_name", "tenant_id", "display_name", "id"),
    )
