"""An object's content as flat settings, each under a key that stays the same between versions.

For comparing, for history and for search; the words are those of ``readable``. Left out is what
``normalise`` leaves out, and the ids Graph gives to the entries of lists.

Keys: the definition id for the settings catalog and intents; class, category and name for
administrative templates; the path of properties for everything else. A step into a list is in
brackets: by what names the entry (``omaSettings[./Device/Vendor/…]/value``) or else by its place.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from opsapp.intune.normalise import normal_form
from opsapp.intune.readable import NO_DEFINITIONS, sections_of
from opsapp.intune.setting import Definitions, Entry, Form, Section, Setting, Step, exact

LONGEST_NAME = 400
_DIGEST = 16


@dataclass(frozen=True)
class FlatSetting:
    """``path`` are the labels between section and setting.

    ``name`` and ``named`` are its key and label without steps into lists: the same in every policy.
    ``exact`` is equal for equal values only, and may hold what must not be shown.
    """

    key: str
    name: str
    named: str
    label: str
    section: str
    path: str
    values: tuple[str, ...]
    form: Form
    steps: tuple[Step, ...] = field(repr=False)
    exact: str = field(repr=False)


def flat_settings(
    content: Mapping[str, Any],
    definitions: Definitions = NO_DEFINITIONS,
    *,
    with_defaults: bool = True,
) -> list[FlatSetting]:
    """Every setting that is set, in the order of the page; never two under one key.

    ``with_defaults``: also the switches that are off among very many, as most are by default.
    """
    found: dict[str, FlatSetting] = {}
    for section in sections_of(normal_form(content), definitions):
        start = _Place(section.title, section.steps, general=_section_label(section))
        off = tuple(setting for setting in section.unset if setting.values)
        for setting in (
            *_counted(section.settings, section.steps),
            *(off if with_defaults else ()),
        ):
            for one in _walk(setting, start):
                unique = _renamed_if_taken(one, found)
                found[unique.key] = unique
    return list(found.values())


def page_keys(sections: list[Section], flat: list[FlatSetting]) -> dict[int, str]:
    """Which of ``flat`` each setting of a page is, by the ``id()`` of the setting on the page.

    Pages show all that Graph gave; what is noise to a comparison is none of ``flat``.
    """
    by_key = {one.key: one for one in flat}
    by_look = {_look(one): one.key for one in flat}
    found: dict[int, str] = {}
    for section in sections:
        start = _Place(section.title, section.steps)
        for setting in (*section.settings, *section.unset):
            for shown, one in _walk_both(setting, start):
                same = by_key.get(one.key)
                is_same = same is not None and same.exact == one.exact
                key = one.key if is_same else by_look.get(_look(one))
                if key:
                    found[id(shown)] = key
    return found


def _look(setting: FlatSetting) -> tuple[str, str, str]:
    return setting.name, setting.path, setting.exact


def settings_in(
    content: Mapping[str, Any], definitions: Definitions = NO_DEFINITIONS
) -> dict[str, str]:
    """Which settings a policy holds: keys (at most 400 characters) and labels, for search.

    Without steps into lists: a setting that a policy holds ten times is one.
    """
    found: dict[str, str] = {}
    for setting in flat_settings(content, definitions, with_defaults=False):
        if not setting.name.endswith("@odata.type"):
            found.setdefault(_shortened(setting.name), setting.named[:LONGEST_NAME])
    return found


def key_of(steps: tuple[Step, ...]) -> str:
    """The steps as one text."""
    return "".join(map(_written, steps)).removeprefix("/")


def _written(step: Step) -> str:
    if not isinstance(step, Entry):
        return f"/{step}"
    return f"[{step.name} #{step.number}]" if step.number > 1 else f"[{step.name}]"


@dataclass(frozen=True)
class _Place:
    """Where a setting lies. ``holder``: name and label of the definition that it is a part of."""

    section: str
    steps: tuple[Step, ...]
    labels: tuple[str, ...] = ()
    general: tuple[str, ...] = ()
    holder: tuple[str, str] | None = None


def _section_label(section: Section) -> tuple[str, ...]:
    return (section.title,) if section.steps else ()


def _walk(setting: Setting, place: _Place) -> Iterator[FlatSetting]:
    return (flat for _, flat in _walk_both(setting, place))


def _walk_both(setting: Setting, place: _Place) -> Iterator[tuple[Setting, FlatSetting]]:
    before = _up_to_entry(place.steps) if setting.rooted else place.steps
    steps = before + (setting.steps or ((setting.key,) if setting.key else ()))
    inside = _inside(setting, place, steps)
    if setting.values or (not setting.children and setting.form != Form.NONE):
        yield setting, _flat(setting, place, inside)
    for child in (*setting.named_by, *_counted(setting.children, steps)):
        yield from _walk_both(child, inside)


def _inside(setting: Setting, place: _Place, steps: tuple[Step, ...]) -> _Place:
    """The place of what is inside ``setting``, at ``steps``."""
    is_entry = bool(setting.steps) and isinstance(setting.steps[0], Entry)
    holder = place.holder
    if setting.rooted:
        holder = (setting.key, " / ".join((*place.general[-1:], setting.label)))
    last = steps[-1] if steps else ""
    if isinstance(last, Entry) and last.named and steps[0] == "omaSettings":
        holder = (last.name, last.name)
    return _Place(
        place.section,
        steps,
        (*place.labels, setting.label),
        place.general if is_entry else (*place.general, setting.label),
        holder,
    )


def _flat(setting: Setting, place: _Place, inside: _Place) -> FlatSetting:
    names = [step for step in inside.steps if isinstance(step, str)]
    name, named = inside.holder or ("/".join(names), " / ".join(inside.general))
    return FlatSetting(
        key=key_of(inside.steps),
        name=name,
        named=named,
        label=setting.label,
        section=place.section,
        path=" / ".join(filter(None, (setting.path, *place.labels))),
        values=setting.values,
        form=setting.form,
        steps=inside.steps,
        exact=setting.exact or exact(setting.values),
    )


def _counted(settings: tuple[Setting, ...], steps: tuple[Step, ...]) -> tuple[Setting, ...]:
    """Without the id that Graph gives to the entry of a list, unless it is all that there is."""
    if not steps or not isinstance(steps[-1], Entry) or len(settings) == 1:
        return settings
    return tuple(setting for setting in settings if setting.key != "id")


def _up_to_entry(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    last = max((at for at, step in enumerate(steps) if isinstance(step, Entry)), default=-1)
    return steps[: last + 1]


def _renamed_if_taken(setting: FlatSetting, taken: Mapping[str, FlatSetting]) -> FlatSetting:
    number = 2
    unique = setting
    while unique.key in taken:
        steps = (*setting.steps, Entry("", named=False, number=number))
        unique = replace(setting, steps=steps, key=key_of(steps))
        number += 1
    return unique


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{name[: LONGEST_NAME - _DIGEST - 1]}~{digest}"
