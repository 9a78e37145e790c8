"""Bodies of scripts: base64 within an object, a readable text in a file of its own."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final

BODIES: Final[Mapping[str, tuple[str, ...]]] = {
    "deviceManagementScripts": ("scriptContent",),
    "deviceShellScripts": ("scriptContent",),
    "deviceCustomAttributeShellScripts": ("scriptContent",),
    "deviceHealthScripts": ("detectionScriptContent", "remediationScriptContent"),
    "deviceComplianceScripts": ("detectionScriptContent",),
}
_SHELL: Final = frozenset({"deviceShellScripts", "deviceCustomAttributeShellScripts"})
_DETECTION: Final = "_DetectionScript"
_REMEDIATION: Final = "_RemediationScript"


def ending_of(collection: str) -> str:
    return "sh" if collection in _SHELL else "ps1"


def bodies_in(collection: str, content: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The members of an object that hold a script, with its bytes."""
    for member in BODIES.get(collection, ()):
        value = content.get(member)
        if not isinstance(value, str) or not value:
            continue
        try:
            yield member, base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            continue  # what Graph would not take either is no script


def encoded(body: bytes) -> str:
    return base64.b64encode(body).decode("ascii")


def file_names_of(member: str, content: Mapping[str, Any], stem: str) -> tuple[str, ...]:
    """What IntuneCD may have called the file of a script body that the object itself lacks."""
    if member == "detectionScriptContent":
        return tuple(f"{name}{_DETECTION}.ps1" for name in _names(content, stem))
    if member == "remediationScriptContent":
        return tuple(f"{name}{_REMEDIATION}.ps1" for name in _names(content, stem))
    given = content.get("fileName")
    return (str(given),) if isinstance(given, str) and given else ()


def _names(content: Mapping[str, Any], stem: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((stem, str(content.get("displayName") or stem))))
