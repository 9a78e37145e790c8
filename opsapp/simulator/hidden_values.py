"""Values the service takes in the open and never shows again: OMA texts and secret settings."""

import base64
import binascii
from contextlib import suppress
from typing import Any

from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.state import StoredObject, stable_id

_OMA_TEXTS = ("#microsoft.graph.omaSettingString", "#microsoft.graph.omaSettingStringXml")
_MASK = "****"
_SECRET = "SecretSettingValue"  # noqa: S105 (the end of a type's name)


def hide(collection: Collection, item: StoredObject) -> None:
    """Mask what was just written; the texts stay in ``item.secrets``."""
    if collection.key == "deviceConfigurations":
        for at, setting in enumerate(item.content.get("omaSettings") or []):
            if setting.get("@odata.type") in _OMA_TEXTS and not setting.get("isEncrypted"):
                _hide_text(item, setting, at)
    if collection.put_parts:
        _hide_settings(item, item.children.get("settings"))


def _hide_text(item: StoredObject, setting: dict[str, Any], at: int) -> None:
    reference = stable_id(item.id, "oma", str(at), str(setting.get("omaUri")))
    text = str(setting.get("value") or "")
    if setting["@odata.type"].endswith("Xml"):
        with suppress(binascii.Error, UnicodeDecodeError):  # else kept as it came
            text = base64.b64decode(text, validate=True).decode()
    item.secrets[reference] = text
    setting |= {"value": _MASK, "isEncrypted": True, "secretReferenceValueId": reference}


def _hide_settings(item: StoredObject, value: Any) -> None:
    if isinstance(value, list):
        for element in value:
            _hide_settings(item, element)
    elif isinstance(value, dict):
        if str(value.get("@odata.type", "")).endswith(_SECRET):
            if value.get("valueState") == "notEncrypted":
                token = stable_id(item.id, "secret", str(len(item.secrets)))
                item.secrets[token] = str(value.get("value"))
                value |= {"value": token, "valueState": "encryptedValueToken"}
            return
        for member in value.values():
            _hide_settings(item, member)
