"""Administrative templates and intents in words: settings that name their definition themselves."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from opsapp.intune.readable_properties import is_annotation, setting_of
from opsapp.intune.setting import Entry, Form, Section, Setting, exact
from opsapp.intune.words import readable as in_words

_INTENT = re.compile(r"(?:.*--)?(?:(?P<area>[^_]+)_)?(?P<name>.+)")


def is_template(values: Any) -> bool:
    """Whether a list holds values of administrative templates with their definitions."""
    return _all(values, lambda entry: isinstance(entry.get("definition"), Mapping))


def is_intent(settings: Any) -> bool:
    """Whether a list holds the settings of an intent."""
    return _all(settings, lambda entry: isinstance(entry.get("definitionId"), str))


def _all(entries: Any, fits: Any) -> bool:
    if not isinstance(entries, list) or not entries:
        return False
    return all(isinstance(entry, Mapping) and fits(entry) for entry in entries)


def template_sections(values: Iterable[Mapping[str, Any]]) -> list[Section]:
    """A section for each top category, as the definitions name them."""
    areas: dict[str, list[Setting]] = defaultdict(list)
    for value in values:
        top, setting = _template_setting(value)
        areas[top].append(setting)
    return _sections(areas)


def _sections(areas: Mapping[str, list[Setting]]) -> list[Section]:
    return [
        Section(title, tuple(sorted(found, key=lambda one: (one.path, one.label.casefold()))))
        for title, found in sorted(areas.items(), key=lambda item: item[0].casefold())
    ]


def _template_setting(value: Mapping[str, Any]) -> tuple[str, Setting]:
    """Its key is class, category and name: ids of imported definitions differ by tenant."""
    definition = value["definition"]
    name = str(definition.get("displayName") or definition.get("id") or "")
    category = str(definition.get("categoryPath") or "")
    scope = str(definition.get("classType") or "")
    top, _, rest = category.strip("\\").partition("\\")
    path = [rest.replace("\\", " / "), "user" if scope == "user" else ""]
    enabled = value.get("enabled")
    presented = value.get("presentationValues")
    return top or "Administrative templates", Setting(
        name,
        "\\".join(filter(None, (scope, category.strip("\\"), name))),
        ("Enabled" if enabled is True else "Disabled" if enabled is False else str(enabled),),
        path=" · ".join(filter(None, path)),
        children=tuple(
            _presented(one, number)
            for number, one in enumerate(presented if isinstance(presented, list) else [], 1)
            if isinstance(one, Mapping)
        ),
        exact=exact([enabled, value.get("configurationType")]),
        rooted=True,
    )


def _presented(value: Mapping[str, Any], number: int) -> Setting:
    """One field of a template: by the label it has in Intune."""
    presentation = value.get("presentation")
    labels = presentation if isinstance(presentation, Mapping) else {}
    label = str(labels.get("label") or "").strip() or f"Value {number}"
    held = next((key for key in ("value", "values") if key in value), None)
    step = Entry(str(labels.get("id") or number), named="id" in labels)
    if held is None:
        return Setting(label, "", (), steps=(step,))
    setting = setting_of(value, held)
    return replace(setting, label=label, key="", steps=(step,))


def intent_sections(settings: Iterable[Mapping[str, Any]]) -> list[Section]:
    """A section for each kind of profile that the settings come from."""
    areas: dict[str, list[Setting]] = defaultdict(list)
    for entry in settings:
        definition_id = str(entry["definitionId"])
        match = _INTENT.fullmatch(definition_id)
        area, name = (match["area"], match["name"]) if match else ("", definition_id)
        setting = _intent_setting(definition_id, name, _intent_value(entry))
        if setting:
            areas[in_words(area or "general")].append(setting)
    return _sections(areas)


def _intent_value(entry: Mapping[str, Any]) -> Any:
    """The value itself; the text as it is where it is no JSON."""
    text = entry.get("valueJson")
    if not isinstance(text, str):
        return entry.get("value")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _intent_setting(definition_id: str, name: str, value: Any) -> Setting | None:
    if value in (None, "", [], {}, "notConfigured"):
        return None
    setting = replace(setting_of({name: value}, name), key=definition_id, rooted=True)
    if isinstance(value, Mapping) and not setting.children:
        keys = [key for key in value if not is_annotation(key)]
        return replace(setting, values=(f"{len(keys)} empty values",), form=Form.WORDS)
    steps = setting.steps and (definition_id, *setting.steps[1:])
    return replace(setting, steps=steps)
