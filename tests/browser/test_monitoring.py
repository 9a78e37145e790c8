"""Operations, one run, queue and notifications in a real browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from opsapp.database import utcnow
from opsapp.models import Hold, ItemResult, OperationRun, RunOutcome, RunStatus
from opsapp.models.base import write
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize
from tests.support.browsing import DESKTOP, PHONE, assert_accessible, assert_fits
from tests.support.ledger_rows import CANCELLED, FAILED, PARTIAL, Ledger, item

LIST = "/monitoring/operations"
NARROWEST = (320, 640)
QUEUED, RUNNING = RunStatus.QUEUED, RunStatus.RUNNING
LONG = "Maximiliane Freifrau von und zu Hohenstein-Württemberg-Oranienburg " * 2
RIGHT_TO_LEFT = "سياسة الأمان للأجهزة المحمولة"
VIEWS = [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE), ("dark", NARROWEST)]


@pytest.fixture
def pages(cast, ledger) -> dict[str, str]:
    """One of everything, with names that are hard to lay out."""
    me = cast["admin"].id
    failed = [
        item(f"f{number}", ItemResult.FAILED, name=LONG[:130], request_id="7d8e8a52" * 4)
        for number in range(3)
    ]
    rest = [item("o", name=RIGHT_TO_LEFT, policy_id=1), item("s", ItemResult.SKIPPED)]
    history = [("dispatched", "Handed to the queue."), ("started", "Attempt 1 started.")]
    same = {"run_identity_hash": "a" * 64}
    for _ in range(10):
        ledger.run()
    ledger.run(PARTIAL, items=[item("f0", ItemResult.FAILED), item("o", ItemResult.FAILED)], **same)
    partial = ledger.run(
        PARTIAL,
        **same,
        summary_counts=ledger.counts(1, 3, 1),
        items=[*failed, *rest],
        events=history,
        initiator_name=LONG[:120],
        inputs={"types": ["configurationPolicies"]},
    )
    retried = ledger.run(FAILED, retry_of_id=partial, age=timedelta(minutes=3))
    retry = ledger.run(retry_of_id=partial, selection_hash="b" * 64, items=[item("f0")])
    ledger.selected(retry, ["f0"], "graph.throttled")
    ledger.repaired(partial, retry, 1, 2)
    cancelled = ledger.run(
        CANCELLED,
        summary_counts=ledger.counts(1, total=45),
        cancel_requested_by=RIGHT_TO_LEFT,
        cancel_requested_at=utcnow(),
        cancel_reason=LONG,
    )
    ledger.pause(LONG, whole_queue=True)
    ledger.pause(RIGHT_TO_LEFT, by=LONG)
    running = ledger.run(
        RUNNING, user_id=me, summary_counts=ledger.counts(20, total=45), events=history
    )
    stale = ledger.run(RUNNING, lease_expires_at=utcnow() - timedelta(seconds=5))
    queued = ledger.run(QUEUED)
    held = ledger.run(QUEUED, hold=Hold.GRAPH, not_before=utcnow() + timedelta(minutes=5))
    ledger.notification(me, partial, f"Sync inventory of {LONG} failed.")
    ledger.notification(me, retried, RIGHT_TO_LEFT, read=True)
    ledger.worker("lost", silent=timedelta(minutes=4))
    ledger.worker("worker-1", version="0.0.9")  # it works on the running run
    ledger.queue(1)
    ledger.reconciled(
        {"rounds": [{"at": utcnow().isoformat(), "by": "worker-1", "healed": {"lost": 2}}]}
    )
    runs = {"partial": partial, "failed": retried, "running": running, "queued": queued}
    runs |= {"held": held, "stale": stale, "retry": retry, "cancelled": cancelled}
    fixed = {
        "list": LIST,
        "chips": f"{LIST}?state=failed&q=ana&mine=1",
        "queue": "/monitoring/queue",
        "compare": f"{LIST}/{partial}/compare",
        "overview": "/tenants/contoso/",
        "settings": "/tenants/contoso/settings",
        "notifications": "/notifications",
    }
    return fixed | {name: f"{LIST}/{run_id}" for name, run_id in runs.items()}


@pytest.mark.parametrize(("theme", "size"), VIEWS)
def test_every_page_is_accessible_and_fits(visit, pages, theme, size):
    page = visit(pages["list"], "admin", theme=theme, size=size)
    for address in pages.values():
        page.goto(address)
        assert_accessible(page)
        assert_fits(page)


@pytest.mark.parametrize("path", [LIST, "/monitoring/queue", "/notifications"])
def test_empty_pages_are_accessible(visit, path):
    assert_accessible(visit(path, "admin"))


def finish(app, run_id: int) -> None:
    with app.app_context():
        finalize(run_id, RunResult(RunOutcome.SUCCEEDED, None, Ledger.counts(45)))


def test_a_running_run_moves_by_itself_and_stops_at_the_end(visit, app, cast, ledger):
    run = ledger.run(
        RUNNING, user_id=cast["operator"].id, summary_counts=ledger.counts(20, total=45)
    )
    page = visit(f"{LIST}/{run}", "operator")
    expect(page.locator(".items-text").first).to_contain_text("20 ok / 45")
    with app.app_context(), write() as session:
        session.get_one(OperationRun, run).summary_counts = ledger.counts(31, total=45)
    expect(page.locator(".items-text").first).to_contain_text("31 ok / 45", timeout=15_000)
    finish(app, run)

    expect(page.locator(".page-title .state")).to_have_text("Succeeded", timeout=15_000)
    expect(page.get_by_role("link", name="Notifications, 1 unread")).to_be_visible()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    expect(page.locator("[data-live]")).to_have_count(0)


def test_the_list_stands_still_and_says_what_is_new(visit, app, ledger):
    run = ledger.run(RUNNING)
    page = visit(LIST, "operator")
    ledger.run(QUEUED)
    expect(page.locator(".new-rows")).to_contain_text("1 new", timeout=15_000)
    expect(page.locator("#runs tbody tr")).to_have_count(1)
    expect(page.locator("#figures .stat-value").first).to_have_text("2")
    finish(app, run)

    expect(page.locator("#runs [data-live], #runs[data-live]")).to_have_count(0, timeout=15_000)
    page.locator(".new-rows a").click()
    expect(page.locator("#runs tbody tr")).to_have_count(2)


def test_an_update_does_not_take_the_focus_away(visit, ledger):
    ledger.run(RUNNING)
    page = visit(LIST, "operator")
    tile = page.get_by_role("link", name="Stale")
    tile.focus()
    tile.evaluate("element => { element.dataset.old = 'yes'; }")
    expect(page.locator("[data-old]")).to_have_count(0, timeout=15_000)

    expect(tile).to_be_focused()


def test_updates_wait_while_a_dialog_is_open(visit, app, ledger):
    run = ledger.run(RUNNING, summary_counts=ledger.counts(20, total=45))
    page = visit(f"{LIST}/{run}", "manager")
    page.get_by_role("link", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("20 of 45 objects are done, and stay done.")
    assert_accessible(page)
    finish(app, run)
    page.keyboard.press("Escape")

    expect(page.locator(".page-title .state")).to_have_text("Succeeded", timeout=15_000)
    expect(page.get_by_role("link", name="Cancel", exact=True)).to_have_count(0)


def test_cancelling_without_javascript(visit, ledger):
    run = ledger.run(QUEUED)
    page = visit(f"{LIST}/{run}", "manager", javascript=False, size=PHONE)
    page.get_by_role("link", name="Cancel").click()
    assert_fits_without_script(page)
    page.get_by_role("button", name="Cancel the run").click()

    expect(page.locator(".page-title .state")).to_have_text("Cancelled")
    expect(page.locator(".flashes")).to_contain_text("was cancelled; nothing more will be done")


def assert_fits_without_script(page) -> None:
    box = page.locator("dialog:target").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]


def test_a_click_that_cannot_be_queued_says_so_at_once(visit, ledger):
    run = ledger.run(FAILED)
    page = visit(f"{LIST}/{run}", "operator", javascript=False)
    page.get_by_role("link", name="Retry").click()  # what may have happened is asked about first
    page.get_by_role("button", name="Start it again").click()

    expect(page.locator(".flashes")).to_contain_text("could not be handed to the queue")
    expect(page.locator(".page-title .state")).to_have_text("Failed")
    expect(page.get_by_role("link", name=f"Run {run}", exact=True)).to_be_visible()


def test_a_notification_opens_its_run_by_keyboard_and_is_read(visit, cast, ledger):
    run = ledger.run(FAILED, user_id=cast["operator"].id)
    ledger.notification(cast["operator"].id, run, "Sync inventory of Contoso failed.")
    page = visit("/notifications", "operator")
    page.get_by_role("button", name="Sync inventory of Contoso failed.").press("Enter")

    expect(page).to_have_url(f"{page.url.split('/monitoring')[0]}{LIST}/{run}")
    expect(page.get_by_role("link", name="Notifications", exact=True).first).to_be_visible()
    page.goto("/notifications")
    expect(page.get_by_role("link", name="Sync inventory of Contoso failed.")).to_be_visible()
    expect(page.locator(".bell-count")).to_have_count(0)


@pytest.mark.parametrize(("unread", "shown"), [(3, "3"), (12, "12"), (101, "99+")])
def test_the_count_of_unread_stays_on_one_line(visit, cast, ledger, unread, shown):
    for number in range(unread):
        ledger.notification(cast["operator"].id, ledger.run(FAILED), f"Run {number} failed.")
    count = visit("/monitoring/operations", "operator").locator(".bell-count")
    expect(count).to_have_text(shown)
    assert count.bounding_box()["height"] == 16
