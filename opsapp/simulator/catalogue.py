"""The collections the simulator serves, as one table: what Graph does differently for each."""

from dataclasses import dataclass, field
from typing import Any

INTUNE_PAGE = 100
INTUNE_MAX_TOP = 1000
CHILD_PAGE = 25


@dataclass(frozen=True)
class Rights:
    """App roles: any of ``read`` allows reading, any of ``write`` writing."""

    read: tuple[str, ...]
    write: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """One Graph collection.

    ``children`` are navigation collections: absent from the plain answer, read by ``$expand`` or at
    their own URL. ``empty_expand`` names those that expand to an empty list, ``no_child_url`` those
    whose own URL answers 400. ``null_in_list`` and ``absent_in_list`` are what a list leaves out.
    """

    key: str
    root: str
    element: str
    rights: Rights
    segment: str = ""
    name: str = "displayName"
    v1: bool = False
    polymorphic: bool = False
    children: tuple[str, ...] = ("assignments",)
    empty_expand: tuple[str, ...] = ()
    no_child_url: tuple[str, ...] = ()
    null_in_list: tuple[str, ...] = ()
    absent_in_list: tuple[str, ...] = ()
    scope_tags: str = "roleScopeTagIds"
    stamps: tuple[str, ...] = ("createdDateTime", "lastModifiedDateTime")
    version: str = ""
    has_is_assigned: bool = False
    top_allowed: bool = True
    max_top: int = INTUNE_MAX_TOP
    filter_allowed: bool = True
    assign_member: str = "assignments"
    assign_status: int = 200
    create_status: int = 201
    patch_status: int = 200
    delete_status: int = 200
    id_prefix: str = ""
    assignment_separator: str = "_"
    defaults: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The address below the version: ``deviceManagement/configurationPolicies``."""
        return f"{self.root}/{self.segment or self.key}"

    @property
    def intune(self) -> bool:
        """Intune answers errors with JSON nested in the message; the directory does not."""
        return self.root in ("deviceManagement", "deviceAppManagement")

    @property
    def modified(self) -> str:
        """The member a write moves forward, or an empty string."""
        return self.stamps[-1] if self.stamps and self.stamps[-1] != "createdDateTime" else ""


DM = "deviceManagement"
DAM = "deviceAppManagement"
CA = "identity/conditionalAccess"


def _rights(area: str) -> Rights:
    read, write = f"DeviceManagement{area}.Read.All", f"DeviceManagement{area}.ReadWrite.All"
    return Rights((read, write), (write,))


_CONFIG = _rights("Configuration")
_SCRIPTS = _rights("Scripts")
_SERVICE = _rights("ServiceConfig")
_APPS = _rights("Apps")
_RBAC = _rights("RBAC")
_POLICY = Rights(
    ("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"),
    ("Policy.ReadWrite.ConditionalAccess",),
)
_NO_TEMPLATE = {
    "templateId": "",
    "templateFamily": "none",
    "templateDisplayName": None,
    "templateDisplayVersion": None,
}
_UPDATES: dict[str, Any] = {"root": DM, "rights": _CONFIG, "max_top": 200}
_MAM: dict[str, Any] = {
    "root": DAM,
    "rights": _APPS,
    "v1": True,
    "polymorphic": True,
    "children": ("apps", "assignments"),
    "version": "etag",
    "has_is_assigned": True,
    "id_prefix": "T_",
    "assign_status": 204,
    "patch_status": 204,
    "delete_status": 204,
}

_TABLE = (
    Collection(
        "configurationPolicies",
        DM,
        "deviceManagementConfigurationPolicy",
        _CONFIG,
        name="name",
        children=("settings", "assignments"),
        empty_expand=("assignments",),
        has_is_assigned=True,
        patch_status=204,
        defaults={
            "creationSource": None,
            "priorityMetaData": None,
            "templateReference": _NO_TEMPLATE,
        },
    ),
    Collection(
        "deviceConfigurations",
        DM,
        "deviceConfiguration",
        _CONFIG,
        v1=True,
        polymorphic=True,
        version="number",
        patch_status=204,
    ),
    Collection(
        "deviceCompliancePolicies",
        DM,
        "deviceCompliancePolicy",
        _CONFIG,
        v1=True,
        polymorphic=True,
        children=("scheduledActionsForRule", "assignments"),
        version="number",
        patch_status=204,
    ),
    Collection(
        "deviceManagementScripts",
        DM,
        "deviceManagementScript",
        _SCRIPTS,
        null_in_list=("scriptContent",),
        assign_member="deviceManagementScriptAssignments",
        assignment_separator=":",
    ),
    Collection(
        "deviceShellScripts",
        DM,
        "deviceShellScript",
        _SCRIPTS,
        no_child_url=("assignments",),
        null_in_list=("scriptContent",),
        assign_member="deviceManagementScriptAssignments",
        assignment_separator=":",
    ),
    Collection(
        "deviceCustomAttributeShellScripts",
        DM,
        "deviceCustomAttributeShellScript",
        _SCRIPTS,
        no_child_url=("assignments",),
        null_in_list=("scriptContent",),
        assign_member="deviceManagementScriptAssignments",
        assignment_separator=":",
    ),
    Collection(
        "deviceHealthScripts",
        DM,
        "deviceHealthScript",
        _SCRIPTS,
        null_in_list=("detectionScriptContent", "remediationScriptContent"),
        assign_member="deviceHealthScriptAssignments",
        assignment_separator=":",
    ),
    Collection(
        "assignmentFilters",
        DM,
        "deviceAndAppManagementAssignmentFilter",
        _CONFIG,
        children=(),
        scope_tags="roleScopeTags",
        filter_allowed=False,
        defaults={"assignmentFilterManagementType": "devices", "payloads": []},
    ),
    Collection(
        "roleScopeTags",
        DM,
        "roleScopeTag",
        _RBAC,
        empty_expand=("assignments",),
        scope_tags="",
        stamps=(),
        create_status=200,
        defaults={"description": "", "isBuiltIn": False},
    ),
    Collection(
        "roleDefinitions",
        DM,
        "roleDefinition",
        _RBAC,
        v1=True,
        polymorphic=True,
        children=(),
        stamps=(),
        create_status=200,
    ),
    Collection(
        "notificationMessageTemplates",
        DM,
        "notificationMessageTemplate",
        _SERVICE,
        v1=True,
        children=("localizedNotificationMessages",),
        stamps=("lastModifiedDateTime",),
        create_status=200,
        defaults={"description": None, "defaultLocale": None},
    ),
    Collection(
        "deviceEnrollmentConfigurations",
        DM,
        "deviceEnrollmentConfiguration",
        _SERVICE,
        v1=True,
        polymorphic=True,
        version="number",
        assign_member="enrollmentConfigurationAssignments",
    ),
    Collection(
        "windowsAutopilotDeploymentProfiles",
        DM,
        "windowsAutopilotDeploymentProfile",
        _SERVICE,
        polymorphic=True,
    ),
    Collection("androidManagedAppProtections", element="androidManagedAppProtection", **_MAM),
    Collection("iosManagedAppProtections", element="iosManagedAppProtection", **_MAM),
    Collection(
        "mobileApps",
        DAM,
        "mobileApp",
        _APPS,
        v1=True,
        polymorphic=True,
        children=("categories", "assignments"),
        null_in_list=("largeIcon",),
        absent_in_list=("roleScopeTagIds",),
        has_is_assigned=True,
        assign_member="mobileAppAssignments",
        defaults={
            "uploadState": 1,
            "publishingState": "published",
            "dependentAppCount": 0,
            "supersedingAppCount": 0,
            "supersededAppCount": 0,
        },
    ),
    Collection(
        "conditionalAccessPolicies",
        CA,
        "conditionalAccessPolicy",
        _POLICY,
        segment="policies",
        v1=True,
        children=(),
        scope_tags="",
        stamps=("createdDateTime", "modifiedDateTime"),
        top_allowed=False,
        patch_status=204,
        delete_status=204,
        defaults={"state": "disabled"},
    ),
    Collection(
        "namedLocations",
        CA,
        "namedLocation",
        _POLICY,
        v1=True,
        polymorphic=True,
        children=(),
        scope_tags="",
        stamps=("createdDateTime", "modifiedDateTime"),
        top_allowed=False,
        patch_status=204,
        delete_status=204,
    ),
    Collection(
        "intents",
        DM,
        "deviceManagementIntent",
        _CONFIG,
        children=("settings", "assignments"),
        stamps=("lastModifiedDateTime",),
        has_is_assigned=True,
        assign_status=204,
    ),
    Collection(
        "windowsFeatureUpdateProfiles",
        element="windowsFeatureUpdateProfile",
        empty_expand=("assignments",),
        **_UPDATES,
    ),
    Collection(
        "windowsDriverUpdateProfiles",
        element="windowsDriverUpdateProfile",
        empty_expand=("assignments",),
        **_UPDATES,
    ),
    Collection("deviceCategories", DM, "deviceCategory", _CONFIG, v1=True, children=(), stamps=()),
    Collection(
        "termsAndConditions",
        DM,
        "termsAndConditions",
        _SERVICE,
        v1=True,
        version="number",
        empty_expand=("assignments",),
    ),
)

COLLECTIONS: dict[str, Collection] = {row.key: row for row in _TABLE}
BY_PATH: dict[str, Collection] = {row.path.lower(): row for row in _TABLE}

ALL_PERMISSIONS: tuple[str, ...] = tuple(
    sorted(
        {name for row in _TABLE for name in (*row.rights.read, *row.rights.write)}
        | {
            "Application.Read.All",
            "Group.Create",
            "GroupMember.Read.All",
            "GroupMember.ReadWrite.All",
            "Organization.Read.All",
        }
    )
)
