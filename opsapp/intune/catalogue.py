"""The policy types: where each collection lives in Graph and how it is read completely.

One row a collection; the key is the collection's name in Graph. Source: the Graph metadata and the
service's own behaviour where it differs (noted at the row).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class AssignmentSource(enum.Enum):
    """Where a collection's assignments can be read."""

    NONE = "none"  # the objects have no assignments
    SUBRESOURCE = "subresource"  # GET {id}/assignments
    ITEM = "item"  # GET {id}?$expand=assignments, with the content
    LIST = "list"  # in the list, expanded


@dataclass(frozen=True)
class PolicyType:
    """How to read one collection.

    ``list_query`` belongs to the list address. ``item_query`` is set where the list leaves
    something out and each object must be read by id (an empty string: without a query).
    ``parts`` are paged sub-resources that belong to the content, by property name.
    """

    key: str
    label: str
    singular: str
    path: str
    permission: str
    assignments: AssignmentSource = AssignmentSource.SUBRESOURCE
    list_query: str = ""
    item_query: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    name_property: str = "displayName"

    @property
    def list_address(self) -> str:
        return f"{self.path}?{self.list_query}" if self.list_query else self.path

    def item_address(self, graph_id: str) -> str:
        query = f"?{self.item_query}" if self.item_query else ""
        return f"{self.path}/{graph_id}{query}"

    def name_of(self, content: Mapping[str, Any]) -> str:
        """The object's name; its id when it has none."""
        return str(content.get(self.name_property) or content.get("id") or "")


_CONFIGURATION = "DeviceManagementConfiguration.Read.All"
_SCRIPTS = "DeviceManagementScripts.Read.All"
_SERVICE = "DeviceManagementServiceConfig.Read.All"
_APPS = "DeviceManagementApps.Read.All"
_RBAC = "DeviceManagementRBAC.Read.All"
_POLICY = "Policy.Read.All"

_MANAGED_APP_ITEM = "$expand=apps,assignments"
# Without it the list is flooded with the store apps Microsoft publishes into every tenant.
_OWN_APPS = (
    "$filter=(microsoft.graph.managedApp/appAvailability eq null"
    " or microsoft.graph.managedApp/appAvailability eq 'lineOfBusiness'"
    " or isAssigned eq true)&$orderby=displayName"
)

_ROWS = (
    PolicyType(
        "configurationPolicies",
        "Settings catalog policies",
        "settings catalog policy",
        "/deviceManagement/configurationPolicies",
        _CONFIGURATION,
        # $expand=settings would do for small policies; the sub-resource also pages large ones.
        parts={"settings": "settings?$top=1000"},
        name_property="name",
    ),
    PolicyType(
        "deviceConfigurations",
        "Device configuration profiles",
        "device configuration profile",
        "/deviceManagement/deviceConfigurations",
        _CONFIGURATION,
    ),
    PolicyType(
        "deviceCompliancePolicies",
        "Compliance policies",
        "compliance policy",
        "/deviceManagement/deviceCompliancePolicies",
        _CONFIGURATION,
        list_query="$expand=scheduledActionsForRule($expand=scheduledActionConfigurations)",
    ),
    PolicyType(
        "deviceManagementScripts",
        "PowerShell scripts",
        "PowerShell script",
        "/deviceManagement/deviceManagementScripts",
        _SCRIPTS,
        item_query="",
    ),
    PolicyType(
        "deviceShellScripts",
        "Shell scripts",
        "shell script",
        "/deviceManagement/deviceShellScripts",
        _SCRIPTS,
        # GET {id}/assignments answers 400 for these.
        assignments=AssignmentSource.ITEM,
        item_query="$expand=assignments",
    ),
    PolicyType(
        "assignmentFilters",
        "Assignment filters",
        "assignment filter",
        "/deviceManagement/assignmentFilters",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
    ),
    PolicyType(
        "roleScopeTags",
        "Scope tags",
        "scope tag",
        "/deviceManagement/roleScopeTags",
        _RBAC,
    ),
    PolicyType(
        "notificationMessageTemplates",
        "Notification templates",
        "notification template",
        "/deviceManagement/notificationMessageTemplates",
        _SERVICE,
        assignments=AssignmentSource.NONE,
        list_query="$expand=localizedNotificationMessages",
    ),
    PolicyType(
        "deviceEnrollmentConfigurations",
        "Enrollment configurations",
        "enrollment configuration",
        "/deviceManagement/deviceEnrollmentConfigurations",
        _SERVICE,
        assignments=AssignmentSource.LIST,
        list_query="$expand=assignments",
    ),
    PolicyType(
        "windowsAutopilotDeploymentProfiles",
        "Autopilot deployment profiles",
        "Autopilot deployment profile",
        "/deviceManagement/windowsAutopilotDeploymentProfiles",
        _SERVICE,
    ),
    PolicyType(
        "androidManagedAppProtections",
        "App protection policies, Android",
        "Android app protection policy",
        "/deviceAppManagement/androidManagedAppProtections",
        _APPS,
        assignments=AssignmentSource.ITEM,
        item_query=_MANAGED_APP_ITEM,
    ),
    PolicyType(
        "iosManagedAppProtections",
        "App protection policies, iOS",
        "iOS app protection policy",
        "/deviceAppManagement/iosManagedAppProtections",
        _APPS,
        assignments=AssignmentSource.ITEM,
        item_query=_MANAGED_APP_ITEM,
    ),
    PolicyType(
        "mobileApps",
        "Apps",
        "app",
        "/deviceAppManagement/mobileApps",
        _APPS,
        assignments=AssignmentSource.ITEM,
        list_query=_OWN_APPS,
        item_query="$expand=categories,assignments",  # the list leaves out scope tags
    ),
    PolicyType(
        "conditionalAccessPolicies",
        "Conditional Access policies",
        "Conditional Access policy",
        "/identity/conditionalAccess/policies",
        _POLICY,
        assignments=AssignmentSource.NONE,
    ),
    PolicyType(
        "namedLocations",
        "Named locations",
        "named location",
        "/identity/conditionalAccess/namedLocations",
        _POLICY,
        assignments=AssignmentSource.NONE,
    ),
)

CATALOGUE: dict[str, PolicyType] = {row.key: row for row in _ROWS}

OTHER_PERMISSIONS: dict[str, str] = {
    "GroupMember.Read.All": "groups and their names",
    "Organization.Read.All": "the organization's name",
}


def permissions_needed() -> dict[str, str]:
    """Every Graph permission OpsApp reads with, and what for, in words."""
    needed: dict[str, list[str]] = {}
    for row in _ROWS:
        needed.setdefault(row.permission, []).append(row.label)
    return {
        **OTHER_PERMISSIONS,
        **{permission: ", ".join(labels) for permission, labels in needed.items()},
    }
