"""What ties a retry to the run it repeats: the items it was given, and what it repaired."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model


class RunSelection(Model):
    """An item that a retry was started for. Written with the run, never changed (trigger).

    ``reason_code`` is why it failed the last time. The run's ``selection_hash`` is over them all.
    """

    __tablename__ = "operation_run_selections"

    run_id: Mapped[int] = mapped_column(
        sa.ForeignKey("operation_runs.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(300), default="")
    reason_code: Mapped[str] = mapped_column(sa.String(64))


class RunRepair(Model):
    """What later runs made of a run that ended badly; the run itself stays frozen.

    Derived from the items, and kept here so that lists need not derive it: ``open`` of the items
    that failed are not repaired yet. ``superseded``: ``by_run_id`` did the whole work again.
    """

    __tablename__ = "operation_run_repairs"

    run_id: Mapped[int] = mapped_column(
        sa.ForeignKey("operation_runs.id", ondelete="CASCADE"), primary_key=True
    )
    repaired: Mapped[int] = mapped_column(default=0)
    open: Mapped[int] = mapped_column(default=0)
    superseded: Mapped[bool] = mapped_column(default=False)
    by_run_id: Mapped[int] = mapped_column(BigId)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class RunAttention(Model):
    """A run that ended badly and is not settled yet (``opsapp.runs.attention``)."""

    __tablename__ = "operation_run_attention"

    run_id: Mapped[int] = mapped_column(
        sa.ForeignKey("operation_runs.id", ondelete="CASCADE"), primary_key=True
    )
