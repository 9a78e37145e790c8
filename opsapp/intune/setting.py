"""What a setting is when people read it, and how single values become texts."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from opsapp.intune.normalise import canonical_text
from opsapp.intune.secrets import SEALED_PREFIX, SHOWN_INSTEAD, masked
from opsapp.intune.words import readable as in_words

_LONG = 160
# Free text is shown as it was written; only what Graph enumerates is turned into words.
_FREE_TEXT = re.compile(
    r"(?:name|id|ids|uri|url|urls|value|path|content|rule|text|key|version|description|xml|json"
    r"|message|subject|title|note|notes|developer|owner|publisher|template|body|token|locale"
    r"|resourceactions)$",
    re.IGNORECASE,
)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DURATION = re.compile(r"P(?:(\d+)D|T(?:(\d+)H|(\d+)M|(\d+)S))")
_SEALED = re.compile(rf"{SEALED_PREFIX}[^\"]*")
_UNITS = ("day", "hour", "minute", "second")
_WITHOUT_BREAKS = str.maketrans("", "", "\r\n\t\f")
_ENUM_MEMBER = re.compile(r"[a-z]+(?:[A-Z][a-z0-9]*)*")


class Form(StrEnum):
    """How a value wants to be shown."""

    WORDS = "words"
    CODE = "code"  # an id or a number that stands for something: as it is
    LONG = "long"  # a script or document: folded
    SECRET = "secret"  # noqa: S105 - the name of a form
    NONE = "none"  # only a heading for its children


class Entry(NamedTuple):
    """A step into a list: to the entry of that name. ``named`` is false for a mere position.

    ``number`` tells entries of the same name apart.
    """

    name: str
    named: bool
    number: int = 1


Step = str | Entry


class Definition(Protocol):
    """What Intune calls a setting; ``options`` are the words of its choices by item id."""

    @property
    def label(self) -> str: ...
    @property
    def options(self) -> Mapping[str, str]: ...


Definitions = Mapping[str, Definition]


@dataclass(frozen=True)
class Setting:
    """``key`` is Graph's own name of it; ``path`` the categories between section and setting.

    ``unset`` are the labels of what is null or empty inside it. For comparing: ``steps`` lead to it
    from its parent (its key where there are none), ``exact`` tells its value from every other (it
    is empty where the texts do), ``named_by`` is what its label was taken from, and ``rooted``
    says that its key is unique in the object, whatever it lies under.
    """

    label: str
    key: str
    values: tuple[str, ...] = ()
    form: Form = Form.WORDS
    path: str = ""
    children: tuple["Setting", ...] = ()
    unset: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    exact: str = field(default="", repr=False)
    named_by: tuple["Setting", ...] = ()
    rooted: bool = False


@dataclass(frozen=True)
class Section:
    """``unset`` are the settings that are null, empty or at their default: for folding away.

    ``steps`` lead from the object to what the settings are members of.
    """

    title: str
    settings: tuple[Setting, ...]
    unset: tuple[Setting, ...] = ()
    steps: tuple[Step, ...] = ()


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def is_sealed(value: Any) -> bool:
    """Whether a text stands for a secret that is kept elsewhere, encrypted."""
    return isinstance(value, str) and value.startswith(SEALED_PREFIX)


def form_of(text: str) -> Form:
    if is_guid(text):
        return Form.CODE
    return Form.LONG if len(text) > _LONG or "\n" in text.strip() else Form.WORDS


def text_of(key: str, value: Any) -> str:
    """A single value of the property ``key`` as people read it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if value is None:
        return "null"
    text = str(value)
    if duration := _DURATION.fullmatch(text):
        number, unit = next((n, u) for n, u in zip(duration.groups(), _UNITS, strict=True) if n)
        return f"1 {unit}" if number == "1" else f"{number} {unit}s"
    parts = text.split(",")
    if all(_ENUM_MEMBER.fullmatch(part) for part in parts) and not _FREE_TEXT.search(key):
        return ", ".join(in_words(part) for part in parts)
    return text


def decoded(text: str) -> str:
    """The text inside base64, or ``text`` itself where that is not what it is."""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return text
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        plain = raw.decode(encoding)
    except UnicodeDecodeError:
        return f"{len(raw):,} bytes of binary data"
    is_text = plain.translate(_WITHOUT_BREAKS).isprintable()
    return plain.replace("\r\n", "\n") if is_text else f"{len(raw):,} bytes of binary data"


def picture(value: Mapping[str, Any]) -> str:
    """An image in words: its type and size."""
    size = len(str(value.get("value") or "")) * 3 // 4
    return f"{value.get('type') or 'image'}, {size:,} bytes"


def as_json(value: Any) -> str:
    """``value`` to read, without secrets."""
    text = json.dumps(masked(value), ensure_ascii=False, indent=2)
    return _SEALED.sub(SHOWN_INSTEAD, text)


def exact(value: Any) -> str:
    """What tells ``value`` apart from every other value."""
    return canonical_text(value)
