"""Backup sets and schedules in a real browser."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from opsapp.audit import Actor
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    BackupItem,
    BackupSet,
    BackupSetType,
    BackupSlot,
    Frequency,
    SlotState,
    Tenant,
    TypeCompleteness,
)
from opsapp.models.base import write
from opsapp.services import schedules
from opsapp.services.schedule_plan import Plan
from tests.support.backup_files import made_set
from tests.support.browsing import DESKTOP, assert_accessible, assert_fits
from tests.support.inventory_rows import HOSTILE, catalog, simple, to_all_devices, to_group

NARROWEST = (320, 640)
SETS = "/tenants/contoso/backups"
SCHEDULES = "/tenants/contoso/schedules"
VIEWS = [("light", DESKTOP), ("dark", NARROWEST)]


@pytest.fixture
def queue_url(redis_url):
    return redis_url


@pytest.fixture
def pages(app, cast, inventory):
    """Sets and schedules in every state, with names that are hard to lay out."""
    groups = [inventory.group(name) for name in HOSTILE]
    for name in HOSTILE:
        settings = [simple(f"device_{n}", name) for n in range(20)]
        inventory.policy(name, catalog(*settings), [*map(to_group, groups), to_all_devices()])
    with app.app_context():
        complete = [made_set(inventory.tenant_id, name[:120]) for name in (*HOSTILE, "Monday")]
        opened = _open_set(inventory.tenant_id)
        item = db.session.scalar(sa.select(sa.func.min(BackupItem.id)))
        schedule = _schedules(inventory.tenant_id)
    return {
        "list": SETS,
        "complete": f"{SETS}/{complete[2]}",
        "open": f"{SETS}/{opened}?find=a",
        "item": f"{SETS}/{complete[0]}/items/{item}",
        "schedules": SCHEDULES,
        "schedule": f"{SCHEDULES}/{schedule}",
    }


def _open_set(tenant_id):
    missing = [
        {"graph_id": str(n), "name": name, "reason_code": "graph.throttled", "message": name}
        for n, name in enumerate(HOSTILE)
    ]
    with write() as session:
        made = BackupSet(
            tenant_id=tenant_id,
            name=HOSTILE[2][:120],
            note=HOSTILE[1] * 5,
            created_by=HOSTILE[2],
            left_out=[{"file": "a/" * 80 + "b.json", "reason": "It is no JSON."}],
        )
        session.add(made)
        session.flush()
        for key, completeness in (
            ("configurationPolicies", TypeCompleteness.PARTIAL),
            ("conditionalAccessPolicies", TypeCompleteness.FORBIDDEN),
            ("mobileApps", TypeCompleteness.THROTTLED),
            ("deviceConfigurations", TypeCompleteness.EXCLUDED),
        ):
            is_partial = completeness == TypeCompleteness.PARTIAL
            session.add(
                BackupSetType(
                    set_id=made.id,
                    collection=key,
                    completeness=completeness,
                    object_count=3,
                    missing=missing if is_partial else [],
                    reason_code=None if is_partial else "graph.forbidden",
                    message=None if is_partial else HOSTILE[2],
                )
            )
        return made.id


def _schedules(tenant_id):
    actor, tenant = Actor(HOSTILE[2]), db.session.get_one(Tenant, tenant_id)
    plans = [Plan(name[:120].strip(), Frequency.DAILY, 30, 2, keep_count=7) for name in HOSTILE]
    made = [schedules.add(actor, tenant, plan) for plan in plans]
    schedules.pause(actor, made[1])
    now = utcnow()
    with write() as session:
        for hours, state in enumerate((SlotState.REFUSED, SlotState.MISSED, SlotState.STARTED)):
            session.add(
                BackupSlot(
                    schedule_id=made[0].id,
                    slot_at=now - timedelta(hours=hours),
                    state=state,
                    note=None if state == SlotState.STARTED else "The tenant is suspended.",
                )
            )
    return made[0].id


@pytest.mark.parametrize(("theme", "size"), VIEWS)
def test_the_pages_are_accessible_and_fit(visit, pages, theme, size):
    for address in pages.values():
        page = visit(address, role="owner", theme=theme, size=size)
        assert_accessible(page)
        assert_fits(page)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_backup_is_started_and_a_set_deleted(visit, app, inventory, javascript):
    inventory.policy("Baseline")
    with app.app_context():
        made_set(inventory.tenant_id)
    page = visit(SETS, role="manager", javascript=javascript)
    page.get_by_label("Name", exact=True).fill("Tuesday")
    page.get_by_role("button", name="Back up").click()
    expect(page.get_by_text("The backup was started.").first).to_be_visible()
    expect(page.get_by_text("is queued").first).to_be_visible()
    page.get_by_role("link", name="Monday").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Monday")
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type Monday to confirm").fill("Monday")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The backup set “Monday” is deleted.").first).to_be_visible()


def test_a_schedule_is_added_paused_and_resumed(visit):
    page = visit(SCHEDULES, role="manager")
    page.get_by_label("Name", exact=True).fill("Nightly")
    page.locator("#at").fill("02:30")
    page.get_by_role("button", name="Add schedule").click()
    row = page.get_by_role("row").filter(has_text="Nightly")
    expect(row).to_contain_text("Every day at 02:30")
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("Paused")
    row.get_by_role("button", name="Resume").click()
    expect(row).not_to_contain_text("Paused")
