"""Settings-catalog settings from one-line texts.

``name = 1`` chooses option 1, ``name : 15`` is a number, ``name ~ text`` a text,
``name [] a; b`` a list of texts. The prefix of the table goes before every name.
"""

import re
from typing import Any

_LINE = re.compile(r"(?P<name>\S+)\s+(?P<kind>=|:|~|\[\])\s*(?P<value>.*)")
_FAMILY = "#microsoft.graph.deviceManagementConfiguration"


def settings(prefix: str, table: str) -> list[dict[str, Any]]:
    """The settings of a table, one a line."""
    return [_setting(prefix, line.strip()) for line in table.splitlines() if line.strip()]


def choices(prefix: str, names: str, option: str = "1") -> list[dict[str, Any]]:
    """Many choice settings with the same option; names separated by blanks."""
    return [_setting(prefix, f"{name} = {option}") for name in names.split()]


def grouped(definition: str, rows: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """A setting group collection: each row is a list of settings."""
    instance: dict[str, Any] = {
        "@odata.type": f"{_FAMILY}GroupSettingCollectionInstance",
        "settingDefinitionId": definition,
        "settingInstanceTemplateReference": None,
        "groupSettingCollectionValue": [
            {
                "settingValueTemplateReference": None,
                "children": [row["settingInstance"] for row in children],
            }
            for children in rows
        ],
    }
    return {"settingInstance": instance}


def _setting(prefix: str, line: str) -> dict[str, Any]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a setting: {line}")
    definition, value = prefix + match["name"], match["value"]
    instance: dict[str, Any] = {
        "@odata.type": "",
        "settingDefinitionId": definition,
        "settingInstanceTemplateReference": None,
    }
    if match["kind"] == "=":
        instance["@odata.type"] = f"{_FAMILY}ChoiceSettingInstance"
        instance["choiceSettingValue"] = {
            "settingValueTemplateReference": None,
            "value": f"{definition}_{value}",
            "children": [],
        }
    elif match["kind"] == "[]":
        instance["@odata.type"] = f"{_FAMILY}SimpleSettingCollectionInstance"
        texts = [text.strip() for text in value.split(";")]
        instance["simpleSettingCollectionValue"] = [_simple(text) for text in texts]
    else:
        instance["@odata.type"] = f"{_FAMILY}SimpleSettingInstance"
        instance["simpleSettingValue"] = _simple(int(value) if match["kind"] == ":" else value)
    return {"settingInstance": instance}


def _simple(value: int | str) -> dict[str, Any]:
    kind = "Integer" if isinstance(value, int) else "String"
    return {
        "@odata.type": f"{_FAMILY}{kind}SettingValue",
        "settingValueTemplateReference": None,
        "value": value,
    }
