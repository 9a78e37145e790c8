"""``$search`` on groups: ``"displayName:word" OR "mail:x"``, tokenised as the directory does."""

import re
from collections.abc import Callable
from typing import Any

from opsapp.simulator.messages import bad_request

_CLAUSE = re.compile(r'"(?P<member>\w+):(?P<text>(?:[^"\\]|\\.)*)"')
_TOKENISED = ("displayName", "description")


def compile_search(text: str) -> Callable[[dict[str, Any]], bool]:
    """A predicate for this search. AND binds closer than OR, as everywhere."""
    alternatives = [
        [_clause(part) for part in re.split(r"\s+AND\s+", group)]
        for group in re.split(r"\s+OR\s+", text.strip())
    ]
    return lambda row: any(all(test(row) for test in group) for group in alternatives)


def _clause(text: str) -> Callable[[dict[str, Any]], bool]:
    match = _CLAUSE.fullmatch(text.strip())
    if match is None:
        raise bad_request(
            f"Syntax error: character in '{text}' is not valid for a search clause.",
            code="BadRequest",
        )
    member, wanted = match["member"], re.sub(r"\\(.)", r"\1", match["text"]).casefold()

    def test(row: dict[str, Any]) -> bool:
        value = str(row.get(member) or "").casefold()
        if member not in _TOKENISED:
            return value.startswith(wanted)
        words = [word for word in re.split(r"[\W_]+", value) if word]
        needed = [word for word in re.split(r"[\W_]+", wanted) if word]
        return all(any(word.startswith(need) for word in words) for need in needed)

    return test
