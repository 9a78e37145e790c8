"""What kind of object it is, and for which platform, in Graph's own words made readable."""

import re
from collections.abc import Mapping
from typing import Any

_PLATFORM_WORDS = {
    "windows10": "Windows",
    "windows10x": "Windows",
    "windows10andlater": "Windows",
    "windows": "Windows",
    "macos": "macOS",
    "mac": "macOS",
    "ios": "iOS/iPadOS",
    "android": "Android",
    "androidenterprise": "Android",
    "androidforwork": "Android",
    "androidworkprofile": "Android",
    "androidmobileapplicationmanagement": "Android",
    "androidaosp": "Android (AOSP)",
    "aosp": "Android (AOSP)",
    "iosmobileapplicationmanagement": "iOS/iPadOS",
    "windowsmobileapplicationmanagement": "Windows",
    "linux": "Linux",
}
PLATFORMS = tuple(sorted(set(_PLATFORM_WORDS.values()), key=str.casefold))
# What the name of a type begins with, after the words that say nothing about the platform.
_TYPE_PLATFORMS = (
    ("aosp", "Android (AOSP)"),
    ("android", "Android"),
    ("macos", "macOS"),
    ("ios", "iOS/iPadOS"),
    ("win", "Windows"),
    ("officesuite", "Windows"),
    ("microsoftstoreforbusiness", "Windows"),
    ("sharedpc", "Windows"),
    ("editionupgrade", "Windows"),
    ("linux", "Linux"),
)
_SAYS_NOTHING = re.compile(r"^(managed|azureAD|activeDirectory|default)+(?=[A-Zaimw])")
_NO_PLATFORM = frozenset({"none", "all", "allPlatforms", "unknownFutureValue"})
_COLLECTION_PLATFORMS = {
    "deviceManagementScripts": "Windows",
    "deviceShellScripts": "macOS",
    "windowsAutopilotDeploymentProfiles": "Windows",
    "androidManagedAppProtections": "Android",
    "iosManagedAppProtections": "iOS/iPadOS",
}


def kind_of(collection: str, content: Mapping[str, Any]) -> str:
    """The finer kind within a collection: the template family, else the type's short name."""
    template = content.get("templateReference")
    if collection == "configurationPolicies":
        family = template.get("templateFamily") if isinstance(template, Mapping) else None
        return family if isinstance(family, str) and family != "none" else "settingsCatalog"
    odata_type = content.get("@odata.type")
    if isinstance(odata_type, str) and odata_type:
        return odata_type.rpartition(".")[2][:64]
    return collection[:64]


def platform_of(collection: str, content: Mapping[str, Any]) -> str:
    """The platform in words; several are joined by commas; empty when it applies to none."""
    declared = content.get("platforms") or content.get("platform") or content.get("platformType")
    if isinstance(declared, str) and declared not in _NO_PLATFORM:
        words = [
            _PLATFORM_WORDS.get(part.strip().lower(), part.strip()) for part in declared.split(",")
        ]
        return ", ".join(dict.fromkeys(words))[:64]
    if collection in _COLLECTION_PLATFORMS:
        return _COLLECTION_PLATFORMS[collection]
    odata_type = str(content.get("@odata.type") or "").rpartition(".")[2]
    name = _SAYS_NOTHING.sub("", odata_type).lower()
    return next((words for start, words in _TYPE_PLATFORMS if name.startswith(start)), "")


_TARGETS = re.compile(r"#microsoft\.graph\.(\w+?)AssignmentTarget$")


def target_of(assignment: Mapping[str, Any]) -> Mapping[str, Any]:
    """The target of an assignment, an empty mapping when there is none."""
    target = assignment.get("target")
    return target if isinstance(target, Mapping) else {}


def target_kind(assignment: Mapping[str, Any]) -> str:
    """``group``, ``exclusionGroup``, ``allDevices``, ``allLicensedUsers``, … or ``unknown``."""
    match = _TARGETS.match(str(target_of(assignment).get("@odata.type") or ""))
    return match.group(1) if match else "unknown"
