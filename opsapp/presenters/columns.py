"""Which columns of a table the viewer wants: from the address, else remembered in a cookie."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

Column = Mapping[str, Any]


def cookie_name(table: str) -> str:
    return f"columns_{table}"


def chosen_columns(table: str, columns: Sequence[Column]) -> list[Column]:
    """The columns to draw. Those with ``optional`` may be chosen; ``hidden`` ones start unchosen.

    ``?columns=a&columns=b`` wins over the cookie, so that an address shows the same to everybody.
    """
    optional = {column["key"] for column in columns if column.get("optional")}
    asked = set(request.args.getlist("columns"))
    if not asked:
        asked = set(request.cookies.get(cookie_name(table), "").split("."))
    asked &= optional | {"none"}
    if not asked:
        asked = {column["key"] for column in columns if not column.get("hidden")}
    return [column for column in columns if column["key"] not in optional or column["key"] in asked]


def css_class(column: Column) -> str:
    """``col-took numeric``: what the cells of a column are called, and how they are drawn."""
    drawn = (name for name in ("numeric", "wide", "narrow") if column.get(name))
    return " ".join([f"col-{column['key']}", *drawn])
