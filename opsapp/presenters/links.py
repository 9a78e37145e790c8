"""Addresses derived from the current one, and ids derived from what they stand for."""

import hashlib
import re
from typing import Any
from urllib.parse import urlencode

from flask import request

CURSORS = ("before", "after")


def url_with(**changes: Any) -> str:
    """The current address with other query values; None or "" removes one.

    The paging cursors go unless one is given: they belong to the old list, or the old page.
    """
    changes = dict.fromkeys(CURSORS) | changes
    pairs = [
        (key, value)
        for key, values in request.args.lists()
        if key not in changes
        for value in values
    ]
    for key, value in changes.items():
        if value in (None, ""):
            continue
        many = value if isinstance(value, list | tuple) else [value]
        pairs += [(key, str(one)) for one in many]
    path = request.script_root + request.path
    return f"{path}?{urlencode(pairs)}" if pairs else path


def dom_id(*parts: object) -> str:
    """An id for the page: stable, readable, unique for different parts."""
    text = "-".join(str(part) for part in parts)
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]
    return f"{slug or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def pattern_of(text: str) -> str:
    """An HTML ``pattern`` that only ``text`` itself matches."""
    return re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\u{{{ord(found[0]):x}}}", text)
