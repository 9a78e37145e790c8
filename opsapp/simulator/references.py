"""Ids in a body that name other objects: each must exist in the tenant."""

import re
from collections.abc import Iterator
from typing import Any

from opsapp.simulator.assignments import ALL_DEVICES, ALL_USERS, NO_FILTER
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import bad_request
from opsapp.simulator.state import Tenant

_BOUND = re.compile(r"\('([^']*)'\)$|/([^/()]+)$")
# Words and ids of the service itself, known in every tenant.
_KNOWN = {
    "groups": {ALL_DEVICES, ALL_USERS},
    "namedLocations": {"All", "AllTrusted", NO_FILTER},
    "authenticationStrengthPolicies": {f"00000000-0000-0000-0000-00000000000{n}" for n in "234"},
}
_ITEM_COLLECTIONS = {
    "mobileAppPolicySetItem": ("mobileApps",),
    "deviceConfigurationPolicySetItem": ("deviceConfigurations", "groupPolicyConfigurations"),
    "deviceCompliancePolicyPolicySetItem": ("deviceCompliancePolicies",),
    "deviceManagementConfigurationPolicyPolicySetItem": ("configurationPolicies",),
    "deviceManagementScriptPolicySetItem": ("deviceManagementScripts",),
    "managedAppProtectionPolicySetItem": (
        "androidManagedAppProtections",
        "iosManagedAppProtections",
        "windowsManagedAppProtections",
    ),
    "targetedManagedAppConfigurationPolicySetItem": ("targetedManagedAppConfigurations",),
    "managedDeviceMobileAppConfigurationPolicySetItem": ("mobileAppConfigurations",),
    "windowsAutopilotDeploymentProfilePolicySetItem": ("windowsAutopilotDeploymentProfiles",),
    "windows10EnrollmentCompletionPageConfigurationPolicySetItem": (
        "deviceEnrollmentConfigurations",
    ),
    "enrollmentRestrictionsConfigurationPolicySetItem": ("deviceEnrollmentConfigurations",),
    "iosLobAppProvisioningConfigurationPolicySetItem": ("iosLobAppProvisioningConfigurations",),
    "mdmWindowsInformationProtectionPolicyPolicySetItem": (
        "mdmWindowsInformationProtectionPolicies",
    ),
}


def bound_id(address: Any) -> str:
    """The id in ``…/roleDefinitions('id')`` or ``…/roleDefinitions/id``; any host is taken."""
    match = _BOUND.search(str(address))
    if match is None:
        raise bad_request(f"The address '{address}' names no object.", intune=True)
    return match[1] or match[2]


def exists(tenant: Tenant, key: str, identity: str) -> bool:
    """Whether the tenant (or the service itself) has this object."""
    if identity in _KNOWN.get(key, ()):
        return True
    if key == "groups":
        row = tenant.groups.get(identity)
        return row is not None and row.removed is None
    return identity in tenant.collection(key)


def require(tenant: Tenant, key: str, identity: Any) -> None:
    """Raises the 400 of an id nobody knows."""
    if not isinstance(identity, str) or not exists(tenant, key, identity):
        raise bad_request(f"The referenced object '{identity}' ({key}) was not found.", intune=True)


def check(tenant: Tenant, collection: Collection, body: dict[str, Any]) -> None:
    """Every reference the table names, the scope tags, the links, and those inside settings."""
    for path, key in collection.references:
        for identity in _values(body, path.split(".")):
            require(tenant, key, identity)
    for name, key in collection.links.items():
        bound = body.get(f"{name}@odata.bind") or []
        for address in bound if isinstance(bound, list) else [bound]:
            require(tenant, key, bound_id(address))
    if collection.scope_tags:
        tags = body.get(collection.scope_tags) or []
        bound = [bound_id(address) for address in body.get("roleScopeTags@odata.bind") or []]
        for tag in (*tags, *bound):
            if tag != "0":
                require(tenant, "roleScopeTags", tag)
    _check_settings(tenant, body.get("settings"))
    _check_notifications(tenant, body.get("notificationTemplates"))
    check_items(tenant, body.get("items") if collection.key == "policySets" else None)


def check_items(tenant: Tenant, items: Any) -> None:
    """The payloads of a policy set."""
    for item in items or []:
        kind = str(item.get("@odata.type", "")).removeprefix("#microsoft.graph.")
        if kind not in _ITEM_COLLECTIONS:
            raise bad_request(f"'{kind}' is no policy set item.", intune=True)
        payload = item.get("payloadId")
        if not any(exists(tenant, key, str(payload)) for key in _ITEM_COLLECTIONS[kind]):
            raise bad_request(f"The payload '{payload}' was not found.", intune=True)


def check_actions(tenant: Tenant, rules: Any) -> None:
    """Compliance actions: at least one block, known templates and groups."""
    found = [
        action
        for rule in rules or []
        if isinstance(rule, dict)
        for action in rule.get("scheduledActionConfigurations") or []
    ]
    if not any(action.get("actionType") == "block" for action in found):
        raise bad_request("A compliance policy needs a block action.", intune=True)
    for action in found:
        template = action.get("notificationTemplateId")
        if template and template != NO_FILTER:
            require(tenant, "notificationMessageTemplates", template)
        for group in action.get("notificationMessageCCList") or []:
            require(tenant, "groups", group)


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    yield from value if isinstance(value, list) else [value] if value else []


def _check_settings(tenant: Tenant, settings: Any) -> None:
    for identity in _reusable(settings):
        require(tenant, "reusablePolicySettings", identity)


def _reusable(value: Any) -> Iterator[Any]:
    """Ids of reusable settings inside setting instances."""
    if isinstance(value, list):
        for element in value:
            yield from _reusable(element)
    elif isinstance(value, dict):
        if str(value.get("@odata.type", "")).endswith("ReferenceSettingValue"):
            yield value.get("value")
        for member in value.values():
            if isinstance(member, dict | list):
                yield from _reusable(member)


def _check_notifications(tenant: Tenant, names: Any) -> None:
    for name in names or []:
        require(tenant, "notificationMessageTemplates", str(name).partition("_")[2])
