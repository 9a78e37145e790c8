"""What differs between two policies: their facts, their settings, their assignments.

Of two versions of one policy, or of two policies, also of different tenants. What ``normalise``
leaves out and the order of sets are no difference. Ids are compared as ids within a tenant; across
tenants by the names of what they stand for, where those are known.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsapp.intune.assignment_diff import (
    AssignmentDifference,
    Names,
    assignment_differences,
    renamed,
)
from opsapp.intune.difference import Change, Difference, differences
from opsapp.intune.flat import FlatSetting, flat_settings
from opsapp.intune.normalise import normal_form
from opsapp.intune.readable import NO_DEFINITIONS
from opsapp.intune.setting import Definitions, Form, exact, form_of, text_of

FACTS = "Facts"
_FACTS = {
    "displayName": "Name",
    "name": "Name",
    "description": "Description",
    "platforms": "Platform",
    "technologies": "Technologies",
    "templateReference": "Template",
}
_TAGS = ("roleScopeTagIds", "roleScopeTags")


@dataclass(frozen=True)
class Side:
    """One of the two. ``tags`` are the names of scope tags by id, ``names`` those of all else."""

    content: Mapping[str, Any]
    assignments: Sequence[Any] = ()
    names: Names = field(default_factory=dict)
    tags: Names = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Unchanged ones included."""

    facts: list[Difference]
    settings: list[Difference]
    assignments: list[AssignmentDifference]

    def count(self, part: str) -> Counter[Change]:
        """How many of ``facts``, ``settings`` or ``assignments`` there are of each change."""
        return Counter(one.change for one in getattr(self, part))

    @property
    def is_empty(self) -> bool:
        parts = ("facts", "settings", "assignments")
        return all(set(self.count(part)) <= {Change.UNCHANGED} for part in parts)


def compare(
    before: Side, after: Side, definitions: Definitions = NO_DEFINITIONS, *, across: bool = False
) -> Comparison:
    """``across``: the sides are of different tenants, so that only names say what is the same."""
    was_names, now_names = (before.names, after.names) if across else ({}, {})
    return Comparison(
        facts=differences(_facts(before, across=across), _facts(after, across=across)),
        settings=differences(
            flat_settings(renamed(before.content, was_names), definitions),
            flat_settings(renamed(after.content, now_names), definitions),
        ),
        assignments=assignment_differences(
            before.assignments, after.assignments, was_names, now_names
        ),
    )


def _facts(side: Side, *, across: bool) -> list[FlatSetting]:
    content = normal_form(side.content)
    found: dict[str, FlatSetting] = {}
    for key, label in _FACTS.items():
        value = content.get(key)
        if value not in (None, "", [], {}) and label not in found:
            found[label] = _fact(key, label, _fact_texts(key, value), value)
    tags: list[Any] = next(
        (content[key] for key in _TAGS if isinstance(content.get(key), list)), []
    )
    if tags:
        words = tuple(side.tags.get(str(tag)) or _default_tag(str(tag)) for tag in tags)
        compared = sorted(words if across else map(exact, tags))
        found["Scope tags"] = _fact(_TAGS[0], "Scope tags", words, compared)
    return list(found.values())


def _default_tag(tag: str) -> str:
    return "Default" if tag == "0" else tag


def _fact_texts(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        name = value.get("templateDisplayName") or value.get("templateId") or ""
        version = value.get("templateDisplayVersion")
        return (f"{name} ({version})" if version else str(name),)
    return (text_of(key, value),)


def _fact(key: str, label: str, values: tuple[str, ...], compared: Any) -> FlatSetting:
    form = form_of(values[0]) if len(values) == 1 else Form.WORDS
    return FlatSetting(
        key, key, label, label, FACTS, "", values, form, steps=(label,), exact=exact(compared)
    )
