"""What an operator must know of a whole restore before it is confirmed."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.intune.catalogue import CATALOGUE, write_permission
from opsapp.models import (
    PermissionState,
    Policy,
    RestoreAction,
    RestoreItem,
    RestoreRun,
    Tenant,
    TenantPermission,
)

_STALE = timedelta(days=1)
_WRITING = (RestoreAction.CREATE, RestoreAction.UPDATE, RestoreAction.DELETE)


def of_restore(session: Session, restore: RestoreRun) -> list[dict[str, Any]]:
    """``code`` and ``message`` of each."""
    return [
        *_target(restore.tenant),
        *_cache(restore),
        *_permissions(session, restore),
        *_approval(session, restore),
    ]


def _warning(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


def _target(tenant: Tenant) -> list[dict[str, Any]]:
    notes = []
    if tenant.is_production:
        notes.append(_warning("target.production", "The target is a production tenant."))
    if tenant.suspended_at is not None:
        message = "Work on the target is suspended: nothing is written until it is resumed."
        notes.append(_warning("target.suspended", message))
    return notes


def _cache(restore: RestoreRun) -> list[dict[str, Any]]:
    synced = restore.tenant.groups_synced_at
    if synced is None:
        return [_warning("cache.missing", "The groups of the tenant were never synced.")]
    if utcnow() - synced > _STALE:
        return [
            _warning("cache.stale", "The groups of the tenant were last synced over a day ago.")
        ]
    return []


def _permissions(session: Session, restore: RestoreRun) -> list[dict[str, Any]]:
    """Permissions that verifying the tenant found missing and that the restore needs."""
    query = sa.select(RestoreItem.collection).where(
        RestoreItem.restore_id == restore.id, RestoreItem.action.in_(_WRITING)
    )
    kinds = set(session.scalars(query.distinct())) & set(CATALOGUE)
    needed = {write_permission(CATALOGUE[kind].permission) for kind in kinds}
    missing = session.scalars(
        sa.select(TenantPermission.permission).where(
            TenantPermission.tenant_id == restore.tenant_id,
            TenantPermission.permission.in_(needed),
            TenantPermission.state != PermissionState.GRANTED,
        )
    ).all()
    return [
        _warning("permission.missing", f"The tenant has not granted {one}.")
        for one in sorted(missing)
    ]


def _approval(session: Session, restore: RestoreRun) -> list[dict[str, Any]]:
    found = session.scalar(
        sa.select(sa.func.count()).where(
            Policy.tenant_id == restore.tenant_id,
            Policy.collection == "operationApprovalPolicies",
            Policy.gone_at.is_(None),
        )
    )
    if not found:
        return []
    message = "Multi Admin Approval is on in this tenant: some changes may wait for approval."
    return [_warning("approval.on", message)]
