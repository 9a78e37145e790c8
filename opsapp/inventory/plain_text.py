"""Secrets of custom settings: where an object holds a masked one, and where its text goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class PlainText:
    """A masked value of ``omaSettings``; ``function`` is what gives it, relative to the object."""

    setting: dict[str, Any]

    @property
    def function(self) -> str:
        reference = quote(str(self.setting["secretReferenceValueId"]).replace("'", "''"))
        return f"getOmaSettingPlainTextValue(secretReferenceValueId='{reference}')"

    def put(self, answer: Any) -> None:
        """The text in place of the mask; whoever stores the object seals it."""
        value = answer.get("value") if isinstance(answer, Mapping) else None
        if isinstance(value, str):
            self.setting["value"] = value


def plain_texts(content: Mapping[str, Any]) -> list[PlainText]:
    """The values of an object that can be asked for."""
    settings = content.get("omaSettings")
    if not isinstance(settings, list):
        return []
    return [
        PlainText(setting)
        for setting in settings
        if isinstance(setting, dict)
        and setting.get("isEncrypted")
        and setting.get("secretReferenceValueId")
    ]
