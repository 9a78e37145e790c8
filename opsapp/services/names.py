"""Names that people give to tenants and to each other."""

import re

from opsapp.refusals import Refused

MAX_NAME = 120
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def checked_name(name: str) -> str:
    """The name on one line, with single spaces. Raises Refused for what would not show as typed."""
    if _HIDDEN.search(name):
        raise Refused(
            "Leave out control characters and marks that turn the direction of the text.", "name"
        )
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise Refused(f"Enter a name of at most {MAX_NAME} characters.", "name")
    return name
