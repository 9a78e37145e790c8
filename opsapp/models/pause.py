"""Pauses: an administrator stops the queue, or an owner one tenant's runs, for a reason."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model, partial_index

IN_FORCE_SQL = "lifted_at IS NULL"


class Pause(Model):
    """In force until it is lifted. ``tenant_id`` None is the whole queue, ``scope`` 0 as well."""

    __tablename__ = "pauses"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tenant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tenants.id"))
    scope: Mapped[int] = mapped_column(BigId)  # the tenant's id, for a unique index without nulls
    reason: Mapped[str] = mapped_column(sa.String(200))
    paused_by: Mapped[str] = mapped_column(sa.String(254))
    paused_at: Mapped[datetime] = mapped_column(default=utcnow)
    lifted_by: Mapped[str | None] = mapped_column(sa.String(254))
    lifted_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint("reason <> ''", name="has_reason"),
        partial_index("uq_pauses_in_force", "scope", where=IN_FORCE_SQL, unique=True),
    )
