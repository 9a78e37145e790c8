"""What the views of people and tenants share."""

import re
from urllib.parse import urlsplit

from flask import abort, request

from opsapp.audit import Actor
from opsapp.permissions import viewer
from opsapp.services.paging import Cursor

GREATEST_ID = 2**63 - 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


def actor() -> Actor:
    """The viewer as the one who acts, for the audit trail."""
    return Actor.of(viewer())


def cursor() -> Cursor:
    """Where the asked page of a list lies; nonsense means the beginning."""
    return Cursor(after=asked_number("after"), before=asked_number("before"))


def asked_number(name: str, greatest: int = GREATEST_ID) -> int | None:
    """A whole number from the query; None for nonsense and for what no column could hold."""
    return _within(greatest, request.args.get(name, type=int))


def sent_number(name: str) -> int | None:
    """The same of a form."""
    return _within(GREATEST_ID, request.form.get(name, type=int))


def _within(greatest: int, number: int | None) -> int | None:
    return number if number is not None and abs(number) <= greatest else None


def home() -> str:
    return f"{request.script_root}/"


def own_path(address: str | None) -> str:
    """``address`` if it leads to a page of ours, else the start page. Never another host."""
    if not address or _CONTROL.search(address) or address.startswith("//"):
        return home()
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return home()
    return address


def check_typed(expected: str) -> None:
    """Aborts with 400 unless the confirmation dialog sent the typed name."""
    if request.form.get("confirm", "").strip() != expected:
        abort(400)
