"""Opening pages in a real browser as a member of the cast, watched for errors."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from tests.support.cast import Cast

DESKTOP = (1440, 900)
PHONE = (390, 844)
THEMES = ("light", "dark")


@dataclass
class Visitor:
    """Calling it opens ``path`` and returns the Playwright page.

    Each call is a browser of its own, closed at the end of the test; then what went wrong on the
    page is raised as an assertion.
    """

    browser: Browser
    address: str
    cast: Cast
    stack: ExitStack

    def __call__(
        self,
        path: str,
        role: str = "anonymous",
        *,
        theme: str = "light",
        size: tuple[int, int] = DESKTOP,
        javascript: bool = True,
        zone: str | None = None,
        expect: int = 200,
    ) -> Page:
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=javascript,
            reduced_motion="reduce",
            timezone_id=zone,
            base_url=self.address,
        )
        self.stack.callback(context.close)
        self._prepare(context, role, theme)
        page = context.new_page()
        self.stack.callback(_watched(page))
        answer = page.goto(path, wait_until="load")
        assert answer is not None
        assert answer.status == expect, f"{path} answered {answer.status}"
        return page

    def _prepare(self, context: BrowserContext, role: str, theme: str) -> None:
        context.add_cookies([{"name": "theme", "value": theme, "url": self.address}])
        session = self.cast.client(role, csrf=True).get_cookie("session")
        if session is not None:
            context.add_cookies(
                [{"name": "session", "value": session.value, "url": self.address}],
            )


def _watched(page: Page) -> Callable[[], None]:
    """Notes what goes wrong on a page; the returned function asserts that nothing did."""
    wrong: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # A refusal that is shown as a page is the test's business (``expect``), not an error.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    def on_response(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            wrong.append(f"{response.status} for {response.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", on_response)

    def check() -> None:
        assert not wrong, wrong

    return check


def assert_accessible(page: Page) -> None:
    """axe finds nothing on the page as it is now."""
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    found = [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
        + "\n".join(f"  {node['html']}\n  {node['failureSummary']}" for node in violation["nodes"])
        for violation in results.response["violations"]
    ]
    assert not found, "\n".join(found)


def assert_fits(page: Page) -> None:
    """The page does not scroll sideways."""
    wide, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room, f"the page is {wide} px wide in a window of {room} px"
