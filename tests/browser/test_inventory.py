"""Portfolio, overview, policies and groups in a real browser."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from opsapp.database import utcnow
from opsapp.models import Completeness, RunOutcome, RunStatus, User
from opsapp.models.base import write
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize
from tests.support.browsing import DESKTOP, assert_accessible, assert_fits
from tests.support.inventory_rows import (
    HOSTILE,
    add_tenant,
    catalog,
    choice,
    graph_id,
    simple,
    to_all_devices,
    to_group,
)
from tests.support.ledger_rows import FAILED, Ledger

NARROWEST = (320, 640)
LONG_AGO = datetime(2025, 3, 31, 23, 30, tzinfo=UTC)
VIEWS = [("light", DESKTOP), ("dark", NARROWEST)]  # colours and layout each at both ends
DEVICE = "device_vendor_msft_policy_config_"
POLICIES = "/tenants/contoso/policies"


@pytest.fixture
def pages(app, cast, inventory) -> dict[str, str]:
    """One of everything, with names that are hard to lay out."""
    groups = [inventory.group(name, description=name, membership_rule=name) for name in HOSTILE]
    groups.append(inventory.group("Gone", removed=True, group_types=["Unified"]))
    inventory.policy(HOSTILE[2], collection="assignmentFilters", key=graph_id(90))
    assignments = [to_group(group, filter_id=graph_id(90)) for group in groups]
    assignments += [to_group(graph_id(77), excluded=True), to_all_devices()]
    for name in HOSTILE:
        odd = inventory.policy(
            name,
            {
                "description": name * 3,
                "presharedKey": "hunter2",
                "scriptContent": "bHMgLWxhCmVjaG8gIm9rIgo=",
                "omaSettings": [{"displayName": name, "omaUri": "./" + "x" * 200, "value": name}],
                "unset": None,
            },
            assignments * 3,
            collection="deviceConfigurations",
        )
    many = [choice(f"{DEVICE}area{n % 9}_setting{n}", "1") for n in range(40)]
    deep = choice(f"{DEVICE}a_b", "1", choice(f"{DEVICE}a_b_c", "x", simple(f"{DEVICE}a_b_c_d", 7)))
    inventory.policy("Catalog", catalog(*many), key=graph_id(91))
    big = inventory.policy("Catalog", catalog(deep, *many), assignments, key=graph_id(91))
    gone = inventory.policy("Gone", gone=True)
    inventory.collection("mobileApps", Completeness.FORBIDDEN, message=HOSTILE[2])
    inventory.collection("configurationPolicies")
    inventory.permission("DeviceManagementConfiguration.Read.All")
    inventory.permission("DeviceManagementServiceConfig.Read.All", missing=True)
    inventory.tenant(is_production=True, verified_at=utcnow(), organization_name=HOSTILE[2])
    ledger = Ledger(app, cast.tenant_id)
    ledger.run(FAILED, initiator_name=HOSTILE[2])
    ledger.run(RunStatus.RUNNING, summary_counts=ledger.counts(20, total=45))
    add_tenant(app, "fabrikam", HOSTILE[1], suspended_at=utcnow())
    add_tenant(app, "northwind", HOSTILE[2])
    return {
        "portfolio": "/",
        "calm portfolio": "/?show=attention&q=none",
        "overview": "/tenants/contoso/",
        "new tenant": "/tenants/northwind/",
        "suspended tenant": "/tenants/fabrikam/",
        "policies": POLICIES,
        "filtered policies": f"{POLICIES}?q=zzz&type=mobileApps&group={groups[0]}",
        "no policies": "/tenants/northwind/policies",
        "odd policy": f"{POLICIES}/{odd}?ids=1",
        "large policy": f"{POLICIES}/{big}?raw=1",
        "older version": f"{POLICIES}/{big}?version=1&find=setting1",
        "gone policy": f"{POLICIES}/{gone}",
        "groups": "/tenants/contoso/groups?state=all",
        "no groups": "/tenants/northwind/groups",
    }


@pytest.mark.parametrize(("theme", "size"), VIEWS)
def test_every_page_is_sound(visit, pages, theme, size):
    page = visit(pages["portfolio"], "admin", theme=theme, size=size)
    for path in pages.values():
        page.goto(path)
        for folded in page.locator("main details:not([data-menu], .json-fold) > summary").all():
            if folded.is_visible():
                folded.click()
        assert_accessible(page)
        assert_fits(page)


def test_everything_is_reachable_without_javascript(visit, pages):
    page = visit("/", "operator", javascript=False)
    page.get_by_role("link", name="Contoso", exact=True).last.click()
    page.locator("#collections").get_by_role("link", name="Settings catalog policies").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Policies")
    page.get_by_role("link", name="Catalog", exact=True).click()
    page.get_by_placeholder("Find in the settings").fill("setting39")
    page.get_by_role("search", name="Settings").get_by_role("button", name="Apply").click()
    expect(page.locator("#settings .setting")).to_have_count(1)
    page.get_by_role("link", name="Version 1", exact=True).click()
    expect(page.locator(".notice")).to_contain_text("Version 1 of 2")
    page.locator("#raw-content > summary").click()
    expect(page.locator("#raw-content-text")).to_be_visible()


def test_the_overview_moves_by_itself_and_stops(visit, app, cast):
    ledger = Ledger(app, cast.tenant_id)
    run_id = ledger.run(RunStatus.RUNNING, age=timedelta(seconds=20))
    page = visit("/tenants/contoso/", "operator")
    sync = page.get_by_role("button", name="Sync inventory")
    expect(sync).to_be_disabled()
    with app.app_context():
        finalize(run_id, RunResult(RunOutcome.SUCCEEDED, None, ledger.counts(3), ()))
    expect(sync).to_be_enabled(timeout=15_000)
    expect(page.locator("[data-live]")).to_have_count(0)
    expect(page.locator("#runs")).to_contain_text("Succeeded")


def test_finding_in_the_raw_json(visit, inventory):
    policy_id = inventory.policy("P", catalog(simple(f"{DEVICE}defender_path", "needle")))
    page = visit(f"{POLICIES}/{policy_id}", "readonly")
    page.locator("#raw-content > summary").click()
    page.get_by_label("Search in Raw JSON of version 1").fill("needle")
    expect(page.locator("[data-find-count=raw-content-text]")).to_have_text("1 match")


def height_of(locator) -> float:
    return locator.bounding_box()["height"]


@pytest.mark.parametrize("size", [DESKTOP, NARROWEST])
def test_the_name_of_a_platform_is_never_broken(visit, inventory, size):
    inventory.policy("Narrow", catalog(platforms="iOS,macOS,android"))
    page = visit(POLICIES, "readonly", size=size)
    platforms = page.locator(".platforms > span")
    assert platforms.all_inner_texts() == ["iOS/iPadOS,", "macOS,", "Android"]
    one_line = height_of(page.locator(".platforms > span").last)
    assert {height_of(platform) for platform in platforms.all()} == {one_line}


def test_an_old_date_is_the_browsers_even_on_the_first_page(visit, inventory):
    inventory.change(inventory.policy("Old"), changed_at=LONG_AGO)
    page = visit(POLICIES, "readonly", zone="Asia/Tokyo")
    expect(page.locator("td.col-changed time [data-relative]")).to_have_text("1 Apr 2025")


def test_the_zone_of_the_account_wins_over_the_browsers(visit, app, cast, inventory):
    inventory.change(inventory.policy("Old"), changed_at=LONG_AGO)
    with app.app_context(), write() as session:
        session.get_one(User, cast["readonly"].id).timezone = "UTC"
    page = visit(POLICIES, "readonly", zone="Asia/Tokyo")
    expect(page.locator("td.col-changed time [data-relative]")).to_have_text("31 Mar 2025")
