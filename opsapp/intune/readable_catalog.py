"""Settings catalog policies in words: sections by area, settings by the last part of their id.

An id such as ``device_vendor_msft_policy_config_defender_allowrealtimemonitoring`` holds scope,
area and setting; ingested templates add ``~policy~`` and a path of categories. Choices are stored
as ``<id>_<choice>``. Where the definition of a setting is not known, a numbered choice is shown by
its number, except where its meaning is certain.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opsapp.intune.readable_properties import DEEPEST, exact_list, numbered, secret
from opsapp.intune.secrets import is_secret, is_secret_name
from opsapp.intune.setting import (
    Definitions,
    Entry,
    Form,
    Section,
    Setting,
    exact,
    form_of,
    is_sealed,
)
from opsapp.intune.words import readable_id as in_words

_SCOPE = re.compile(r"(?:(device|user)_)?vendor_msft_(?:policy_config_)?")
_CATEGORY = re.compile(r"(l_[^_]+|cat_[^_]+|pol_[^_]+|microsoft_edge|[^_]+)_(.+)")
_RUNNING_NUMBER = re.compile(r"(l_[a-z_]*[a-z])\d+$")
_NOISE = re.compile(r"\b(?:cat|pol)_|_v\d+$|\{[^}]*\}|\bl_")
_APPLE = "com.apple."
_NAMELESS = re.compile(
    r"(?:l_)?empty\d*|(?:iz_)?partname\w*|dropdown|textbox|enum|desc|list|value|part"
)
_AREAS = {
    "admx": "Administrative templates",
    "internetexplorer": "Internet Explorer",
    "passportforwork": "Windows Hello for Business",
    "dmclient": "Device management client",
    "localpoliciessecurityoptions": "Local policies: security options",
    "applicationaccess": "Restrictions",
    "extensiblesso": "Single sign-on extension",
    "managedclient.preferences": "Managed preferences",
    "mcx": "Managed client",
    "mcx.filevault2": "FileVault",
    "security.firewall": "Firewall",
    "security.fderecoverykeyescrow": "FileVault recovery key escrow",
    "servicemanagement": "Managed login items",
    "systempolicy.control": "Gatekeeper",
    "systempolicy.managed": "Gatekeeper, managed",
    "tcc.configuration-profile-policy": "Privacy preferences",
    "system-extension-policy": "System extensions",
    "webcontent-filter": "Web content filter",
    "windowsai": "Windows AI",
    "laps": "Windows LAPS",
    "pde": "Personal data encryption",
    "lanmanserver": "LanMan server",
    "lanmanworkstation": "LanMan workstation",
    "mssecurityguide": "Microsoft security guide",
    "msslegacy": "MSS (legacy)",
}
_PRODUCTS = {
    "microsoft_edge": "Microsoft Edge",
    "googlechrome": "Google Chrome",
    "onedrivengsc": "OneDrive",
    "l_lync": "Skype for Business",
    "l_proj": "Microsoft Project",
    "l_ppt": "Microsoft PowerPoint",
    "l_microsoftvisio": "Microsoft Visio",
    "l_microsoftofficesystem": "Microsoft Office",
    "l_microsoftofficemachine": "Microsoft Office, computer",
    "cat_edgeupdate": "Microsoft Edge update",
    "cat_google": "Google update",
    "cat_secguide": "Microsoft security guide",
    "wsl": "Windows Subsystem for Linux",
}
_OFFICE_APP = re.compile(r"l_microsoftoffice(access|excel|outlook|powerpoint|publisher|word)$")


@dataclass(frozen=True)
class Place:
    """Where a setting belongs, from its id. ``scope`` is device, user or empty."""

    section: str
    path: str
    name: str
    scope: str = ""


def is_catalog(settings: Any) -> bool:
    """Whether a list holds settings of the settings catalog, or nothing."""
    return isinstance(settings, list) and all(
        isinstance(entry, Mapping) and isinstance(entry.get("settingInstance"), Mapping)
        for entry in settings
    )


def catalog_sections(
    settings: Iterable[Mapping[str, Any]], definitions: Definitions
) -> list[Section]:
    """Sections in alphabetical order, the settings of each by category and label."""
    areas: dict[str, list[Setting]] = defaultdict(list)
    reader = _Reader(definitions)
    for entry in settings:
        instance = entry["settingInstance"]
        place = place_of(_id(instance))
        areas[place.section].append(reader.setting(instance, place))
    return [
        Section(title, tuple(sorted(told_apart(found), key=_by_label)))
        for title, found in sorted(areas.items(), key=lambda item: item[0].casefold())
    ]


def _by_label(setting: Setting) -> tuple[str, str]:
    return setting.path, setting.label.casefold()


def told_apart(settings: Iterable[Setting]) -> list[Setting]:
    """Intune calls several settings the same ("Log Max File Size"): then what they belong to."""
    found = list(settings)
    counts = Counter(_by_label(one) for one in found)
    return [
        replace(one, label=f"{one.label} ({holder})")
        if counts[_by_label(one)] > 1 and (holder := _holder(one.key))
        else one
        for one in found
    ]


def _holder(definition_id: str) -> str:
    """``…_publicprofile_logmaxfilesize`` belongs to the public profile."""
    before, _, _ = place_of(definition_id).name.rpartition("_")
    return in_words(before.rpartition("_")[2]).lower() if before else ""


def place_of(definition_id: str) -> Place:
    """Splits the id of a top-level setting."""
    match = _SCOPE.match(definition_id)
    scope = (match.group(1) or "") if match else ""
    rest = definition_id[match.end() :] if match else definition_id
    if "~" in rest:
        return _template_place(rest, scope)
    if rest.startswith(_APPLE):
        area, _, name = rest.removeprefix(_APPLE).partition("_")
    else:
        area, _, name = rest.partition("_")
    if area == "admx":
        category, _, name = name.partition("_")
        return Place(_AREAS[area], in_words(category), _clean(name) or category, scope)
    words = _AREAS.get(area) or in_words(area)
    return Place(words, "", _clean(name) or area, scope)


def _template_place(rest: str, scope: str) -> Place:
    """``office16v2~policy~l_microsoftofficesystem~l_securitysettings_l_protectdocument``."""
    *path, last = [part for part in rest.split("~")[1:] if part != "policy"]
    match = _CATEGORY.fullmatch(last)
    category, name = match.groups() if match else (last, last)
    path.append(category)
    product, *categories = path
    return Place(
        _product(product), " / ".join(in_words(_clean(c)) for c in categories), _clean(name), scope
    )


def _product(name: str) -> str:
    office = _OFFICE_APP.match(name)
    if office:
        return f"Microsoft {in_words(office.group(1))}"
    return _PRODUCTS.get(name) or in_words(_clean(name))


def _clean(name: str) -> str:
    """Without the prefixes, placeholders and running numbers that template authors add."""
    return _NOISE.sub("", _RUNNING_NUMBER.sub(r"\1", name)).strip("_")


def _id(instance: Mapping[str, Any]) -> str:
    return str(instance.get("settingDefinitionId") or "")


def _mappings(values: Any) -> list[Mapping[str, Any]]:
    many = values if isinstance(values, list) else []
    return [value for value in many if isinstance(value, Mapping)]


@dataclass(frozen=True)
class _Reader:
    """Reads instances of settings with the words of ``definitions`` where they have any."""

    definitions: Definitions

    def setting(self, instance: Mapping[str, Any], place: Place) -> Setting:
        path = " · ".join(
            part for part in (place.path, "user" if place.scope == "user" else "") if part
        )
        return self._with_value(instance, in_words(place.name), path, depth=0)

    def _with_value(
        self, instance: Mapping[str, Any], label: str, path: str, depth: int
    ) -> Setting:
        key = _id(instance)
        if key in self.definitions:
            label = self.definitions[key].label or label
        setting = Setting(label, key, path=path, rooted=True)
        if depth > DEEPEST:
            told = ("nested too deeply to show here",)
            return replace(setting, values=told, exact=exact(instance))
        if "choiceSettingValue" in instance:
            return self._choices(setting, [instance["choiceSettingValue"]], depth)
        if "choiceSettingCollectionValue" in instance:
            return self._choices(setting, instance["choiceSettingCollectionValue"], depth)
        if "simpleSettingValue" in instance:
            return _simple(setting, [instance["simpleSettingValue"]])
        if "simpleSettingCollectionValue" in instance:
            return _simple(setting, instance["simpleSettingCollectionValue"])
        return self._groups(setting, instance, depth)

    def _choices(self, setting: Setting, values: Any, depth: int) -> Setting:
        chosen = _mappings(values)
        children = [child for value in chosen for child in self._children(value, setting, depth)]
        texts = tuple(self._choice(setting.key, value, depth) for value in chosen)
        form = Form.CODE if texts and all(text.isdigit() for text in texts) else Form.WORDS
        raw = [value.get("value") for value in chosen]
        return replace(
            setting, values=texts, form=form, children=tuple(children), exact=exact_list("", raw)
        )

    def _choice(self, key: str, value: Mapping[str, Any], depth: int) -> str:
        raw = str(value.get("value") or "")
        if key in self.definitions and raw in self.definitions[key].options:
            return self.definitions[key].options[raw]
        choice = raw.removeprefix(f"{key}_") if raw.startswith(f"{key}_") else raw
        if choice in {"0", "1"}:
            if depth == 0 and ("~policy~" in key or "_config_admx_" in key):
                return "Enabled" if choice == "1" else "Disabled"
            return choice
        if choice in {"true", "false"}:
            return "Yes" if choice == "true" else "No"
        return in_words(choice) if re.fullmatch(r"[a-z_]+", choice) else choice

    def _groups(self, setting: Setting, instance: Mapping[str, Any], depth: int) -> Setting:
        if isinstance(instance.get("groupSettingValue"), Mapping):
            inside = self._children(instance["groupSettingValue"], setting, depth)
            return replace(setting, form=Form.NONE, children=tuple(inside))
        groups = _mappings(instance.get("groupSettingCollectionValue"))
        contents = [tuple(self._children(group, setting, depth)) for group in groups]
        if len(contents) == 1:
            steps = (setting.key, Entry("1", named=False))
            return replace(setting, form=Form.NONE, children=contents[0], steps=steps)
        items = (
            Setting(
                _title(inside) or numbered(number),
                "",
                form=Form.NONE,
                children=inside,
                steps=(Entry(str(number), named=False),),
            )
            for number, inside in enumerate(contents, 1)
        )
        return replace(setting, form=Form.NONE, children=tuple(items))

    def _children(self, value: Mapping[str, Any], parent: Setting, depth: int) -> Sequence[Setting]:
        return [
            self._with_value(child, _child_label(_id(child), parent.key), "", depth + 1)
            for child in _mappings(value.get("children"))
        ]


def _title(inside: Sequence[Setting]) -> str:
    """What a group of settings is called by one of them; empty where none names it."""
    names = (one for one in inside if one.key.endswith(("_name", "_displayname")))
    return next((one.values[0] for one in names if one.form == Form.WORDS and one.values), "")


def _simple(setting: Setting, values: Any) -> Setting:
    texts: list[str] = []
    raws: list[Any] = []
    for value in _mappings(values):
        raw = value.get("value")
        named_secret = is_secret_name(setting.key) and isinstance(raw, str) and raw
        if is_sealed(raw) or named_secret or is_secret(value, "value"):
            hidden = secret(setting.label, setting.key, raw, setting.path)
            return replace(hidden, rooted=True)
        texts.append("(empty)" if raw in ("", None) else str(raw))
        raws.append(raw)
    form = form_of(texts[0]) if len(texts) == 1 else Form.WORDS
    return replace(setting, values=tuple(texts), form=form, exact=exact_list("", raws))


def _child_label(key: str, parent: str) -> str:
    """What the id adds to its parent's; ``Value`` where that says nothing."""
    last = parent.rpartition("~")[2].rpartition("_")[2]
    name = (
        key.removeprefix(f"{parent}_") if key.startswith(f"{parent}_") else key.rpartition("_")[2]
    )
    bare = name.removeprefix(last).strip("_") or "value"
    if _NAMELESS.fullmatch(bare):
        return "Value"
    return in_words(_clean(bare)) or "Value"
