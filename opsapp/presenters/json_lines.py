"""JSON as text for reading, with what can be folded away in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

INDENT = 2
DEEPEST_FOLD = 2  # the members of the document, and their members
MOST_FOLDS = 200  # each is an element and a stop of the Tab key
LARGEST_FOLDED = 512 * 1024  # bytes; above that it is only text


@dataclass(frozen=True)
class Fold:
    """An object or array: the line that opens it, and all that goes away when it is folded.

    ``number`` is the line it begins on, from 0; ``lines`` how many are folded away.
    """

    head: str
    number: int
    lines: int
    parts: tuple["str | Fold", ...]


@dataclass(frozen=True)
class JsonText:
    """``parts`` make up the text, which is indented by two, keys in the order given.

    ``size`` is its length in bytes.
    """

    parts: tuple[str | Fold, ...]
    size: int
    lines: int


def json_lines(data: Any) -> JsonText:
    text = json.dumps(data, indent=INDENT, ensure_ascii=False, default=str)
    size, lines = len(text.encode()), text.count("\n") + 1
    return JsonText(_parts(text) if size <= LARGEST_FOLDED else (text,), size, lines)


def _parts(text: str) -> tuple[str | Fold, ...]:
    lines = text.split("\n")  # a line break inside a string is escaped
    opening = [depth for line in lines if (depth := _opened(line))]
    for deepest in range(DEEPEST_FOLD, 0, -1):
        if sum(depth <= deepest for depth in opening) <= MOST_FOLDS:
            return _folded(lines, deepest)
    return (text,)


def _opened(line: str) -> int:
    """How deep the object or array lies that this line opens; 0 when it opens none."""
    return _depth(line) if line.endswith(("{", "[")) else 0


def _depth(line: str) -> int:
    return (len(line) - len(line.lstrip(" "))) // INDENT


def _folded(lines: Sequence[str], deepest: int) -> tuple[str | Fold, ...]:
    """What is open is closed by the next line of the same depth that begins with a bracket."""
    levels: list[list[str | Fold]] = [[]]
    opened: list[int] = []
    begin = 0
    for number, line in enumerate(lines):
        opens = 1 <= _opened(line) <= deepest
        closes = opened and _depth(line) == len(opened) and line.lstrip(" ")[0] in "}]"
        if not (opens or closes):
            continue
        end = number if opens else number + 1
        if end > begin:
            levels[-1].append("\n".join(lines[begin:end]) + "\n")
        begin = number + 1
        if opens:
            levels.append([])
            opened.append(number)
        else:
            first, parts = opened.pop(), tuple(levels.pop())
            levels[-1].append(Fold(lines[first], first, number - first, parts))
    return (*levels[0], "\n".join(lines[begin:]))
