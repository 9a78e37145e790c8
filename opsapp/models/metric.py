"""Totals that outlive the rows they were counted from: what ``/metrics`` tells of the past."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from opsapp.models.base import Model


class MetricTotal(Model):
    """A counter by name and labels (JSON with sorted keys); it only ever rises."""

    __tablename__ = "metric_totals"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    labels: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    value: Mapped[float] = mapped_column(sa.Double, default=0.0)
