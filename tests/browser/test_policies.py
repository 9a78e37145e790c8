"""Comparing policies, the history of a setting, all policies, in a real browser."""

import base64

import pytest

from tests.support.browsing import DESKTOP, assert_accessible, assert_fits
from tests.support.inventory_rows import (
    HOSTILE,
    catalog,
    choice,
    graph_id,
    simple,
    to_all_devices,
    to_group,
)

NARROWEST = (320, 640)
VIEWS = [("light", DESKTOP), ("dark", NARROWEST)]
DEVICE = "device_vendor_msft_policy_config_"
POLICIES = "/tenants/contoso/policies"


@pytest.fixture
def pages(inventory) -> dict[str, str]:
    """Two policies of two versions each, with names that are hard to lay out."""
    groups = [to_group(inventory.group(name)) for name in HOSTILE]
    for number in (1, 2):
        settings = [choice(f"{DEVICE}area{n % 4}_setting{n}", "1") for n in range(24)]
        settings += [simple(f"{DEVICE}area1_list", "x" * 150 + str(number))]
        targets = [to_all_devices(), *groups[:number], to_group(graph_id(77), excluded=True)]
        plain = inventory.policy(
            "Antivirus", catalog(*settings[number * 2 :]), targets, key=graph_id(91)
        )
        script = "\n".join([*(f"echo {n}" for n in range(30)), f"echo {'y' * 200} {number}"])
        odd = inventory.policy(
            HOSTILE[2],
            {
                "description": HOSTILE[number],
                "scriptContent": base64.b64encode(script.encode()).decode(),
                "presharedKey": f"secret {number}",
                "omaSettings": [
                    {"displayName": name, "omaUri": f"./{'x' * 120}/{at}", "value": name * number}
                    for at, name in enumerate(HOSTILE)
                ],
            },
            targets,
            collection="deviceConfigurations",
            key=graph_id(92),
        )
    change = {"at": "2026-11-20T10:00:00Z", "actor": HOSTILE[2], "activity": "Patch"}
    inventory.version(odd, 2, changes=[change] * 2)
    inventory.holds(plain, f"{DEVICE}area1_list", HOSTILE[2])
    return {
        "compare": f"{POLICIES}/{plain}/compare",
        "compare odd": f"{POLICIES}/{odd}/compare",
        "any": f"/policies/compare?left={plain}&right={odd}",
        "choose": f"/policies/compare?left={odd}&find=anti",
        "history": f"{POLICIES}/{odd}/history?setting=scriptContent",
        "policy": f"{POLICIES}/{odd}",
        "everywhere": "/policies?seen=all",
        "found": f"/policies?q={HOSTILE[2][:20]}",
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("theme", "size"), VIEWS)
def test_every_page_is_accessible_and_fits(visit, pages, theme, size):
    page = visit(pages["compare"], "manager", theme=theme, size=size)
    for name, url in pages.items():
        page.goto(url)
        page.evaluate(
            "document.querySelectorAll('main details:not([data-menu])')"
            ".forEach((one) => { one.open = true; })"
        )
        assert_accessible(page)
        assert_fits(page)
        assert page.locator("h1").count() == 1, name


def test_n_and_p_go_from_change_to_change(visit, pages):
    page = visit(pages["compare"], "readonly")
    changes = page.locator("tr[data-change]")
    assert changes.count() > 3
    page.keyboard.press("n")
    assert changes.nth(0).evaluate("(row) => row === document.activeElement")
    page.keyboard.press("n")
    assert changes.nth(1).evaluate("(row) => row === document.activeElement")
    page.keyboard.press("p")
    assert changes.nth(0).evaluate("(row) => row === document.activeElement")
