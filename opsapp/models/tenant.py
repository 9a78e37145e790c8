"""Customer tenants, who may do what in them, and what is known about each."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsapp.database import BigId, utcnow
from opsapp.models.base import Model
from opsapp.models.user import User


class Role(enum.StrEnum):
    """A member's role in a tenant; each includes the ones before it."""

    READONLY = "readonly"
    OPERATOR = "operator"
    MANAGER = "manager"
    OWNER = "owner"


class Cloud(enum.StrEnum):
    GLOBAL = "global"
    USGOV = "usgov"
    DOD = "dod"
    CHINA = "china"


class Tenant(Model):
    """A Microsoft 365 tenant under management."""

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(63), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    entra_tenant_id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    cloud: Mapped[Cloud] = mapped_column(default=Cloud.GLOBAL)
    client_id: Mapped[str | None] = mapped_column(sa.String(36))
    client_secret_encrypted: Mapped[str | None] = mapped_column(sa.Text)
    is_production: Mapped[bool] = mapped_column(default=False)
    # Restores wait for an owner other than who confirmed them.
    needs_approval: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")  # IANA name
    suspended_at: Mapped[datetime | None]
    organization_name: Mapped[str | None] = mapped_column(sa.String(256))
    verified_at: Mapped[datetime | None]
    groups_synced_at: Mapped[datetime | None]
    groups_delta_link: Mapped[str | None] = mapped_column(sa.Text)
    last_turn_at: Mapped[datetime | None]  # when a worker last took a run of it
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    memberships: Mapped[list["Membership"]] = relationship(back_populates="tenant")

    __table_args__ = (
        sa.CheckConstraint("slug = lower(slug)", name="slug_lower_case"),
        sa.CheckConstraint("entra_tenant_id = lower(entra_tenant_id)", name="entra_id_lower_case"),
        sa.CheckConstraint(
            "client_secret_encrypted IS NULL OR client_id IS NOT NULL", name="secret_needs_client"
        ),
    )


class Membership(Model):
    __tablename__ = "memberships"

    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[Role]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    tenant: Mapped[Tenant] = relationship(back_populates="memberships")
    user: Mapped[User] = relationship()


class PermissionState(enum.StrEnum):
    GRANTED = "granted"
    MISSING = "missing"
    MISSING_TO_RESTORE = "missing_to_restore"  # nothing but restores needs it


class TenantPermission(Model):
    """Whether the tenant granted our app one Graph permission, as last verified."""

    __tablename__ = "tenant_permissions"

    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    permission: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    state: Mapped[PermissionState]
    needed_for: Mapped[str] = mapped_column(sa.String(300))
    checked_at: Mapped[datetime]


class Completeness(enum.StrEnum):
    """How far the last reading of a collection got. Only ``complete`` may mark objects gone."""

    COMPLETE = "complete"
    FORBIDDEN = "forbidden"
    THROTTLED = "throttled"
    FAILED = "failed"


class ListedAssignments(enum.StrEnum):
    """What a tenant's list of a collection tells of assignments when it is asked to expand them.

    ``trusted``: a full reading found every list entry right, assigned and unassigned ones.
    """

    REFUSED = "refused"
    DOUBTFUL = "doubtful"
    TRUSTED = "trusted"


class CollectionState(Model):
    """What is known of one policy collection in one tenant.

    ``reading_run_id`` is the run whose turn it is to read it, or was. ``full_read_at`` is when each
    of its objects was last read whole, whatever the list said.
    """

    __tablename__ = "collection_states"

    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    collection: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    completeness: Mapped[Completeness | None]
    object_count: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None] = mapped_column(sa.String(64))
    message: Mapped[str | None] = mapped_column(sa.String(500))
    attempted_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    full_read_at: Mapped[datetime | None]
    listed_assignments: Mapped[ListedAssignments | None]
    reading_run_id: Mapped[int | None] = mapped_column(BigId)
    excluded_at: Mapped[datetime | None]
    excluded_by: Mapped[str | None] = mapped_column(sa.String(254))
