"""What an object holds that must never be shown: passwords, shared keys, references to secrets.

Graph masks most of it itself; this is for what it gives in clear, and for the tokens that stand for
the rest. Numbers and switches about passwords (``passwordMinimumLength``) are no secrets.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

SHOWN_INSTEAD = "••• (secret)"
SEALED_PREFIX = "opsapp-sealed:"  # then a keyed fingerprint: what stored content has for a secret

_MASK = re.compile(r"[*•●]+")  # what the service itself shows instead
# These stand for a secret that the service keeps; by themselves they tell nothing.
_STANDS_FOR_SECRET = re.compile(r"(?:encryptedvaluetoken|secretreferencevalueid)$", re.IGNORECASE)

_SECRET_NAME = re.compile(
    r"(?:password|passphrase|passcode|secret|sharedkey|privatekey|apikey|wepkey|networkkey"
    r"|encryptedvaluetoken|secretreferencevalueid|(?:^|value|access|auth|enrollment|registration)token"
    r"|tokenvalue|pfxblob|pfxblobdata|qrcodecontent|qrcodeimage)$",
    re.IGNORECASE,
)
_SIMPLE_VALUES = frozenset({"simpleSettingValue", "simpleSettingCollectionValue"})


@lru_cache(maxsize=8192)
def is_secret_name(name: str) -> bool:
    """Whether a property, or the id of a setting, names a secret text by its last word."""
    return _SECRET_NAME.search(name) is not None


def is_secret(owner: Mapping[str, Any], name: str) -> bool:
    """Whether the member ``name`` of ``owner`` is to be hidden, by its name or its owner's kind."""
    value = owner.get(name)
    if not value or isinstance(value, bool | int | float):
        return False
    if is_sealed(value):
        return True
    if is_secret_name(name) and (isinstance(value, str) or name.startswith("qrCode")):
        return True
    if name != "value":
        return False
    if owner.get("isEncrypted") or "SecretSettingValue" in str(owner.get("@odata.type")):
        return True
    return isinstance(value, str) and is_secret_name(str(owner.get("name") or ""))


def is_sealed(value: Any) -> bool:
    """Whether a value is the mark that stored content has in place of a secret."""
    return isinstance(value, str) and value.startswith(SEALED_PREFIX)


def marks_in(content: Any) -> Iterator[str]:
    """Every mark in a stored content."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for member in content:
            yield from marks_in(member)
    elif is_sealed(content):
        yield content


def sealed(content: Any, seal: Callable[[str], str]) -> Any:
    """A copy of ``content`` to store: every secret text replaced by what ``seal`` gives for it.

    Masks, and tokens that stand for a secret the service keeps, are left as they are.
    """
    if isinstance(content, dict):
        named_secret = is_secret_name(str(content.get("settingDefinitionId") or ""))
        return {
            key: member
            if member is None or isinstance(member, int | float)  # never a secret, and most members
            else seal(member if isinstance(member, str) else json.dumps(member, sort_keys=True))
            if _is_to_be_sealed(content, key)
            else _sealed_values(member, seal)
            if named_secret and key in _SIMPLE_VALUES
            else sealed(member, seal)
            for key, member in content.items()
        }
    if isinstance(content, list):
        return [sealed(member, seal) for member in content]
    return content


def _is_to_be_sealed(owner: Mapping[str, Any], name: str) -> bool:
    value = owner.get(name)
    if not is_secret(owner, name) or is_sealed(value) or _STANDS_FOR_SECRET.search(name):
        return False
    if owner.get("valueState") == "encryptedValueToken":
        return False
    return not (isinstance(value, str) and _MASK.fullmatch(value))


def _sealed_values(simple: Any, seal: Callable[[str], str]) -> Any:
    """Like ``sealed`` for the value, or values, of a setting whose id names a secret."""
    if isinstance(simple, list):
        return [_sealed_values(member, seal) for member in simple]
    if not isinstance(simple, Mapping) or not isinstance(simple.get("value"), str):
        return simple
    if simple.get("valueState") == "encryptedValueToken" or _MASK.fullmatch(simple["value"]):
        return simple
    return {**simple, "value": seal(simple["value"])}


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
    return SHOWN_INSTEAD if is_sealed(content) else content


def _without_values(simple: Any) -> Any:
    """The value, or values, of a settings catalog setting whose id names a secret."""
    if isinstance(simple, list):
        return [_without_values(member) for member in simple]
    if isinstance(simple, Mapping) and isinstance(simple.get("value"), str):
        return {**simple, "value": SHOWN_INSTEAD}
    return simple
