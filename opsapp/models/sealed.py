"""Secret values of policies: encrypted, and found by a keyed fingerprint."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from opsapp.database import utcnow
from opsapp.models.base import Model


class SealedValue(Model):
    """A secret that a policy holds; its content names it by the fingerprint alone.

    ``sealed`` is encrypted with OPSAPP_ENCRYPTION_KEYS.
    """

    __tablename__ = "sealed_values"

    fingerprint: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    sealed: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class InstanceKey(Model):
    """A key that this installation made for itself once; encrypted like any other secret."""

    __tablename__ = "instance_keys"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    sealed: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
