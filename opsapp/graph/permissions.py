"""Which app permission a Graph address needs, to name it when the service does not."""

import re
from collections.abc import Collection
from typing import Final

_NAME: Final = re.compile(
    r"\b[A-Z][A-Za-z-]+(?:\.[A-Za-z]+)*\.(?:Read|ReadWrite)\.[A-Z][A-Za-z]+\b"
)

_SCRIPTS = "DeviceManagementScripts"
_CONFIGURATION = "DeviceManagementConfiguration"
_SERVICE = "DeviceManagementServiceConfig"
_APPS = "DeviceManagementApps"
_RBAC = "DeviceManagementRBAC"

# The last segment that matches decides; the longest path comes first.
_FAMILIES: Final[tuple[tuple[str, str], ...]] = (
    ("/deviceManagement/deviceManagementScripts", _SCRIPTS),
    ("/deviceManagement/deviceShellScripts", _SCRIPTS),
    ("/deviceManagement/deviceHealthScripts", _SCRIPTS),
    ("/deviceManagement/deviceCustomAttributeShellScripts", _SCRIPTS),
    ("/deviceManagement/deviceEnrollmentConfigurations", _SERVICE),
    ("/deviceManagement/windowsAutopilotDeploymentProfiles", _SERVICE),
    ("/deviceManagement/termsAndConditions", _SERVICE),
    ("/deviceManagement/notificationMessageTemplates", _SERVICE),
    ("/deviceManagement/depOnboardingSettings", _SERVICE),
    ("/deviceManagement/roleScopeTags", _RBAC),
    ("/deviceManagement/roleDefinitions", _RBAC),
    ("/deviceManagement/roleAssignments", _RBAC),
    ("/deviceManagement/managedDevices", "DeviceManagementManagedDevices"),
    ("/deviceManagement", _CONFIGURATION),
    ("/deviceAppManagement", _APPS),
)
_DIRECTORY: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("/identity/conditionalAccess", ("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess")),
    (
        "/groups",
        ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "Group.ReadWrite.All"),
    ),
    ("/organization", ("Organization.Read.All", "Directory.Read.All")),
    ("/servicePrincipals", ("Application.Read.All", "Directory.Read.All")),
)


def accepted(path: str, *, write: bool = False) -> tuple[str, ...]:
    """Permissions of which one suffices, the least first; empty when the address is not known."""
    for prefix, family in _FAMILIES:
        if path == prefix or path.startswith((f"{prefix}/", f"{prefix}(")):
            writing = f"{family}.ReadWrite.All"
            return (writing,) if write else (f"{family}.Read.All", writing)
    if write:
        return ()
    for prefix, names in _DIRECTORY:
        if path == prefix or path.startswith((f"{prefix}/", f"{prefix}(")):
            return names
    return ()


def named_in(message: str) -> tuple[str, ...]:
    """Permission names a service's refusal lists."""
    return tuple(dict.fromkeys(_NAME.findall(message)))


def needed(
    path: str, message: str, roles: Collection[str], *, write: bool
) -> tuple[str | None, bool]:
    """The permission to name to a person, and whether the token lacks it.

    What the service lists wins over the table; a refusal may list an older name beside the
    current one, so the table's name is preferred where both are there.
    """
    by_path = accepted(path, write=write)
    listed = named_in(message)
    suffices = listed or by_path
    if not suffices:
        return None, False
    name = next((known for known in by_path if known in suffices), suffices[0])
    return name, not set(suffices) & set(roles)
