"""The restore wizard in a real browser: looks, keyboard, dialog, without JavaScript."""

import re

import pytest
import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.models import DirectoryGroup, RestoreItem, RestoreRun
from opsapp.models.base import write
from tests.support.backup_rows import backup_group, backup_set
from tests.support.browsing import DESKTOP, assert_accessible, assert_fits
from tests.support.inventory_rows import HOSTILE, graph_id, to_group
from tests.support.restore_states import ended, previewed

BASE = "/tenants/contoso/restores"
NARROWEST = (320, 640)
VIEWS = [("light", DESKTOP), ("dark", NARROWEST)]
GROUPS = 40


@pytest.fixture
def made(app, cast, inventory):
    """A set whose policies name groups with names that are hard to lay out."""
    inventory.tenant(groups_synced_at=utcnow())
    targets = [to_group(graph_id(9000 + n)) for n in range(GROUPS)]
    ids = [
        inventory.policy(f"{HOSTILE[n % 3]} {n}", {}, targets, key=graph_id(100 + n))
        for n in range(60)
    ]
    made = backup_set(app, cast.tenant_id, ids, name=HOSTILE[2])
    for n in range(GROUPS):
        backup_group(app, made, graph_id(9000 + n), f"{HOSTILE[n % 3]} {n}")
    with app.app_context(), write() as session:
        session.execute(
            sa.insert(DirectoryGroup),
            [
                {
                    "tenant_id": cast.tenant_id,
                    "graph_id": graph_id(20_000 + n),
                    "display_name": f"Group {n:05}",
                    "group_types": [],
                }
                for n in range(10_000)
            ],
        )
    return made


@pytest.fixture
def restores(app, cast, made):
    """Ids of restores in each state that has a page of its own."""

    def new() -> int:
        answer = cast.client("operator").post(BASE, data={"set": made, "scope": "all"})
        return int(re.search(r"/restores/(\d+)", answer.location)[1])

    found = {"draft": new(), "previewed": new(), "blocked": new(), "ended": new()}
    previewed(app, found["previewed"])
    previewed(app, found["blocked"], blocked=True)
    previewed(app, found["ended"])
    ended(app, found["ended"])
    return found


def pages(app, made, restores) -> dict[str, str]:
    with app.app_context(), write() as session:
        items = {
            state: session.query(RestoreItem.id).filter_by(restore_id=number).first()[0]
            for state, number in restores.items()
        }
    ended_item = f"{BASE}/{restores['ended']}/items/{items['ended']}"
    return {
        "list": BASE,
        "source": f"{BASE}/new",
        "scope": f"{BASE}/new?set={made}",
        **{state: f"{BASE}/{number}" for state, number in restores.items()},
        "item": f"{BASE}/{restores['previewed']}/items/{items['previewed']}",
        "item ended": ended_item,
        "mapping": f"{BASE}/{restores['draft']}/mapping",
        "target": f"{BASE}/{restores['draft']}/mapping/target"
        f"?kind=groups&source={graph_id(9000)}&q=Group",
    }


@pytest.mark.parametrize(("theme", "size"), VIEWS)
def test_every_page_is_accessible_and_fits(app, visit, made, restores, theme, size):
    for path in pages(app, made, restores).values():
        page = visit(path, role="owner", theme=theme, size=size)
        assert_fits(page)
        assert_accessible(page)


def test_the_dialog_asks_for_everything_before_it_starts(app, visit, restores):
    number = restores["previewed"]
    page = visit(f"{BASE}/{number}", role="manager")
    page.get_by_role("link", name="Restore 60 objects").click()
    dialog = page.get_by_role("dialog")
    assert "In Contoso: 60 created." in dialog.inner_text()
    dialog.get_by_role("button", name="Restore 60 objects").click()
    assert dialog.is_visible()  # the browser asks for what is missing
    dialog.get_by_label("Reason").fill("Change 4711")
    dialog.get_by_label("I have read the preview").check()
    dialog.get_by_label("Type Contoso to confirm").fill("Contoso")
    dialog.get_by_role("button", name="Restore 60 objects").click()
    page.wait_for_load_state()
    with app.app_context(), write() as session:
        restore = session.get_one(RestoreRun, number)
        assert (restore.reason, restore.confirmed_by) == ("Change 4711", "manager@opsapp.test")


def test_the_wizard_without_javascript(app, visit, made):
    """From the list to the decided mapping, with plain links and forms."""
    page = visit(BASE, role="operator", javascript=False)
    page.get_by_role("link", name="New restore").first.click()
    page.get_by_role("link", name=HOSTILE[2]).click()
    page.get_by_label("Everything: 60 objects").check()
    page.get_by_role("button", name="Draft the restore").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Mapping"
    page.get_by_role("row").nth(1).get_by_role("link", name="Map").click()
    page.get_by_label("Search name or id").fill("Group 00777")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Map to Group 00777").click()
    assert "1 mapped" in page.locator(".answer").inner_text()
    page.get_by_role("button", name="Create all missing groups").click()
    assert "39 to create" in page.locator(".answer").inner_text()
    page.get_by_role("link", name="To the preview").click()
    assert "A draft of 60 objects" in page.locator(".answer").inner_text()
