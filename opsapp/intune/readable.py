"""An object's content as people read it: sections of settings, each a label and its values.

Works on what Graph gave alone: labels come from the names of properties and the ids of settings,
for no definitions are stored. Secrets never come out of here.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from opsapp.intune.secrets import SHOWN_INSTEAD, is_secret, masked
from opsapp.intune.words import readable as in_words

DEEPEST = 12
MANY_PROPERTIES = 40
_LONG = 160


class Form(StrEnum):
    """How a value wants to be shown."""

    WORDS = "words"
    CODE = "code"  # an id or a number that stands for something: as it is
    LONG = "long"  # a script or document: folded
    SECRET = "secret"  # noqa: S105 - the name of a form
    NONE = "none"  # only a heading for its children


@dataclass(frozen=True)
class Setting:
    """``key`` is Graph's own name of it; ``path`` the categories between section and setting.

    ``unset`` are the labels of what is null or empty inside it.
    """

    label: str
    key: str
    values: tuple[str, ...] = ()
    form: Form = Form.WORDS
    path: str = ""
    children: tuple["Setting", ...] = ()
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """``unset`` are the settings that are null, empty or at their default: for folding away."""

    title: str
    settings: tuple[Setting, ...]
    unset: tuple[Setting, ...] = ()


# Shown among the facts of an object, or not part of what it configures.
_FACTS = frozenset(
    {
        "id", "displayName", "name", "description", "createdDateTime", "lastModifiedDateTime",
        "modifiedDateTime", "version", "roleScopeTagIds", "roleScopeTags", "supportsScopeTags",
        "isAssigned", "assignments", "settingCount", "@odata.type", "platforms", "platform",
        "templateReference", "technologies", "creationSource", "priorityMetaData",
    }
)  # fmt: skip
_ENCODED = frozenset(
    {
        "scriptContent", "detectionScriptContent", "remediationScriptContent", "payload",
        "payloadJson", "encodedSettingXml", "rulesContent", "configurationXml",
        "officeConfigurationXml", "startMenuLayoutXml", "content",
    }
)  # fmt: skip
_UNSET = frozenset(
    {
        "notConfigured",
        "deviceDefault",
        "0001-01-01T00:00:00Z",
        "00000000-0000-0000-0000-000000000000",
    }
)
_TITLES = ("displayName", "name", "ruleName", "settingName", "actionType", "locale", "omaUri")
# Free text is shown as it was written; only what Graph enumerates is turned into words.
_FREE_TEXT = re.compile(
    r"(?:name|id|ids|uri|url|urls|value|path|content|rule|text|key|version|description|xml|json"
    r"|message|subject|title|note|notes|developer|owner|publisher|template|body|token)$",
    re.IGNORECASE,
)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DURATION = re.compile(r"P(?:(\d+)D|T(?:(\d+)H|(\d+)M|(\d+)S))")
_UNITS = ("day", "hour", "minute", "second")
_ENUM_MEMBER = re.compile(r"[a-z]+(?:[A-Z][a-z0-9]*)*")


def sections_of(content: Mapping[str, Any]) -> list[Section]:
    """The readable form of any object, whatever its type. Never raises over odd content."""
    from opsapp.intune.readable_catalog import catalog_sections

    settings = content.get("settings")
    if isinstance(settings, list) and all(_is_catalog_setting(entry) for entry in settings):
        rest = {key: value for key, value in content.items() if key != "settings"}
        return [*catalog_sections(settings), *_property_sections(rest, "Other properties")]
    return _property_sections(content, "General")


def count_of(sections: Iterable[Section]) -> int:
    """How many settings are set; a setting with children counts once."""
    return sum(len(section.settings) for section in sections)


def has_numbered(sections: Iterable[Section]) -> bool:
    """Whether any choice is shown by its number, for want of Intune's words for it."""
    waiting = [setting for section in sections for setting in section.settings]
    while waiting:
        setting = waiting.pop()
        if setting.form == Form.CODE and all(text.isdigit() for text in setting.values):
            return True
        waiting += setting.children
    return False


def matching(sections: Iterable[Section], wanted: str) -> list[Section]:
    """Only the settings whose label, value, category or id contains ``wanted``, at any depth."""
    needle = wanted.casefold()
    found = []
    for section in sections:
        kept = tuple(setting for setting in section.settings if _mentions(setting, needle))
        unset = tuple(setting for setting in section.unset if _mentions(setting, needle))
        if needle in section.title.casefold():
            kept, unset = section.settings, section.unset
        if kept or unset:
            found.append(replace(section, settings=kept, unset=unset))
    return found


def _mentions(setting: Setting, needle: str) -> bool:
    texts = (setting.label, setting.key, setting.path, *setting.values)
    return any(needle in text.casefold() for text in texts) or any(
        _mentions(child, needle) for child in setting.children
    )


def _is_catalog_setting(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("settingInstance"), Mapping)


def _property_sections(content: Mapping[str, Any], title: str) -> list[Section]:
    """One section for plain properties, and one for each that has properties of its own."""
    properties = [key for key in content if key not in _FACTS and not _is_annotation(key)]
    fold_false = len(properties) > MANY_PROPERTIES
    plain: list[Setting] = []
    unset: list[Setting] = []
    nested: list[Section] = []
    for key in properties:
        if _is_unset(content[key], fold_false=fold_false):
            values = ("No",) if content[key] is False else ()
            unset.append(Setting(in_words(key), key, values))
            continue
        setting = _setting_of(content, key)
        if setting.children:
            absent = tuple(Setting(label, "") for label in setting.unset)
            nested.append(Section(setting.label, setting.children, absent))
        else:
            plain.append(setting)
    own = [Section(title, tuple(plain), tuple(unset))] if plain or unset else []
    return own + nested


def _is_annotation(key: str) -> bool:
    return key.startswith("#") or "@odata." in key


def _is_unset(value: Any, *, fold_false: bool = False) -> bool:
    if isinstance(value, bool):
        return fold_false and not value
    if isinstance(value, str):
        return value in _UNSET or not value.strip()
    if isinstance(value, Mapping):
        return all(_is_unset(member) for key, member in value.items() if not _is_annotation(key))
    return value is None or value == []


def _setting_of(owner: Mapping[str, Any], key: str, depth: int = 0) -> Setting:
    label, value = in_words(key), owner[key]
    if is_secret(owner, key):
        return Setting(label, key, (SHOWN_INSTEAD,), Form.SECRET)
    if isinstance(value, Mapping):
        if key == "largeIcon":
            return Setting(label, key, (_picture(value),))
        return _inside(Setting(label, key, (), Form.NONE), value, depth + 1)
    if isinstance(value, list):
        return _list_setting(label, key, value, depth)
    return _scalar_setting(label, key, value, owner)


def _inside(setting: Setting, value: Mapping[str, Any], depth: int) -> Setting:
    """``setting`` with the members of ``value`` as its children."""
    if depth > DEEPEST:
        return replace(setting, values=(_as_json(value),), form=Form.LONG)
    keys = [key for key in value if not _is_annotation(key)]
    return replace(
        setting,
        children=tuple(_setting_of(value, key, depth) for key in keys if not _is_unset(value[key])),
        unset=tuple(in_words(key) for key in keys if _is_unset(value[key])),
    )


def _list_setting(label: str, key: str, value: list[Any], depth: int) -> Setting:
    if not any(isinstance(entry, Mapping | list) for entry in value):
        texts = tuple(_text(key, entry) for entry in value)
        form = Form.CODE if texts and all(map(is_guid, texts)) else Form.WORDS
        return Setting(label, key, texts, form)
    entries = [_entry(entry, number, depth + 1) for number, entry in enumerate(value, 1)]
    if len(entries) == 1 and entries[0].label == _numbered(1):
        return replace(entries[0], label=label, key=key)
    return Setting(label, key, (), Form.NONE, children=tuple(entries))


def _numbered(number: int) -> str:
    return f"Item {number}"


def _entry(entry: Any, number: int, depth: int) -> Setting:
    """One object of a list, titled by what names it best; its type is told, as they may differ."""
    if not isinstance(entry, Mapping):
        return Setting(_numbered(number), "", (_as_json(entry),), Form.CODE)
    pair = _pair(entry)
    if pair:
        return pair
    named_by = _naming_key(entry)
    title = _text(named_by, entry[named_by]) if named_by else _numbered(number)
    rest = {key: value for key, value in entry.items() if key != named_by}
    setting = _inside(Setting(title, "", (), Form.NONE), rest, depth)
    kind = entry.get("@odata.type")
    if not kind:
        return setting
    told = Setting("Type", "@odata.type", (in_words(str(kind).rpartition(".")[2]),))
    return replace(setting, children=(told, *setting.children))


def _pair(entry: Mapping[str, Any]) -> Setting | None:
    """An object that is nothing but a name and a text: the name is the label."""
    if {key for key in entry if not _is_annotation(key)} != {"name", "value"}:
        return None
    name, value = str(entry["name"]), entry["value"]
    if not isinstance(value, str) or not value:
        return None
    if is_secret(entry, "value"):
        return Setting(name, name, (SHOWN_INSTEAD,), Form.SECRET)
    return Setting(name, name, (value,), form_of(value))


def _naming_key(entry: Mapping[str, Any]) -> str | None:
    """The member that tells people which object of a list it is."""
    texts = ((name, entry.get(name)) for name in _TITLES)
    return next((name for name, text in texts if isinstance(text, str) and text), None)


def _scalar_setting(label: str, key: str, value: Any, owner: Mapping[str, Any]) -> Setting:
    text = _text(key, value)
    if isinstance(value, str) and (key in _ENCODED or _is_encoded_oma(owner, key)):
        text = decoded(value)
    return Setting(label, key, (text,), form_of(text))


def _is_encoded_oma(owner: Mapping[str, Any], key: str) -> bool:
    return key == "value" and str(owner.get("@odata.type", "")).endswith(
        ("omaSettingStringXml", "omaSettingBase64")
    )


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def form_of(text: str) -> Form:
    if is_guid(text):
        return Form.CODE
    return Form.LONG if len(text) > _LONG or "\n" in text.strip() else Form.WORDS


def _text(key: str, value: Any) -> str:
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
    is_text = all(letter.isprintable() or letter in "\r\n\t\f" for letter in plain)
    return plain.replace("\r\n", "\n") if is_text else f"{len(raw):,} bytes of binary data"


def _picture(value: Mapping[str, Any]) -> str:
    size = len(str(value.get("value") or "")) * 3 // 4
    return f"{value.get('type') or 'image'}, {size:,} bytes"


def _as_json(value: Any) -> str:
    return json.dumps(masked(value), ensure_ascii=False, indent=2)


def texts_in(content: Any) -> Iterator[str]:
    """Every text anywhere inside ``content``: where ids of other objects are looked for."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
