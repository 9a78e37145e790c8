"""What an object names outside of itself: one walk finds the places, one replaces at them.

Left out is what every tenant has: the groups of all users and all devices, the built-in scope tag,
built-in roles and authentication strengths, zero ids, words such as ``All``.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.restore.plan import GROUPS
from opsapp.intune.setting import is_guid

Path = tuple[str | int, ...]
Assignments = Sequence[Mapping[str, Any]]

_NOWHERE: Final = "00000000-0000-0000-0000-000000000000"
_EVERYWHERE: Final[dict[str, frozenset[str]]] = {
    "groups": frozenset(
        {"acacacac-9df4-4c7d-9d50-4ef0226f57a9", "adadadad-808e-44e2-905a-0b7873a8a531"}
    ),
    "roleScopeTags": frozenset({"0"}),
    "namedLocations": frozenset({"All", "AllTrusted"}),
    "authenticationStrengthPolicies": frozenset(
        f"00000000-0000-0000-0000-00000000000{number}" for number in range(1, 10)
    ),
}
# Types whose ids are told apart by nothing in a reference: it means whichever has the id.
_SHARING: Final[dict[str, tuple[str, ...]]] = {
    "deviceConfigurations": ("deviceConfigurations", "groupPolicyConfigurations"),
    "androidManagedAppProtections": (
        "androidManagedAppProtections",
        "iosManagedAppProtections",
        "windowsManagedAppProtections",
    ),
}
# Items of a policy set, by their type without what all of them end with.
_SET_ITEMS: Final = {
    "mobileApp": "mobileApps",
    "deviceConfiguration": "deviceConfigurations",
    "deviceCompliancePolicy": "deviceCompliancePolicies",
    "deviceManagementConfigurationPolicy": "configurationPolicies",
    "deviceManagementScript": "deviceManagementScripts",
    "managedAppProtection": "androidManagedAppProtections",
    "targetedManagedAppConfiguration": "targetedManagedAppConfigurations",
    "managedDeviceMobileAppConfiguration": "mobileAppConfigurations",
    "windowsAutopilotDeploymentProfile": "windowsAutopilotDeploymentProfiles",
    "windows10EnrollmentCompletionPageConfiguration": "deviceEnrollmentConfigurations",
    "enrollmentRestrictionsConfiguration": "deviceEnrollmentConfigurations",
    "iosLobAppProvisioningConfiguration": "iosLobAppProvisioningConfigurations",
    "mdmWindowsInformationProtectionPolicy": "mdmWindowsInformationProtectionPolicies",
}
# Settings whose texts hold ids, alone or inside JSON: those of device preparation.
_TEXTS: Final = {"allowedappids": "mobileApps", "allowedscriptids": "deviceManagementScripts"}


@dataclass(frozen=True)
class Place:
    """Where an id stands. ``path`` leads there from the content, or through ``assignments``."""

    path: Path
    kind: str
    source_id: str


def kinds_like(kind: str) -> tuple[str, ...]:
    """The kinds among which an id that is named as ``kind`` is to be looked for."""
    return _SHARING.get(kind, (kind,))


def references_of(
    policy_type: PolicyType, content: Mapping[str, Any], assignments: Assignments
) -> list[tuple[str, str]]:
    """What the object names, each once: (``groups`` or a policy type key, id), in its order.

    Where the type of the other object is not told, the first of ``kinds_like`` stands for them.
    """
    found = places_in(policy_type, content, assignments)
    return list(dict.fromkeys((place.kind, place.source_id) for place in found))


def dependencies_of(
    policy_type: PolicyType, content: Mapping[str, Any], assignments: Assignments
) -> list[tuple[str, str]]:
    """Of these the other policy objects: a restore can bring them along."""
    named = references_of(policy_type, content, assignments)
    return [(kind, source_id) for kind, source_id in named if kind != GROUPS]


def places_in(
    policy_type: PolicyType, content: Mapping[str, Any], assignments: Assignments
) -> Iterator[Place]:
    """Every place at which the object names another one."""
    document = {**content, "assignments": list(assignments)}
    for reference in policy_type.references:
        for path, text in _texts_at(document, reference.where.split(".")):
            place = _place(document, path, reference.to, text)
            if place is not None and not _is_everywhere(document, place):
                yield place
    if policy_type.names_in_settings:
        yield from _in_settings(content.get("settings"), ("settings",), "")


def replaced(document: Any, changes: Mapping[Path, Callable[[str], str]]) -> Any:
    """A copy of the document with the texts at these paths changed."""
    return _replaced(document, (), changes)


def _replaced(value: Any, path: Path, changes: Mapping[Path, Callable[[str], str]]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(member, (*path, key), changes) for key, member in value.items()}
    if isinstance(value, list):
        return [_replaced(member, (*path, at), changes) for at, member in enumerate(value)]
    change = changes.get(path)
    return change(value) if change is not None else value


def without(document: Any, gone: set[Path]) -> Any:
    """A copy of the document without the members and rows at these paths."""
    return _without(document, (), gone)


def _without(value: Any, path: Path, gone: set[Path]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _without(member, (*path, key), gone)
            for key, member in value.items()
            if (*path, key) not in gone
        }
    if isinstance(value, list):
        return [
            _without(member, (*path, at), gone)
            for at, member in enumerate(value)
            if (*path, at) not in gone
        ]
    return value


def _texts_at(value: Any, steps: list[str], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The texts at a place of the table: ``a[]`` goes into each row of ``a``."""
    if not steps:
        if isinstance(value, str) and value:
            yield path, value
        return
    name = steps[0].removesuffix("[]")
    found = value.get(name) if isinstance(value, Mapping) else None
    if not steps[0].endswith("[]"):
        yield from _texts_at(found, steps[1:], (*path, name))
    elif isinstance(found, list):
        for at, row in enumerate(found):
            yield from _texts_at(row, steps[1:], (*path, name, at))


def _place(document: Mapping[str, Any], path: Path, kind: str, text: str) -> Place | None:
    owner = _owner(document, path)
    if kind == "any":
        short = str(owner.get("@odata.type")).removeprefix("#microsoft.graph.")
        known = _SET_ITEMS.get(short.removesuffix("PolicySetItem"))
        return Place(path, known, text) if known else None
    if path[-2:-1] == ("notificationTemplates",):  # ``Email_<id>``
        text = text.rpartition("_")[2]
    if kind == GROUPS and not is_guid(text):
        return None
    return Place(path, kind, text)


def _owner(document: Any, path: Path) -> Mapping[str, Any]:
    """The object that holds the member at a path."""
    for step in path[:-1]:
        document = document[step]
    return document if isinstance(document, Mapping) else {}


def _is_everywhere(document: Mapping[str, Any], place: Place) -> bool:
    owner = _owner(document, place.path)
    return (
        place.source_id == _NOWHERE
        or place.source_id in _EVERYWHERE.get(place.kind, ())
        or owner.get("isBuiltIn") is True
        or owner.get("isBuiltInRoleDefinition") is True
        or owner.get("targetType") == "parent"  # the other app's own relationship
        or owner.get("source") == "policySets"
    )


def _in_settings(value: Any, path: Path, setting: str) -> Iterator[Place]:
    """References to reusable settings, apps and scripts among settings of the catalog."""
    if isinstance(value, list):
        for at, row in enumerate(value):
            yield from _in_settings(row, (*path, at), setting)
    elif isinstance(value, Mapping):
        setting = str(value.get("settingDefinitionId") or setting)
        held = value.get("value")
        if str(value.get("@odata.type")).endswith("ReferenceSettingValue"):
            if isinstance(held, str) and held:
                yield Place((*path, "value"), "reusablePolicySettings", held)
        elif isinstance(held, str) and (kind := _TEXTS.get(setting.rpartition("_")[2])):
            for found in _ids_in_text(held):
                yield Place((*path, "value"), kind, found)
        for key, member in value.items():
            if isinstance(member, Mapping | list):
                yield from _in_settings(member, (*path, key), setting)


def _ids_in_text(text: str) -> list[str]:
    """The ids in a text: itself, or the member ``id`` of the JSON that it is."""
    if is_guid(text):
        return [text]
    try:
        decoded = json.loads(text)
    except ValueError:
        return []
    rows = decoded if isinstance(decoded, list) else [decoded]
    ids = [row.get("id") if isinstance(row, Mapping) else row for row in rows]
    return [one for one in ids if isinstance(one, str) and is_guid(one)]
