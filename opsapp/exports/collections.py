"""Which Graph collection an exported object belongs to.

The folder decides where its name is known; else the ``@odata.context`` an answer of Graph carries,
else ``@odata.type``, else the members only one kind of object has.
"""

import re
from collections.abc import Sequence
from typing import Any

CONDITIONAL_ACCESS = "conditionalAccessPolicies"

GRAPH_COLLECTIONS = frozenset(
    """
    androidManagedAppProtections defaultManagedAppProtections iosManagedAppProtections
    mdmWindowsInformationProtectionPolicies mobileAppCategories mobileAppConfigurations mobileApps
    policySets targetedManagedAppConfigurations windowsInformationProtectionPolicies
    windowsManagedAppProtections wdacSupplementalPolicies iosLobAppProvisioningConfigurations
    androidDeviceOwnerEnrollmentProfiles androidForWorkEnrollmentProfiles
    appleUserInitiatedEnrollmentProfiles assignmentFilters compliancePolicies configurationPolicies
    depOnboardingSettings deviceCategories deviceCompliancePolicies deviceComplianceScripts
    deviceConfigurations deviceCustomAttributeShellScripts deviceEnrollmentConfigurations
    deviceHealthScripts deviceManagementScripts deviceManagementSettings deviceShellScripts
    groupPolicyConfigurations groupPolicyUploadedDefinitionFiles hardwareConfigurations intents
    intuneBrandingProfiles managedDeviceCleanupRules notificationMessageTemplates
    operationApprovalPolicies reusablePolicySettings roleAssignments roleDefinitions roleScopeTags
    termsAndConditions windowsAutopilotDeploymentProfiles windowsDriverUpdateProfiles
    windowsFeatureUpdateProfiles windowsQualityUpdatePolicies windowsQualityUpdateProfiles
    conditionalAccessPolicies namedLocations authenticationContextClassReferences
    authenticationStrengthPolicies agreements groups vppTokens enrollmentProfiles
    deviceManagementPartners complianceManagementPartners remoteAssistancePartners
    configurationPolicyTemplates templates
    """.split()  # noqa: SIM905 (one name a line would be sixty lines)
)

# Folder names of IntuneCD ("Settings Catalog"), IntuneManagement ("SettingsCatalog") and template
# kits, reduced to lower-case letters and digits. None: the folder holds several kinds.
_FOLDER_ALIASES: dict[str, str | None] = {
    "settingscatalog": "configurationPolicies",
    "compliancepolicies": "deviceCompliancePolicies",
    "compliance": "deviceCompliancePolicies",
    "compliancepoliciesv2": "compliancePolicies",
    "messagetemplates": "notificationMessageTemplates",
    "notifications": "notificationMessageTemplates",
    "notificationtemplates": "notificationMessageTemplates",
    "compliancepoliciesscripts": "deviceComplianceScripts",
    "deviceconfiguration": "deviceConfigurations",
    "updatepolicies": "deviceConfigurations",
    "filters": "assignmentFilters",
    "scopetags": "roleScopeTags",
    "powershell": "deviceManagementScripts",
    "powershellscripts": "deviceManagementScripts",
    "shell": "deviceShellScripts",
    "shellscripts": "deviceShellScripts",
    "macscripts": "deviceShellScripts",
    "customattributes": "deviceCustomAttributeShellScripts",
    "maccustomattributes": "deviceCustomAttributeShellScripts",
    "proactiveremediations": "deviceHealthScripts",
    "healthscripts": "deviceHealthScripts",
    "compliancescripts": "deviceComplianceScripts",
    "enrollmentconfigurations": "deviceEnrollmentConfigurations",
    "enrollmentrestrictions": "deviceEnrollmentConfigurations",
    "enrollmentstatuspage": "deviceEnrollmentConfigurations",
    "esp": "deviceEnrollmentConfigurations",
    "autopilot": "windowsAutopilotDeploymentProfiles",
    "conditionalaccess": CONDITIONAL_ACCESS,
    "applications": "mobileApps",
    "devicemanagementsettings": "deviceManagementSettings",
    "roles": "roleDefinitions",
    "dynamicgroups": "groups",
    "staticgroups": "groups",
    "administrativetemplates": "groupPolicyConfigurations",
    "managementintents": "intents",
    "featureupdates": "windowsFeatureUpdateProfiles",
    "qualityupdates": "windowsQualityUpdateProfiles",
    "driverupdates": "windowsDriverUpdateProfiles",
    "driverupdateprofiles": "windowsDriverUpdateProfiles",
    "reusablesettings": "reusablePolicySettings",
    "authenticationstrengths": "authenticationStrengthPolicies",
    "authenticationcontext": "authenticationContextClassReferences",
    "appconfigurationmanagedapp": "targetedManagedAppConfigurations",
    "appconfigurationmanageddevice": "mobileAppConfigurations",
    "admxfiles": "groupPolicyUploadedDefinitionFiles",
    "biosconfigurations": "hardwareConfigurations",
    "policysets": "policySets",
    "termsofuse": "agreements",
    "intunebranding": "intuneBrandingProfiles",
    "companyportalbranding": "intuneBrandingProfiles",
    "comanagementsettings": "deviceEnrollmentConfigurations",
    "windowshelloforbusiness": "deviceEnrollmentConfigurations",
    "appleenrollmenttypes": "appleUserInitiatedEnrollmentProfiles",
    "appleenrollmentprofiles": "enrollmentProfiles",
    "enrollmentprofilesapple": "enrollmentProfiles",
    "enrollmentprofileswindows": "windowsAutopilotDeploymentProfiles",
    "enrollmentprofileswindowsesp": "deviceEnrollmentConfigurations",
    "applevpptokens": "vppTokens",
    "iosappprovisioning": "iosLobAppProvisioningConfigurations",
    "partnerconnectionscompliance": "complianceManagementPartners",
    "partnerconnectionsmanagement": "deviceManagementPartners",
    "partnerconnectionsremoteassistance": "remoteAssistancePartners",
    "qualityupdatepolicies": "windowsQualityUpdatePolicies",
    "appprotection": None,
    "appconfiguration": None,
    "endpointsecurity": None,
    "enrollment": None,
    "enrollmentprofiles": None,
}
_ANY_CASE = {name.lower(): name for name in GRAPH_COLLECTIONS}

_TYPES = tuple(
    (re.compile(pattern), collection)
    for pattern, collection in (
        (r"deviceManagementConfigurationPolicy", "configurationPolicies"),
        (r"deviceManagementCompliancePolicy", "compliancePolicies"),
        (r"deviceManagementIntent", "intents"),
        (r"\w+CompliancePolicy", "deviceCompliancePolicies"),
        (r"androidManagedAppProtection", "androidManagedAppProtections"),
        (r"iosManagedAppProtection", "iosManagedAppProtections"),
        (r"windowsManagedAppProtection", "windowsManagedAppProtections"),
        (r"dep\w*EnrollmentProfile", "enrollmentProfiles"),
        (r"depOnboardingSetting", "depOnboardingSettings"),
        (r"appleUserInitiatedEnrollmentProfile", "appleUserInitiatedEnrollmentProfiles"),
        (r"androidDeviceOwnerEnrollmentProfile", "androidDeviceOwnerEnrollmentProfiles"),
        (r"androidForWorkEnrollmentProfile", "androidForWorkEnrollmentProfiles"),
        (r"deviceManagementReusablePolicySetting", "reusablePolicySettings"),
        (r"groupPolicyUploadedDefinitionFile", "groupPolicyUploadedDefinitionFiles"),
        (r"windowsQualityUpdatePolicy", "windowsQualityUpdatePolicies"),
        (r"hardwareConfiguration", "hardwareConfigurations"),
        (r"managedDeviceCleanupRule", "managedDeviceCleanupRules"),
        (r"operationApprovalPolicy", "operationApprovalPolicies"),
        (r"policySet", "policySets"),
        (r"mobileAppCategory", "mobileAppCategories"),
        (r"iosLobAppProvisioningConfiguration", "iosLobAppProvisioningConfigurations"),
        (r"windowsDefenderApplicationControlSupplementalPolicy", "wdacSupplementalPolicies"),
        (r"deviceAndAppManagementRoleAssignment", "roleAssignments"),
        (r"termsAndConditions", "termsAndConditions"),
        (r"intuneBrandingProfile", "intuneBrandingProfiles"),
        (r"deviceCategory", "deviceCategories"),
        (r"authenticationStrengthPolicy", "authenticationStrengthPolicies"),
        (r"authenticationContextClassReference", "authenticationContextClassReferences"),
        (r"agreement", "agreements"),
        (r"deviceManagementSettings", "deviceManagementSettings"),
        (r"mdmWindowsInformationProtectionPolicy", "mdmWindowsInformationProtectionPolicies"),
        (r"windowsInformationProtectionPolicy", "windowsInformationProtectionPolicies"),
        (r"targetedManagedAppConfiguration", "targetedManagedAppConfigurations"),
        (r"(ios|android\w*)MobileAppConfiguration", "mobileAppConfigurations"),
        (r"androidManagedStoreAppConfiguration", "mobileAppConfigurations"),
        (r"deviceAndAppManagementAssignmentFilter", "assignmentFilters"),
        (r"deviceAndAppManagementRoleDefinition|roleDefinition", "roleDefinitions"),
        (r"roleScopeTag", "roleScopeTags"),
        (r"notificationMessageTemplate", "notificationMessageTemplates"),
        (r"deviceManagementScript", "deviceManagementScripts"),
        (r"deviceShellScript", "deviceShellScripts"),
        (r"deviceCustomAttributeShellScript", "deviceCustomAttributeShellScripts"),
        (r"deviceHealthScript", "deviceHealthScripts"),
        (r"deviceComplianceScript", "deviceComplianceScripts"),
        (r"\w+AutopilotDeploymentProfile", "windowsAutopilotDeploymentProfiles"),
        (r"deviceEnrollment\w+Configuration", "deviceEnrollmentConfigurations"),
        (r"windows10EnrollmentCompletionPageConfiguration", "deviceEnrollmentConfigurations"),
        (r"deviceComanagementAuthorityConfiguration", "deviceEnrollmentConfigurations"),
        (r"windowsRestoreDeviceEnrollmentConfiguration", "deviceEnrollmentConfigurations"),
        (r"conditionalAccessPolicy", CONDITIONAL_ACCESS),
        (r"\w+NamedLocation", "namedLocations"),
        (r"windowsFeatureUpdateProfile", "windowsFeatureUpdateProfiles"),
        (r"windowsQualityUpdateProfile", "windowsQualityUpdateProfiles"),
        (r"windowsDriverUpdateProfile", "windowsDriverUpdateProfiles"),
        (r"groupPolicyConfiguration", "groupPolicyConfigurations"),
        (r"\w+(App|WebClip|WebLink)", "mobileApps"),
        (
            r"windows\w*Configuration|ios\w+Configuration|macOS\w+Configuration",
            "deviceConfigurations",
        ),
        (r"android\w+Configuration|sharedPCConfiguration", "deviceConfigurations"),
        (r"editionUpgradeConfiguration", "deviceConfigurations"),
        (r"group", "groups"),
    )
)

# All of these members together are found on one kind of object only.
_SHAPES: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(members.split()), collection)
    for members, collection in (
        ("conditions grantControls displayName", CONDITIONAL_ACCESS),
        ("customAttributeType scriptContent", "deviceCustomAttributeShellScripts"),
        ("detectionScriptContent remediationScriptContent", "deviceHealthScripts"),
        ("executionFrequency scriptContent", "deviceShellScripts"),
        ("runAs32Bit scriptContent", "deviceManagementScripts"),
        ("enforceSignatureCheck scriptContent", "deviceManagementScripts"),
        ("platform rule displayName", "assignmentFilters"),
        ("brandingOptions displayName", "notificationMessageTemplates"),
        ("localizedNotificationMessages displayName", "notificationMessageTemplates"),
        ("platforms technologies scheduledActionsForRule", "compliancePolicies"),
        ("platforms technologies settings", "configurationPolicies"),
        ("platforms technologies templateReference", "configurationPolicies"),
        ("templateId settingsDelta", "intents"),
        ("templateId isMigratingToConfigurationPolicy", "intents"),
        ("isBuiltIn rolePermissions", "roleDefinitions"),
        ("featureUpdateVersion displayName", "windowsFeatureUpdateProfiles"),
        ("deviceEnrollmentConfigurationType displayName", "deviceEnrollmentConfigurations"),
        ("settingDefinitionId settingInstance", "reusablePolicySettings"),
        ("definitionValues displayName", "groupPolicyConfigurations"),
        ("policyConfigurationIngestionType displayName", "groupPolicyConfigurations"),
        ("customAttributeName scriptContent", "deviceCustomAttributeShellScripts"),
        ("configurationFileContent hardwareConfigurationFormat", "hardwareConfigurations"),
        ("deviceInactivityBeforeRetirementInDays displayName", "managedDeviceCleanupRules"),
        ("bodyText acceptanceStatement", "termsAndConditions"),
        ("allowedCombinations displayName", "authenticationStrengthPolicies"),
        ("tokenName tokenType", "depOnboardingSettings"),
        ("hotpatchEnabled displayName", "windowsQualityUpdatePolicies"),
        ("expeditedUpdateSettings displayName", "windowsQualityUpdateProfiles"),
        ("approvalType deploymentDeferralInDays", "windowsDriverUpdateProfiles"),
        ("isPerDeviceAcceptanceRequired displayName", "agreements"),
        ("profileName companyPortalBlockedActions", "intuneBrandingProfiles"),
        ("enableLogCollection secureByDefault", "deviceManagementSettings"),
        ("securityEnabled displayName", "groups"),
        ("membershipRule displayName", "groups"),
    )
)


def _plain(folder: str) -> str:
    return re.sub(r"[^a-z0-9]", "", folder.lower())


def from_folders(folders: Sequence[str]) -> str | None:
    """The collection a path's folders name, the innermost known one deciding."""
    for count in (3, 2):  # "Compliance Policies/Scripts": the two names tell what one does not
        plain = _plain("".join(folders[-count:]))
        if len(folders) >= count and plain in _FOLDER_ALIASES:
            return _FOLDER_ALIASES[plain]
    for folder in reversed(folders):
        plain = _plain(folder)
        if folder in GRAPH_COLLECTIONS:  # exactly: compliancePolicies is not CompliancePolicies
            return folder
        if plain in _FOLDER_ALIASES:
            return _FOLDER_ALIASES[plain]
        if plain in _ANY_CASE:
            return _ANY_CASE[plain]
    return None


def _from_context(context: Any) -> str | None:
    if not isinstance(context, str) or "$metadata#" not in context:
        return None
    path = re.split(r"[(?]", context.split("$metadata#", 1)[1])[0].removesuffix("/$entity")
    if path.startswith("identity/conditionalAccess/policies"):
        return CONDITIONAL_ACCESS
    found = [part for part in path.split("/") if part in GRAPH_COLLECTIONS]
    return found[-1] if found else None


def _from_type(odata_type: Any) -> str | None:
    if not isinstance(odata_type, str):
        return None
    name = odata_type.removeprefix("#").removeprefix("microsoft.graph.")
    return next((collection for rule, collection in _TYPES if rule.fullmatch(name)), None)


def _from_shape(content: dict[str, Any]) -> str | None:
    members = set(content)
    return next((collection for needed, collection in _SHAPES if needed <= members), None)


def decide(content: dict[str, Any], folders: Sequence[str]) -> str | None:
    """The collection of this object, or None where nothing tells."""
    named = from_folders(folders)
    if named == "deviceCompliancePolicies" and {"platforms", "technologies"} <= set(content):
        return "compliancePolicies"  # IntuneCD keeps both generations in one folder
    if named == "deviceComplianceScripts" and "settingInstance" in content:
        return "reusablePolicySettings"  # and the scripts for Linux beside those for Windows
    return (
        named
        or _from_context(content.get("@odata.context"))
        or _from_type(content.get("@odata.type"))
        or _from_shape(content)
    )
