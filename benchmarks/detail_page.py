"""The page of a run with very many items, against one with a thousand in a small ledger."""

from collections.abc import Callable

import sqlalchemy as sa

from benchmarks.big_ledger import BigLedger, compare_pages
from benchmarks.list_page import _call
from opsapp.extensions import db
from opsapp.models import OperationRunItem

RUN = 2


def benchmark() -> str:
    return compare_pages("page of a run", _pages)


def _pages(ledger: BigLedger) -> dict[str, Callable[[], object]]:
    admin = ledger.client("admin")
    page = f"/monitoring/operations/{RUN}"
    with ledger.app.app_context():
        first = sa.select(sa.func.min(OperationRunItem.id)).where(OperationRunItem.run_id == RUN)
        middle = (db.session.scalar(first) or 0) + ledger.items_of_one // 2
    asked = {
        "what failed, as it opens": "",
        "all items": "?result=all",
        "a deep page": f"?result=all&after={middle}",
        "a deep page backwards": f"?result=all&before={middle}",
        "failed, deep": f"?result=failed&after={middle}",
        "a reason": "?reason=graph.throttled",
        "text: nothing like it": "?result=all&q=zzz",
        "an ordinary run": "/../3",
    }
    return {
        name: _call(admin, "/monitoring/operations/3" if query == "/../3" else page + query)
        for name, query in asked.items()
    }
