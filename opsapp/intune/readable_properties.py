"""Objects of properties in words: most types, and what lies beside the settings of a catalog."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opsapp.intune.secrets import SHOWN_INSTEAD, is_secret
from opsapp.intune.setting import (
    Entry,
    Form,
    Section,
    Setting,
    as_json,
    decoded,
    exact,
    form_of,
    is_guid,
    is_sealed,
    picture,
    text_of,
)
from opsapp.intune.words import readable as in_words

DEEPEST = 12
MANY_PROPERTIES = 40

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
        "officeConfigurationXml", "startMenuLayoutXml", "content", "configurationFileContent",
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
_TITLES = (
    "displayName", "name", "ruleName", "settingName", "targetDisplayName", "actionType", "locale",
    "omaUri", "fileName",
)  # fmt: skip
# What tells the entries of a list apart, where that is not what people call them.
_IDENTITIES = ("omaUri", "targetId", "locale")
# Lists whose order means something; all others are sets to Intune.
_ORDERED = frozenset(
    {
        "dnsServers", "dnsSuffixSearchList", "dnsSuffixes", "searchDomains", "pages", "servers",
        "proxyServers", "preferredLanguages", "cipherSuites", "icons",
    }
)  # fmt: skip


def property_sections(content: Mapping[str, Any], title: str) -> list[Section]:
    """One section for plain properties, and one for each that has properties of its own."""
    properties = [key for key in content if key not in _FACTS and not is_annotation(key)]
    fold_false = len(properties) > MANY_PROPERTIES
    plain: list[Setting] = []
    unset: list[Setting] = []
    nested: list[Section] = []
    for key in properties:
        value = content[key]
        if _is_unset(value, fold_false=fold_false):
            values = ("No",) if value is False else ()
            unset.append(Setting(in_words(key), key, values, exact=exact(value)))
            continue
        setting = setting_of(content, key)
        if setting.children:
            absent = tuple(Setting(label, "") for label in setting.unset)
            steps = setting.steps or (key,)
            nested.append(Section(setting.label, setting.children, absent, steps))
        else:
            plain.append(setting)
    own = [Section(title, tuple(plain), tuple(unset))] if plain or unset else []
    return own + nested


def is_annotation(key: str) -> bool:
    return key.startswith("#") or "@odata." in key


def _is_unset(value: Any, *, fold_false: bool = False) -> bool:
    if isinstance(value, bool):
        return fold_false and not value
    if isinstance(value, str):
        return value in _UNSET or not value.strip()
    if isinstance(value, Mapping):
        return all(_is_unset(member) for key, member in value.items() if not is_annotation(key))
    return value is None or value == []


def setting_of(owner: Mapping[str, Any], key: str, depth: int = 0) -> Setting:
    """The member ``key`` of ``owner``, with all that is inside it."""
    label, value = in_words(key), owner[key]
    if is_sealed(value) or is_secret(owner, key):
        return secret(label, key, value)
    if isinstance(value, Mapping):
        if key == "largeIcon":
            return Setting(label, key, (picture(value),), exact=exact(value))
        return _inside(Setting(label, key, (), Form.NONE), value, depth + 1)
    if isinstance(value, list):
        return _list_setting(label, key, value, depth)
    return _scalar_setting(label, key, value, owner)


def secret(label: str, key: str, value: Any, path: str = "") -> Setting:
    """A setting whose value is not shown."""
    return Setting(label, key, (SHOWN_INSTEAD,), Form.SECRET, path, exact=exact(value))


def _inside(setting: Setting, value: Mapping[str, Any], depth: int) -> Setting:
    """``setting`` with the members of ``value`` as its children."""
    if depth > DEEPEST:
        return replace(setting, values=(as_json(value),), form=Form.LONG, exact=exact(value))
    keys = [key for key in value if not is_annotation(key)]
    return replace(
        setting,
        children=tuple(setting_of(value, key, depth) for key in keys if not _is_unset(value[key])),
        unset=tuple(in_words(key) for key in keys if _is_unset(value[key])),
    )


def _list_setting(label: str, key: str, value: list[Any], depth: int) -> Setting:
    if not any(isinstance(entry, Mapping | list) for entry in value):
        texts = tuple(SHOWN_INSTEAD if is_sealed(one) else text_of(key, one) for one in value)
        form = Form.CODE if texts and all(map(is_guid, texts)) else Form.WORDS
        return Setting(label, key, texts, form, exact=exact_list(key, value))
    entries = _told_apart([_entry(one, number, depth + 1) for number, one in enumerate(value, 1)])
    if len(entries) == 1 and entries[0].label == numbered(1):
        return replace(entries[0], label=label, key=key, steps=(key, *entries[0].steps))
    return Setting(label, key, (), Form.NONE, children=tuple(entries))


def exact_list(key: str, value: list[Any]) -> str:
    """Equal for the same members in any order, unless their order means something."""
    members = [exact(member) for member in value]
    return exact(members if key in _ORDERED else sorted(members))


def numbered(number: int) -> str:
    """The title of an entry that has no name."""
    return f"Item {number}"


def _told_apart(entries: list[Setting]) -> list[Setting]:
    """Entries of the same name are numbered from the second on."""
    seen: Counter[str] = Counter()
    apart = []
    for entry in entries:
        (step,) = entry.steps
        name, named = step[:2] if isinstance(step, Entry) else (step, True)
        seen[name] += 1
        apart.append(replace(entry, steps=(Entry(name, named, seen[name]),)))
    return apart


def _entry(entry: Any, number: int, depth: int) -> Setting:
    """One object of a list, titled by what names it best; its type is told, as they may differ."""
    position = (Entry(str(number), named=False),)
    if not isinstance(entry, Mapping):
        return Setting(
            numbered(number), "", (as_json(entry),), Form.CODE, steps=position, exact=exact(entry)
        )
    pair = _pair(entry)
    if pair:
        return pair
    app = _app_identifier(entry)
    if app:
        setting = _inside(Setting(app, "", (), Form.NONE), entry, depth)
        return replace(setting, steps=(Entry(app, named=True),))
    named_by = _naming_key(entry)
    title = text_of(named_by, entry[named_by]) if named_by else numbered(number)
    rest = {key: value for key, value in entry.items() if key != named_by}
    setting = _inside(Setting(title, "", (), Form.NONE), rest, depth)
    identity = next((key for key in _IDENTITIES if isinstance(entry.get(key), str)), named_by)
    setting = replace(
        setting,
        steps=(Entry(str(entry[identity]), named=True),) if identity else position,
        named_by=(setting_of(entry, named_by),) if named_by else (),
    )
    kind = entry.get("@odata.type")
    if not kind:
        return setting
    told = Setting("Type", "@odata.type", (in_words(str(kind).rpartition(".")[2]),))
    return replace(setting, children=(told, *setting.children))


def _pair(entry: Mapping[str, Any]) -> Setting | None:
    """An object that is nothing but a name and a text: the name is the label."""
    if {key for key in entry if not is_annotation(key)} != {"name", "value"}:
        return None
    name, value = str(entry["name"]), entry["value"]
    if not isinstance(value, str) or not value:
        return None
    steps = (Entry(name, named=True),)
    if is_sealed(value) or is_secret(entry, "value"):
        return replace(secret(name, name, value), steps=steps)
    return Setting(name, name, (value,), form_of(value), steps=steps, exact=exact(value))


def _app_identifier(entry: Mapping[str, Any]) -> str | None:
    """The bundle or package id of an app that an app protection policy names."""
    identifier = entry.get("mobileAppIdentifier")
    members = identifier.items() if isinstance(identifier, Mapping) else ()
    texts = (text for key, text in members if not is_annotation(key) and isinstance(text, str))
    return next(texts, None) or None


def _naming_key(entry: Mapping[str, Any]) -> str | None:
    """The member that tells people which object of a list it is."""
    texts = ((name, entry.get(name)) for name in _TITLES)
    return next((name for name, text in texts if isinstance(text, str) and text), None)


def _scalar_setting(label: str, key: str, value: Any, owner: Mapping[str, Any]) -> Setting:
    text = text_of(key, value)
    if isinstance(value, str) and (key in _ENCODED or _is_encoded_oma(owner, key)):
        text = decoded(value)
    return Setting(label, key, (text,), form_of(text), exact=exact(value))


def _is_encoded_oma(owner: Mapping[str, Any], key: str) -> bool:
    return key == "value" and str(owner.get("@odata.type", "")).endswith(
        ("omaSettingStringXml", "omaSettingBase64")
    )
