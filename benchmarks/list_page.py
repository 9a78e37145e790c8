"""The list of runs: what it costs with many runs, against what it costs with few.

Where it can be had, a page shows as many rows in both: what is compared is how they are found.
"""

from collections.abc import Callable

from benchmarks.big_ledger import BigLedger, compare_pages

LIST = "/monitoring/operations"


def benchmark() -> str:
    return compare_pages("list of runs", _pages)


def _pages(ledger: BigLedger) -> dict[str, Callable[[], object]]:
    admin, operator = ledger.client("admin"), ledger.client("operator")
    middle = ledger.runs // 2
    asked = {
        "default view": "",
        "of a tenant": "?tenant=tenant-3",
        "of a type": "?type=tenant.verify",
        "running": "?state=running",
        "failed": "?state=failed&since=all",
        "succeeded": "?state=succeeded",
        "needs attention": "?state=attention",
        "needs attention, any time": "?state=attention&since=all",
        "a reason": "?reason=worker.lost&since=all",
        "text: a frequent initiator": "?q=nightly",
        "text: a rare initiator": "?q=rarely",
        "text: nothing like it": "?q=zzz",
        "text: a tenant": "?q=tenant+3",
        "of a tenant and type, text": "?tenant=tenant-3&type=tenant.verify&q=rarely",
        "a deep page": f"?since=all&after={middle}",
        "a deep page backwards": f"?since=all&before={middle}",
        "any time": "?since=all",
    }
    pages: dict[str, Callable[[], object]] = {
        name: _call(admin, LIST + query) for name, query in asked.items()
    }
    for name in ("default view", "needs attention", "text: a rare initiator", "a deep page"):
        pages[f"few tenants: {name}"] = _call(operator, LIST + asked[name])
    pages["few tenants: my runs"] = _call(operator, f"{LIST}?mine=1&since=all")
    pages["notifications"] = _call(operator, "/notifications")
    pages["queue"] = _call(admin, "/monitoring/queue")
    return pages


def _call(client: object, path: str) -> Callable[[], object]:
    def call() -> None:
        answer = client.get(path)  # type: ignore[attr-defined]
        assert answer.status_code == 200, f"{path}: {answer.status}"

    return call
