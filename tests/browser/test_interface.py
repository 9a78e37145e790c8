"""The interface's own elements in a real browser, on the styleguide."""

import itertools
import json
from collections.abc import Iterator

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, expect

from opsapp.config import Settings
from opsapp.permissions import public
from tests.support import apps
from tests.support.browsing import DESKTOP, PHONE, THEMES, assert_accessible, assert_fits

GUIDE = "/styleguide"
LIVE = """
{% extends "base.html" %}{% from "macros/state.html" import live_region %}
{% block title %}Live{% endblock %}
{% block content %}<h1>Live</h1>
{% call live_region("beat", "/live", 1, active, announce=word) %}
  <p id="count">{{ count }}</p>
  <details id="more"><summary>More</summary><p>Detail</p></details>
{% endcall %}{% endblock %}
"""


@pytest.fixture
def settings(tmp_path, database_url, queue_url) -> Settings:
    return apps.make_settings(
        tmp_path, database_url=database_url, redis_url=queue_url, debug_pages=True
    )


@pytest.fixture
def beats(app: Flask) -> Iterator[dict]:
    """A page with a live region that ends after ``last`` answers."""
    state = {"last": 3, "served": 0, "status": 200}
    count = itertools.count(1)

    def live():
        state["served"] = next(count)
        active = state["served"] < state["last"]
        word = "Running" if active else "Succeeded"
        page = render_template_string(LIVE, active=active, count=state["served"], word=word)
        return page, state["status"]

    app.add_url_rule("/live", endpoint="live", view_func=public(live))
    return state


def open_all_details(page: Page) -> None:
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_element_is_sound(visit, theme, size):
    page = visit(GUIDE + "?q=abc&outcome=failed", theme=theme, size=size)

    open_all_details(page)

    assert_accessible(page)


def test_no_width_scrolls_sideways(visit):
    page = visit(GUIDE + "?q=abc&outcome=failed")
    open_all_details(page)
    for width in (320, 390, 640, 768, 1024, 1366, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert_fits(page)


def test_menus_close_with_escape_and_by_looking_elsewhere(visit):
    page = visit(GUIDE)
    opened = page.locator("details[data-menu][open]")
    for menu in ("Switch tenant", "Theme", "Account"):
        page.locator(f"summary[title='{menu}']").click()
        expect(opened).to_have_count(1)
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)

    page.locator("summary[title='Theme']").click()
    page.locator("h1").click()
    expect(opened).to_have_count(0)


@pytest.mark.parametrize("opener", ["[title='Switch tenant']", "[title='Account']", ".btn-danger"])
def test_menus_and_dialogs_are_sound(visit, opener):
    page = visit(GUIDE, theme="dark")

    page.locator(f"{opener} >> visible=true").last.click()

    assert_accessible(page)


def test_the_menu_of_a_phone_is_sound(visit):
    page = visit(GUIDE, size=PHONE)
    assert not page.locator("#sidebar").is_visible()

    page.get_by_role("button", name="Open menu").click()

    expect(page.locator("#sidebar").get_by_role("link", name="Policies")).to_be_visible()
    assert_accessible(page)


def test_what_matters_is_above_the_fold(visit):
    page = visit(GUIDE, size=(1366, 768))

    assert page.locator(".data-table tbody tr").nth(2).bounding_box()["y"] < 700


def test_everything_works_without_javascript(visit):
    page = visit(GUIDE, size=PHONE, javascript=False)
    assert page.locator(".copy").count() > 0
    assert not page.locator(".copy").first.is_visible()

    page.get_by_role("button", name="Open menu").click()
    assert page.locator("#sidebar").get_by_role("link", name="Policies").is_visible()
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Suspend").click()
    dialog = page.locator("#danger-dialog")
    assert dialog.is_visible()
    dialog.get_by_role("link", name="Cancel").click()
    assert not dialog.is_visible()


def test_the_theme_can_be_chosen_without_javascript(visit):
    page = visit(GUIDE, javascript=False)

    page.locator("summary[title='Theme']").click()
    page.get_by_role("button", name="Dark").click()

    assert page.url.endswith(GUIDE)
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_a_chosen_theme_shows_at_once_and_stays(visit):
    page = visit(GUIDE)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.locator("summary[title='Theme']").click()
    page.get_by_role("button", name="Dark").click()

    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark


def test_the_system_theme_follows_the_system(visit):
    page = visit(GUIDE, theme="system")
    ground = "getComputedStyle(document.body).backgroundColor"

    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    page.emulate_media(color_scheme="light")

    assert page.evaluate(ground) != dark


def test_the_sidebar_folds_and_remembers(visit):
    page = visit(GUIDE)
    wide = page.locator("#sidebar").bounding_box()["width"]

    page.get_by_role("button", name="Icons only").click()
    narrow = page.locator("#sidebar").bounding_box()["width"]
    page.reload()

    assert narrow < 80 < wide
    assert page.locator("#sidebar").bounding_box()["width"] == narrow
    assert page.locator("#sidebar").get_by_role("link", name="Policies").is_visible()


def test_the_server_learns_the_browsers_zone(visit):
    page = visit(GUIDE)

    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert cookies["tz"] == zone


def test_keyboard_shortcuts(visit):
    page = visit(GUIDE)

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("?go/")
    assert page.locator("#search").input_value() == "?go/"
    assert page.locator("dialog[open]").count() == 0
    page.locator("h1").click()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    with page.expect_request("**/monitoring/operations"):
        page.keyboard.press("g")
        page.keyboard.press("o")


def test_single_keys_can_be_switched_off(visit):
    page = visit(GUIDE)
    page.keyboard.press("?")
    page.get_by_label("Use single-key shortcuts").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "search"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "search"


def test_a_dangerous_dialog_wants_the_name_typed(visit):
    page = visit(GUIDE)
    page.get_by_role("link", name="Suspend").click()
    dialog = page.get_by_role("dialog", name="Suspend Contoso?")
    typed = dialog.get_by_label("Type contoso to confirm")
    assert typed.evaluate("element => element === document.activeElement")

    for text, fits in (("contos", False), ("contosoo", False), ("contoso", True)):
        typed.fill(text)
        assert typed.evaluate("element => element.checkValidity()") is fits
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_the_switcher_narrows_as_one_types(visit):
    page = visit(GUIDE)
    page.locator("summary[title='Switch tenant']").click()

    page.keyboard.type("north")

    expect(page.locator("#tenant-choices li:visible")).to_have_count(1)


def test_copying(visit):
    page = visit(GUIDE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.locator(".facts .copy").click()

    expect(page.locator(".toast-note")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".facts code").inner_text()


def test_finding_in_json(visit):
    page = visit(GUIDE)
    page.locator("#raw > summary").click()

    page.get_by_label("Search in Raw JSON").fill("settinginstance")

    expect(page.locator("[data-find-count]")).to_have_text("40 matches")


def test_the_whole_row_is_a_link(visit):
    page = visit(GUIDE)

    page.locator(".data-table tbody tr").nth(1).locator("time").click(force=True)

    assert page.url.endswith("#run-819")


def test_chosen_columns_are_remembered(visit):
    page = visit(GUIDE)
    assert page.get_by_role("columnheader", name="Took").count() == 1

    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Took").uncheck()
    page.locator(".menu-panel").get_by_role("button", name="Apply").click()
    page.wait_for_url("**/styleguide?columns=*")
    page.goto(GUIDE)

    assert page.get_by_role("columnheader", name="Took").count() == 0
    assert page.get_by_role("columnheader", name="Started by").count() == 1


def test_a_form_is_not_sent_twice(visit):
    page = visit(GUIDE)
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))

    with page.expect_navigation():
        page.evaluate(
            """() => {
                const button = document.querySelector("form[data-once] button");
                button.click();
                button.click();
            }"""
        )

    assert len(sent) == 1


def test_relative_times_stay_true(visit):
    page = visit(GUIDE)
    page.clock.install()

    page.clock.fast_forward("05:00")

    expect(page.locator("time [data-relative]", has_text="8 min ago").first).to_be_visible()


def test_a_live_region_moves_by_itself_and_stops_at_the_end(visit, beats):
    page = visit("/live", role="operator")

    expect(page.locator("#count")).to_have_text("3", timeout=15_000)
    expect(page.locator("#announcer")).to_contain_text("Succeeded")
    assert page.locator("[data-live]").count() == 0
    assert_accessible(page)


def test_a_live_region_leaves_what_is_open_open(visit, beats):
    beats["last"] = 1_000
    page = visit("/live", role="operator")
    page.locator("#more summary").click()

    expect(page.locator("#count")).not_to_have_text("1", timeout=15_000)

    assert page.locator("#more").evaluate("element => element.open")


@pytest.mark.parametrize(
    "pause",
    [
        "document.querySelector('.switcher').open = true",
        "document.getElementById('shortcuts').showModal()",
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true})",
    ],
    ids=["menu", "dialog", "hidden tab"],
)
def test_a_live_region_waits_while_nobody_looks(visit, beats, pause):
    beats["last"] = 1_000
    page = visit("/live", role="operator")
    page.clock.install()
    page.evaluate(pause)
    page.clock.run_for(300)
    seen = beats["served"]

    page.clock.run_for(10_000)

    assert beats["served"] <= seen + 1  # one may have been on its way
    settled = beats["served"]
    page.clock.run_for(10_000)
    assert beats["served"] == settled


def test_a_live_region_says_when_the_server_is_gone_and_recovers(browser, served, beats):
    beats["last"] = 1_000
    page = browser.new_page(base_url=served)  # not watched: htmx reports the loss on the console
    page.goto("/live")
    page.route("**/live", lambda route: route.abort())
    expect(page.locator(".live-lost")).to_contain_text("cannot be reached", timeout=15_000)

    page.unroute("**/live")

    expect(page.locator(".live-lost")).to_have_count(0, timeout=15_000)
    page.close()


def test_a_live_region_that_got_another_page_keeps_its_content(visit, beats):
    beats["last"] = 1_000
    page = visit("/live", role="operator")
    page.route("**/live", lambda route: route.fulfill(body="<h1>Sign in</h1>"))

    expect(page.locator(".live-lost")).to_contain_text("Reload", timeout=15_000)
    assert page.locator("#count").is_visible()
    assert page.locator("[data-live]").count() == 0


def test_n_and_p_go_from_change_to_change(visit):
    page = visit(GUIDE)
    focused = page.locator(".diff-table tr:focus th > span").first
    for key, label in (
        ("n", "Minimum password length"),
        ("n", "Block removable storage"),
        ("n", "Legacy audit policy"),
        ("n", "Legacy audit policy"),
        ("p", "Block removable storage"),
    ):
        page.keyboard.press(key)
        expect(focused).to_have_text(label)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    expect(focused).to_have_text("Legacy audit policy")


def test_n_does_not_leave_an_open_menu(visit):
    page = visit(GUIDE)
    menu = page.locator("details:has(> summary[title='Theme'])")
    menu.locator("summary").click()
    page.keyboard.press("n")
    expect(menu).to_have_attribute("open", "")
    expect(page.locator(".diff-table tr:focus")).to_have_count(0)


def test_unchanged_settings_unfold_without_javascript(visit):
    page = visit(GUIDE, javascript=False)
    expect(page.get_by_text("Require secure boot")).to_be_hidden()
    page.get_by_text("3 unchanged settings").click()
    expect(page.get_by_text("Require secure boot")).to_be_visible()


def test_a_folded_part_of_json_is_found_and_copied(visit):
    page = visit(GUIDE)
    page.locator("#raw > summary").click()
    text = page.locator("#raw-text")
    page.locator(".json-fold > summary", has_text="settings").click()
    expect(text).to_contain_text("settingInstance")
    assert not page.get_by_text('"value": 266').is_visible()
    page.get_by_label("Search in Raw JSON").fill("266")
    expect(page.locator("[data-find-count=raw-text]")).to_have_text("1 match")
    page.keyboard.press("Enter")
    expect(page.get_by_text('"value": 266')).to_be_visible()
    assert page.evaluate("[...CSS.highlights.get('found')].map(String)") == ["266"]

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy Raw JSON").click()
    expect(page.locator(".toast-note")).to_have_text("Copied")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["settings"][38]["settingInstance"] == {"value": 266}
