"""OData query options: ``$expand`` with nesting, ``$select``, ``$top``, ``$orderby``, paging."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from opsapp.simulator.messages import GraphRequest, bad_request

_OPTIONS = frozenset(
    ("count", "expand", "filter", "orderby", "search", "select", "skip", "skiptoken", "top")
)


def split_top_level(text: str, separator: str) -> list[str]:
    """Split at separators outside parentheses and quotes."""
    parts, depth, quoted, current = [], 0, False, ""
    for char in text:
        if char == "'":
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
        if char == separator and depth == 0 and not quoted:
            parts.append(current)
            current = ""
        else:
            current += char
    return [part.strip() for part in (*parts, current) if part.strip()]


def expansions(text: str) -> dict[str, dict[str, str]]:
    """``a,b($expand=c;$top=1)`` → ``{"a": {}, "b": {"$expand": "c", "$top": "1"}}``."""
    result: dict[str, dict[str, str]] = {}
    for part in split_top_level(text, ","):
        name, _, options = part.partition("(")
        pairs = (
            option.partition("=") for option in split_top_level(options.removesuffix(")"), ";")
        )
        result[name.strip()] = {key.strip(): value.strip() for key, _, value in pairs}
    return result


def options(pairs: Iterable[tuple[str, str]], version: str) -> dict[str, str]:
    """The query as Graph reads it: in beta the ``$`` of an option may be left out."""
    query = {}
    for name, value in pairs:
        plain = name.lstrip("?")  # "??$expand=" is sent by tools and understood
        known = version == "beta" and plain.lower() in _OPTIONS
        query["$" + plain.lower() if known else plain] = value
    return query


def select(
    item: dict[str, Any], query: Mapping[str, str], *, with_key: bool = False
) -> dict[str, Any]:
    """Only the selected members; annotations and expanded members stay.

    Intune gives the key always (``with_key``), the directory only where selected.
    """
    names = query.get("$select", "")
    if not names or names == "*":
        return item
    keep = {name.strip().lower() for name in names.split(",")}
    keep |= {name.lower() for name in expansions(query.get("$expand", ""))}
    return {
        key: value
        for key, value in item.items()
        if "@" in key or key.lower() in keep or (with_key and key == "id")
    }


def order(items: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Apply ``$orderby=member [desc]``; text without regard to case."""
    for clause in reversed(split_top_level(query.get("$orderby", ""), ",")):
        member, _, direction = clause.partition(" ")
        items = sorted(
            items,
            key=lambda item: str(item.get(member) or "").casefold(),
            reverse=direction.strip().lower() == "desc",
        )
    return items


@dataclass(frozen=True)
class PageRules:
    """How a list is cut. ``limit`` is the tester's knob, ``empty_every`` sends empty pages too."""

    default: int
    maximum: int
    limit: int | None = None
    empty_every: int = 0
    link_base: str | None = None


def page_size(query: Mapping[str, str], rules: PageRules, *, intune: bool) -> int:
    """Objects per page. Raises the 400 of a bad or too large ``$top``."""
    size = rules.default
    if "$top" in query:
        text = query["$top"]
        if not text.isdecimal() or int(text) < 1:
            raise bad_request(f"Invalid value '{text}' for $top query option.")
        size = int(text)
        if size > rules.maximum:
            message = f"The limit of '{rules.maximum}' for Top query has been exceeded."
            raise bad_request(message, intune=intune)
    return min(size, rules.limit) if rules.limit else size


def encode_token(state: dict[str, Any]) -> str:
    packed = json.dumps(state, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_token(text: str) -> dict[str, Any]:
    """Raises ``ValueError`` where the token is none of ours."""
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError("not a paging token") from error
    if not isinstance(value, dict):
        raise ValueError("not a paging token")  # noqa: TRY004 (the caller sees one kind)
    return value


def link(request: GraphRequest, rules: PageRules, **extra: str) -> str:
    """An absolute URL of this request with other paging options."""
    query = {key: value for key, value in request.query.items() if key != "$skiptoken"} | extra
    text = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items())
    return f"{rules.link_base or request.base}/{request.version}/{quote(request.path)}?{text}"


def page(
    request: GraphRequest, items: list[Any], rules: PageRules, *, intune: bool = True
) -> dict[str, Any]:
    """One page: ``value``, ``@odata.nextLink``, and ``@odata.count`` if asked, on the first."""
    size = page_size(request.query, rules, intune=intune)
    try:
        state = decode_token(request.query["$skiptoken"]) if "$skiptoken" in request.query else {}
    except ValueError as error:
        raise bad_request("The $skiptoken is not valid.", intune=intune) from error
    start = int(state.get("at", 0))
    body: dict[str, Any] = {}
    if request.query.get("$count") == "true" and not state:
        body["@odata.count"] = len(items)
    number = start // size + 1
    if rules.empty_every and number % rules.empty_every == 0 and "empty" not in state:
        token = encode_token({"at": start, "empty": 1})
        return body | {
            "@odata.nextLink": link(request, rules, **{"$skiptoken": token}),
            "value": [],
        }
    if start + size < len(items):
        token = encode_token({"at": start + size})
        body["@odata.nextLink"] = link(request, rules, **{"$skiptoken": token})
    return body | {"value": items[start : start + size]}
