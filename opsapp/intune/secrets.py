"""What an object holds that must never be shown: passwords, shared keys, references to secrets.

Graph masks most of it itself; this is for what it gives in clear, and for the tokens that stand for
the rest. Numbers and switches about passwords (``passwordMinimumLength``) are no secrets.
"""

import re
from collections.abc import Mapping
from typing import Any

SHOWN_INSTEAD = "••• (secret)"
SEALED_PREFIX = "opsapp-sealed:"  # a keyed fingerprint follows

_SECRET_NAME = re.compile(
    r"(?:password|passphrase|passcode|secret|sharedkey|privatekey|apikey|wepkey|networkkey"
    r"|encryptedvaluetoken|secretreferencevalueid|(?:^|value|access|auth|enrollment|registration)token"
    r"|tokenvalue|pfxblob|pfxblobdata|qrcodecontent|qrcodeimage)$",
    re.IGNORECASE,
)
_SIMPLE_VALUES = frozenset({"simpleSettingValue", "simpleSettingCollectionValue"})


def is_secret_name(name: str) -> bool:
    """Whether a property, or the id of a setting, names a secret text by its last word."""
    return _SECRET_NAME.search(name) is not None


def is_secret(owner: Mapping[str, Any], name: str) -> bool:
    """Whether the member ``name`` of ``owner`` is to be hidden, by its name or its owner's kind."""
    value = owner.get(name)
    if not value or isinstance(value, bool | int | float):
        return False
    if is_secret_name(name) and (isinstance(value, str) or name.startswith("qrCode")):
        return True
    if name != "value":
        return False
    if owner.get("isEncrypted") or "SecretSettingValue" in str(owner.get("@odata.type")):
        return True
    return isinstance(value, str) and is_secret_name(str(owner.get("name") or ""))


def masked(content: Any) -> Any:
    """A copy of ``content`` to show: every secret replaced, everything else as it is."""
    if isinstance(content, Mapping):
        named_secret = is_secret_name(str(content.get("settingDefinitionId") or ""))
        return {
            key: SHOWN_INSTEAD
            if is_secret(content, key)
            else _without_values(member)
            if named_secret and key in _SIMPLE_VALUES
            else masked(member)
            for key, member in content.items()
        }
    if isinstance(content, list):
        return [masked(member) for member in content]
    return content


def _without_values(simple: Any) -> Any:
    """The value, or values, of a settings catalog setting whose id names a secret."""
    if isinstance(simple, list):
        return [_without_values(member) for member in simple]
    if isinstance(simple, Mapping) and isinstance(simple.get("value"), str):
        return {**simple, "value": SHOWN_INSTEAD}
    return simple
