"""The collections the simulator serves, as one table: what Graph does differently for each."""

from typing import Any

from opsapp.simulator.catalogue_more import PLAIN
from opsapp.simulator.catalogue_row import CA, DAM, DM, Collection, Rights, rights

_CONFIG = rights("Configuration")
_SCRIPTS = rights("Scripts")
_SERVICE = rights("ServiceConfig")
_APPS = rights("Apps")
_RBAC = rights("RBAC")
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
        children=("roleAssignments",),
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

_ALL = _TABLE + PLAIN
COLLECTIONS: dict[str, Collection] = {row.key: row for row in _ALL}
BY_PATH: dict[str, Collection] = {row.path.lower(): row for row in _ALL}

ALL_PERMISSIONS: tuple[str, ...] = tuple(
    sorted(
        {name for row in _ALL for name in (*row.rights.read, *row.rights.write)}
        | {
            "Application.Read.All",
            "Group.Create",
            "GroupMember.Read.All",
            "GroupMember.ReadWrite.All",
            "Organization.Read.All",
        }
    )
)
