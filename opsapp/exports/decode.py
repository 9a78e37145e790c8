"""Bytes of an export file to JSON: the tools write UTF-8, UTF-8 with BOM and UTF-16."""

import codecs
import json
from typing import Any, NoReturn

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its BOM begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENOUGH_TO_TELL = 2


class UnreadableError(Exception):
    """The file is no JSON text. The message says why, for the list of what was left out."""


def _encoding(raw: bytes) -> str:
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return name
    if len(raw) >= _ENOUGH_TO_TELL and 0 in raw[:2]:  # JSON begins with two ASCII characters
        return "utf-16-be" if raw[0] == 0 else "utf-16-le"
    return "utf-8"


def _no_constants(name: str) -> NoReturn:
    raise UnreadableError(f"invalid JSON: {name} is no JSON value")


def parse(raw: bytes) -> Any:
    """The JSON value in these bytes. Raises ``UnreadableError``."""
    if not raw.strip(b"\x00 \t\r\n"):
        raise UnreadableError("the file is empty")
    try:
        text = raw.decode(_encoding(raw))
    except UnicodeDecodeError as error:
        raise UnreadableError("the text is neither UTF-8 nor UTF-16") from error
    try:
        return json.loads(text, parse_constant=_no_constants)
    except json.JSONDecodeError as error:
        reason = f"invalid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        raise UnreadableError(reason) from error
    except RecursionError as error:
        raise UnreadableError("invalid JSON: nested too deeply") from error
