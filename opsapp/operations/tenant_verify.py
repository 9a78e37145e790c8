"""Verify access: does our token work, is it the right tenant, and which permissions are granted."""

import time
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.intune.catalogue import permissions_needed, permissions_to_restore
from opsapp.models import ItemResult, PermissionState, Tenant, TenantPermission
from opsapp.operations.base import Item, Operation, RunContext, Step, milliseconds_since

CHECK = "check"
PERMISSION = "permission"


class TenantVerify(Operation):
    type = "tenant.verify"
    label = "Verify access"
    timeout = timedelta(minutes=5)
    resumable = True
    item_noun = "checks"

    def perform(self, ctx: RunContext) -> None:
        asked_at = time.monotonic()
        granted = ctx.graph.token_roles(fresh=True)  # raises when no token is to be had
        token = Item(CHECK, "token", ItemResult.SUCCEEDED, "Access token")
        took = milliseconds_since(asked_at)
        with ctx.step() as step:
            step.record(replace(token, duration_ms=took))
            _keep_permissions(ctx, step, granted, took)
        ctx.checkpoint()
        _check_organization(ctx)


def _keep_permissions(ctx: RunContext, step: Step, granted: Collection[str], took: int) -> None:
    """They are in the token: ``took`` milliseconds for all of them together."""
    needed = permissions_needed()
    to_restore = permissions_to_restore()
    step.session.execute(
        sa.delete(TenantPermission).where(TenantPermission.tenant_id == ctx.tenant.id)
    )
    for permission, needed_for in needed.items():
        is_granted = _is_granted(permission, granted)
        state = PermissionState.GRANTED if is_granted else PermissionState.MISSING
        step.session.add(_row(ctx, permission, state, needed_for))
        item = _permission_item(permission, needed_for, is_granted=is_granted)
        step.record(replace(item, duration_ms=took))
    for permission in to_restore.keys() - needed.keys():
        is_granted = permission in granted
        state = PermissionState.GRANTED if is_granted else PermissionState.MISSING_TO_RESTORE
        step.session.add(_row(ctx, permission, state, to_restore[permission]))
    step.session.get_one(Tenant, ctx.tenant.id).verified_at = utcnow()


def _row(
    ctx: RunContext, permission: str, state: PermissionState, needed_for: str
) -> TenantPermission:
    return TenantPermission(
        tenant_id=ctx.tenant.id,
        permission=permission,
        state=state,
        needed_for=needed_for[:300],
        checked_at=utcnow(),
    )


def _permission_item(permission: str, needed_for: str, *, is_granted: bool) -> Item:
    if is_granted:
        return Item(PERMISSION, permission, ItemResult.SUCCEEDED, permission)
    return Item(
        PERMISSION,
        permission,
        ItemResult.FAILED,
        permission,
        "graph.consent_missing",
        f"The permission {permission} is not granted; needed for {needed_for}."[:500],
    )


def _is_granted(permission: str, granted: Collection[str]) -> bool:
    """A permission to write includes reading."""
    writing = permission.replace(".Read.", ".ReadWrite.")
    return permission in granted or writing in granted


def _check_organization(ctx: RunContext) -> None:
    """The organization's name, and that it is the tenant we mean."""
    key = "organization"
    asked_at = time.monotonic()
    try:
        page = ctx.graph.get_json("/organization?$select=id,displayName", version="v1.0")
        organization = page["value"][0]
    except Exception as error:
        code = getattr(error, "reason_code", None)
        if code is None:
            raise
        message = str(getattr(error, "item_message", code))[:500]
        request_id = getattr(error, "request_id", None)
        item = Item(CHECK, key, ItemResult.FAILED, "Organization", code, message, request_id)
    else:
        item = _compare(ctx, organization)
    item = replace(item, duration_ms=milliseconds_since(asked_at))
    with ctx.step() as step:
        if item.result == ItemResult.SUCCEEDED:
            tenant = step.session.get_one(Tenant, ctx.tenant.id)
            tenant.organization_name = str(organization.get("displayName") or "")[:256]
        step.record(item)


def _compare(ctx: RunContext, organization: dict[str, object]) -> Item:
    if str(organization.get("id", "")).lower() == ctx.tenant.entra_tenant_id:
        return Item(CHECK, "organization", ItemResult.SUCCEEDED, "Organization")
    return Item(
        CHECK,
        "organization",
        ItemResult.FAILED,
        "Organization",
        "tenant.disconnected",
        "The token belongs to another organization than this tenant.",
    )
