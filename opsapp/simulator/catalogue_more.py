"""Collections without peculiarities of their own: served plainly, for tools that read them."""

from opsapp.simulator.catalogue_row import DAM, DM, Collection, Rights, rights

_CONFIG = rights("Configuration")
_SERVICE = rights("ServiceConfig")
_APPS = rights("Apps")
_RBAC = rights("RBAC")
_SCRIPTS = rights("Scripts")


def _plain(key: str, root: str, element: str, allowed: Rights, *children: str) -> Collection:
    return Collection(key, root, element, allowed, children=children)


PLAIN = (
    Collection(
        "compliancePolicies",
        DM,
        "deviceManagementCompliancePolicy",
        _CONFIG,
        name="name",
        children=("settings", "scheduledActionsForRule", "assignments"),
    ),
    Collection(
        "mobileAppConfigurations",
        DAM,
        "managedDeviceMobileAppConfiguration",
        _APPS,
        v1=True,
        polymorphic=True,
        version="number",
    ),
    Collection(
        "targetedManagedAppConfigurations",
        DAM,
        "targetedManagedAppConfiguration",
        _APPS,
        v1=True,
        children=("apps", "assignments"),
        version="etag",
        has_is_assigned=True,
        id_prefix="A_",
        assign_status=204,
    ),
    Collection(
        "windowsManagedAppProtections",
        DAM,
        "windowsManagedAppProtection",
        _APPS,
        polymorphic=True,
        children=("apps", "assignments"),
        version="etag",
        has_is_assigned=True,
        id_prefix="T_",
    ),
    Collection(
        "groupPolicyConfigurations",
        DM,
        "groupPolicyConfiguration",
        _CONFIG,
        children=("definitionValues", "assignments"),
    ),
    Collection(
        "reusablePolicySettings",
        DM,
        "deviceManagementReusablePolicySetting",
        _CONFIG,
        children=(),
        scope_tags="",
        version="number",
        absent_in_list=("settingInstance",),
    ),
    Collection(
        "deviceComplianceScripts",
        DM,
        "deviceComplianceScript",
        _CONFIG,
        children=(),
        null_in_list=("detectionScriptContent",),
    ),
    Collection(
        "windowsQualityUpdateProfiles",
        DM,
        "windowsQualityUpdateProfile",
        _CONFIG,
        empty_expand=("assignments",),
        max_top=200,
    ),
    Collection(
        "windowsQualityUpdatePolicies",
        DM,
        "windowsQualityUpdatePolicy",
        _CONFIG,
        empty_expand=("assignments",),
        max_top=200,
    ),
    _plain("intuneBrandingProfiles", DM, "intuneBrandingProfile", _APPS, "assignments"),
    _plain("depOnboardingSettings", DM, "depOnboardingSetting", _SERVICE, "enrollmentProfiles"),
    _plain("roleAssignments", DM, "deviceAndAppManagementRoleAssignment", _RBAC),
    _plain("templates", DM, "deviceManagementTemplate", _CONFIG),
    _plain("deviceManagementPartners", DM, "deviceManagementPartner", _SERVICE),
    _plain("complianceManagementPartners", DM, "complianceManagementPartner", _SERVICE),
    _plain("remoteAssistancePartners", DM, "remoteAssistancePartner", _SERVICE),
    _plain("policySets", DAM, "policySet", _CONFIG, "items", "assignments"),
    _plain("vppTokens", DAM, "vppToken", _APPS),
    _plain("mobileAppCategories", DAM, "mobileAppCategory", _APPS),
)
