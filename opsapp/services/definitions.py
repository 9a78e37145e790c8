"""What Intune calls the settings of the settings catalog, as far as it was read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import SettingDefinition

_AT_ONCE = 500


@dataclass(frozen=True)
class Words:
    """The name of a setting, and of its choices by item id."""

    label: str
    options: Mapping[str, str]


def definitions_in(*contents: Any) -> dict[str, Words]:
    """The definitions of the settings that ``contents`` hold; no query where they hold none."""
    wanted = sorted({key for content in contents for key in _definition_ids(content)})
    found: dict[str, Words] = {}
    columns = (SettingDefinition.definition_id, SettingDefinition.label, SettingDefinition.options)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = sa.select(*columns).where(SettingDefinition.definition_id.in_(some))
        found |= {row[0]: Words(row[1], row[2]) for row in db.session.execute(query)}
    return found


def _definition_ids(content: Any) -> Iterator[str]:
    waiting: list[Any] = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            key = value.get("settingDefinitionId")
            if isinstance(key, str):
                yield key
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
