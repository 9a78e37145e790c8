"""Which settings policies hold, for search, and what Intune itself calls them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model

LONGEST_SETTING = 400


class SettingName(Model):
    """A setting that any policy holds or held: Graph's own name of it, and its label in words."""

    __tablename__ = "setting_names"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(LONGEST_SETTING), unique=True)
    label: Mapped[str] = mapped_column(sa.String(LONGEST_SETTING))


class PolicySetting(Model):
    """A setting that the latest version of a policy holds."""

    __tablename__ = "policy_settings"

    policy_id: Mapped[int] = mapped_column(
        sa.ForeignKey("policies.id", ondelete="CASCADE"), primary_key=True
    )
    setting_id: Mapped[int] = mapped_column(
        sa.ForeignKey("setting_names.id"), primary_key=True, index=True
    )


class SettingDefinition(Model):
    """What the settings catalog says of one of its settings: the same in every tenant.

    ``options`` are the choices: their words by their item id.
    """

    __tablename__ = "setting_definitions"

    definition_id: Mapped[str] = mapped_column(sa.String(LONGEST_SETTING), primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(500))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    options: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)
    read_at: Mapped[datetime] = mapped_column(default=utcnow)
