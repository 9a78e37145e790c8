"""A real Chromium against a real server on loopback, in this process.

A browser test takes ``visit`` and opens pages as a member of the cast::

    def test_it(visit, cast):
        page = visit("/monitoring/operations", role="operator", theme="dark")

Every page is watched: an error in its console, a refused request or a breach of the content
security policy fails the test. ``assert_accessible(page)`` runs axe.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from tests.support.browsing import Visitor
from tests.support.cast import Cast

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _executable() -> str:
    found = next(filter(None, map(shutil.which, CANDIDATES)), None)
    if found is None:
        reason = f"no browser found (looked for {', '.join(CANDIDATES)})"
        if os.environ.get("OPSAPP_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(autouse=True)
def _is_browser_test(request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = _executable()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The application's address, without a trailing slash."""
    with _served(app) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, served: str, cast: Cast) -> Iterator[Visitor]:
    """Opens a page as somebody; see ``tests.support.browsing.Visitor`` for the choices."""
    with ExitStack() as stack:
        yield Visitor(browser, served, cast, stack)
