"""An object's content as people read it: sections of settings, each a label and its values.

Labels are Intune's own where its definitions are given; otherwise they come from the names of
properties and the ids of settings. Secrets never come out of here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from opsapp.intune.readable_catalog import catalog_sections, is_catalog
from opsapp.intune.readable_properties import property_sections
from opsapp.intune.readable_templates import (
    intent_sections,
    is_intent,
    is_template,
    template_sections,
)
from opsapp.intune.setting import Definitions, Form, Section, Setting

NO_DEFINITIONS: Definitions = {}


def sections_of(
    content: Mapping[str, Any], definitions: Definitions = NO_DEFINITIONS
) -> list[Section]:
    """The readable form of any object, whatever its type. Never raises over odd content."""
    found: list[Section] = []
    rest = dict(content)
    if is_catalog(content.get("settings")):
        found += catalog_sections(rest.pop("settings"), definitions)
    for name in ("settings", "settingsDelta"):  # the second in exports, as an intent is created
        if is_intent(rest.get(name)):
            found += intent_sections(rest.pop(name))
    if is_template(content.get("definitionValues")):
        found += template_sections(rest.pop("definitionValues"))
    instance = content.get("settingInstance")
    if isinstance(instance, Mapping) and instance.get("settingDefinitionId"):
        found += catalog_sections([{"settingInstance": rest.pop("settingInstance")}], definitions)
    return [*found, *property_sections(rest, "Other properties" if found else "General")]


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
