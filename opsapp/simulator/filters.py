"""The part of ``$filter`` that tools really send: comparisons, startswith, isof, and, or, not."""

import operator as operator_
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from opsapp.simulator.messages import bad_request

Predicate = Callable[[dict[str, Any]], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>(?:microsoft\.graph\.\w+)?'(?:[^']|'')*')"
    r"|(?P<mark>[(),])|(?P<word>[^\s(),']+))",
    re.ASCII,
)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "ge": operator_.ge,
    "gt": operator_.gt,
    "le": operator_.le,
    "lt": operator_.lt,
}
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}


def compile_filter(text: str) -> Predicate:
    """A predicate for this filter. Raises the 400 of a filter that cannot be understood."""
    tokens = _tokens(text)
    parser = _Parser(text, tokens)
    predicate = parser.either()
    if parser.position != len(tokens):
        raise parser.refusal()
    return predicate


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise bad_request(f"Invalid filter clause: {text}")
        found.append(match[0].strip())
        position = match.end()
    return found


def _value(item: dict[str, Any], path: str) -> Any:
    """``microsoft.graph.x/member`` and ``a/b``; a missing member is null."""
    current: Any = item
    for part in path.split("/"):
        if part.startswith("microsoft.graph."):
            continue
        current = current.get(part) if isinstance(current, dict) else None
    return current


def _ordered(value: Any) -> tuple[int, Any]:
    """Moments by time, whatever their precision; numbers and texts as they are; null first."""
    if isinstance(value, str):
        with suppress(ValueError):
            moment = datetime.fromisoformat(re.sub(r"\.\d+", _microseconds, value))
            return 2, moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return 3, value.casefold()
    return (0, 0) if value is None else (1, value)


def _microseconds(match: re.Match[str]) -> str:
    return match[0][:7].ljust(7, "0")


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return bool(left == right)


class _Parser:
    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text = text
        self.tokens = tokens
        self.position = 0

    def refusal(self) -> Exception:
        return bad_request(f"Invalid filter clause: {self.text}")

    def _take(self, expected: str | None = None) -> str:
        if self.position >= len(self.tokens):
            raise self.refusal()
        token = self.tokens[self.position]
        if expected is not None and token.lower() != expected:
            raise self.refusal()
        self.position += 1
        return token

    def _next_is(self, word: str) -> bool:
        return self.position < len(self.tokens) and self.tokens[self.position].lower() == word

    def either(self) -> Predicate:
        parts = [self._both()]
        while self._next_is("or"):
            self._take()
            parts.append(self._both())
        return lambda item: any(part(item) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._next_is("and"):
            self._take()
            parts.append(self._one())
        return lambda item: all(part(item) for part in parts)

    def _one(self) -> Predicate:
        if self._next_is("not"):
            self._take()
            inner = self._one()
            return lambda item: not inner(item)
        if self._next_is("("):
            self._take()
            if self._path_in_parentheses():
                path = self._take()
                self._take(")")
                return self._comparison(path)
            inner = self.either()
            self._take(")")
            return inner
        word = self._take()
        return self._call(word.lower()) if self._next_is("(") else self._comparison(word)

    def _path_in_parentheses(self) -> bool:
        """``(a/b) eq null``: some tools write the member in parentheses."""
        at = self.position
        return self.tokens[at + 1 : at + 2] == [")"]

    def _call(self, name: str) -> Predicate:
        self._take("(")
        arguments = [self._take()]
        while self._next_is(","):
            self._take()
            arguments.append(self._take())
        self._take(")")
        if name == "isof" and len(arguments) == 1:
            wanted = "#" + self._literal(arguments[0])
            return lambda item: item.get("@odata.type") == wanted
        tests: dict[str, Callable[[str, str], bool]] = {
            "startswith": str.startswith,
            "endswith": str.endswith,
            "contains": str.__contains__,
        }
        if name not in tests or len(arguments) != len(("path", "text")):
            raise self.refusal()
        path, text = arguments[0], str(self._literal(arguments[1])).casefold()
        test = tests[name]
        return lambda item: test(str(_value(item, path) or "").casefold(), text)

    def _comparison(self, path: str) -> Predicate:
        operator, literal = self._take().lower(), self._literal(self._take())
        if operator == "eq":
            return lambda item: _same(_value(item, path), literal)
        if operator == "ne":
            return lambda item: not _same(_value(item, path), literal)
        if operator in _ORDER:
            compare, wanted = _ORDER[operator], _ordered(literal)
            return lambda item: compare(_ordered(_value(item, path)), wanted)
        if operator == "has":
            return lambda item: str(literal) in str(_value(item, path) or "").split(",")
        raise self.refusal()

    def _literal(self, token: str) -> Any:
        if token.startswith("microsoft.graph.") and token.endswith("'"):
            token = token[token.index("'") :]  # microsoft.graph.someEnum'member'
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in _LITERALS:
            return _LITERALS[token]
        if re.fullmatch(r"-?\d+", token):
            return int(token)
        return token
