"""What belongs to the tenant as a whole: filters, tags, roles, notifications, branding."""

from opsapp.simulator.catalogue_row import DM, Collection, rights

_CONFIG = rights("Configuration")
_SERVICE = rights("ServiceConfig")
_APPS = rights("Apps")
_RBAC = rights("RBAC")
_GROUPS = frozenset({"groups"})
_ROLE_NAME = 128
_ROLE_DESCRIPTION = 1024


def _connector(key: str, element: str) -> Collection:
    return Collection(
        key, DM, element, _SERVICE, children=(), scope_tags="", stamps=(), creatable=False, verbs=()
    )


TENANT = (
    Collection(
        "assignmentFilters",
        DM,
        "deviceAndAppManagementAssignmentFilter",
        _CONFIG,
        children=(),
        scope_tags="roleScopeTags",
        filter_allowed=False,
        required=("platform", "rule"),
        read_only=("payloads",),
        immutable=("platform", "assignmentFilterManagementType"),
        actions=("validateFilter", "getSupportedProperties"),
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
        read_only=("isBuiltIn",),
        targets=_GROUPS,
        target_filters=False,
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
        types=frozenset({"roleDefinition", "deviceAndAppManagementRoleDefinition"}),
        children=("roleAssignments",),
        stamps=(),
        required=("rolePermissions",),
        read_only=("isBuiltIn", "isBuiltInRoleDefinition"),
        max_name=_ROLE_NAME,
        max_description=_ROLE_DESCRIPTION,
        create_status=200,
    ),
    Collection(
        "roleAssignments",
        DM,
        "deviceAndAppManagementRoleAssignment",
        _RBAC,
        v1=True,
        children=("roleScopeTags",),
        links={"roleDefinition": "roleDefinitions"},
        absent_in_list=("members", "scopeMembers", "resourceScopes"),
        stamps=(),
        required=("members", "roleDefinition@odata.bind"),
        references=(
            ("members", "groups"),
            ("resourceScopes", "groups"),
            ("scopeMembers", "groups"),
        ),
        max_name=_ROLE_NAME,
        max_description=_ROLE_DESCRIPTION,
        defaults={"description": "", "scopeType": "resourceScope"},
    ),
    Collection(
        "notificationMessageTemplates",
        DM,
        "notificationMessageTemplate",
        _SERVICE,
        v1=True,
        children=("localizedNotificationMessages",),
        stamps=("lastModifiedDateTime",),
        read_only=("defaultLocale",),
        row_verbs={"localizedNotificationMessages": ("POST", "PATCH", "DELETE")},
        create_status=200,
        defaults={"description": None, "defaultLocale": None},
    ),
    Collection("deviceCategories", DM, "deviceCategory", _CONFIG, v1=True, children=(), stamps=()),
    Collection(
        "termsAndConditions",
        DM,
        "termsAndConditions",
        _SERVICE,
        v1=True,
        version="number",
        no_list_expand=("assignments",),
        settable=("version",),
        required=("title", "bodyText", "acceptanceStatement", "version"),
        assign="assignments",
        targets=_GROUPS | {"users"},
        target_filters=False,
        row_verbs={"assignments": ("POST", "DELETE")},
    ),
    Collection(
        "intuneBrandingProfiles",
        DM,
        "intuneBrandingProfile",
        _APPS,
        name="profileName",
        images=("themeColorLogo", "lightBackgroundLogo", "landingPageCustomizedImage"),
        read_only=("isDefaultProfile", "disableClientTelemetry"),
        targets=_GROUPS | {"users"},
        defaults={"isDefaultProfile": False, "disableClientTelemetry": False},
    ),
    _connector("deviceManagementPartners", "deviceManagementPartner"),
    _connector("complianceManagementPartners", "complianceManagementPartner"),
    _connector("remoteAssistancePartners", "remoteAssistancePartner"),
)
