"""What an operator must know of a whole restore before it is confirmed."""

import pytest
from flask import Flask

from opsapp.database import utcnow
from opsapp.models import (
    PermissionState,
    RestoreAction,
    RestoreItem,
    RestoreRun,
    Tenant,
    TenantPermission,
)
from opsapp.models.base import write
from opsapp.restore.warnings import of_restore
from tests.support.backup_rows import backup_set, draft
from tests.support.cast import Cast
from tests.support.inventory_rows import Inventory

READ, WRITE = (f"DeviceManagementConfiguration.{word}.All" for word in ("Read", "ReadWrite"))


@pytest.fixture
def restore(app: Flask, cast: Cast, inventory: Inventory) -> int:
    policy = inventory.policy("Baseline", {}, key="p")
    made = draft(app, backup_set(app, cast.tenant_id, [policy]), cast.tenant_id)
    with app.app_context(), write() as session:
        tenant = session.get_one(Tenant, cast.tenant_id)
        tenant.groups_synced_at = utcnow()
        tenant.is_production = False
    return made


def codes(app: Flask, restore: int) -> set[str]:
    with app.app_context(), write() as session:
        notes = of_restore(session, session.get_one(RestoreRun, restore))
        return {note["code"] for note in notes}


def test_a_plain_restore_has_nothing_to_tell(app, restore):
    assert codes(app, restore) == set()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"is_production": True}, "target.production"),
        ({"suspended_at": utcnow()}, "target.suspended"),
    ],
)
def test_what_the_target_is(app, cast, restore, values, code):
    with app.app_context(), write() as session:
        for name, value in values.items():
            setattr(session.get_one(Tenant, cast.tenant_id), name, value)
    assert codes(app, restore) == {code}


@pytest.mark.parametrize(
    ("action", "state", "told"),
    [
        (RestoreAction.UPDATE, PermissionState.MISSING_TO_RESTORE, {"permission.missing"}),
        (RestoreAction.UPDATE, PermissionState.GRANTED, set()),
        (RestoreAction.UNCHANGED, PermissionState.MISSING_TO_RESTORE, set()),
    ],
)
def test_a_permission_to_write_that_is_missing(app, cast, restore, action, state, told):
    with app.app_context(), write() as session:
        session.query(RestoreItem).filter_by(restore_id=restore).one().action = action
        for permission, granted in ((READ, PermissionState.GRANTED), (WRITE, state)):
            session.add(
                TenantPermission(
                    tenant_id=cast.tenant_id,
                    permission=permission,
                    state=granted,
                    needed_for="profiles",
                    checked_at=utcnow(),
                )
            )
    assert codes(app, restore) == told
