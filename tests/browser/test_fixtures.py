"""The browser fixtures themselves, on the one page that needs nobody and no data."""

from contextlib import ExitStack

import pytest

from tests.support.browsing import (
    DESKTOP,
    PHONE,
    THEMES,
    Visitor,
    assert_accessible,
    assert_fits,
)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_not_found_page_is_sound(visit, theme, size):
    page = visit("/nowhere", theme=theme, size=size, expect=404)

    assert page.locator("html").get_attribute("data-bs-theme") == theme
    assert_accessible(page)
    assert_fits(page)


def test_axe_finds_what_is_wrong(visit):
    page = visit("/nowhere", expect=404)
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"data:,\">'")

    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page)


def test_an_error_on_a_page_fails_the_test(browser, served, cast):
    with pytest.raises(AssertionError, match="boom"), ExitStack() as stack:
        page = Visitor(browser, served, cast, stack)("/nowhere", expect=404)
        with page.expect_event("pageerror"):
            page.evaluate("setTimeout(() => { throw new Error('boom') })")


def test_pages_show_without_javascript(visit):
    page = visit("/nowhere", javascript=False, expect=404)

    assert page.get_by_role("heading", level=1).is_visible()
