"""Parts of pages that tests read."""

from bs4 import BeautifulSoup

LIST = "/monitoring/operations"


def run_page(run_id: int) -> str:
    return f"{LIST}/{run_id}"


def words(element) -> str:
    return " ".join(element.text.split())


def figures(page: BeautifulSoup) -> dict[str, str]:
    return {
        words(tile.select_one(".stat-label")): words(tile.select_one(".stat-value"))
        for tile in page.select(".stat")
    }
