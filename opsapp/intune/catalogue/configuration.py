"""Settings: catalog, profiles, compliance, templates, update policies."""

from opsapp.intune.catalogue.row import (
    ENROLLMENT_GROUP,
    TAGS,
    TARGETS,
    Assigning,
    AssignmentSource,
    Content,
    FollowUp,
    Part,
    PolicyType,
    Reference,
    Writing,
    always,
    unless_expanded,
)

_CONFIGURATION = "DeviceManagementConfiguration.Read.All"
_DM = "/deviceManagement"

_ASSIGN = Assigning()
_MANY = 500  # objects in a page, for what a tenant may have hundreds of
_SCHEDULED_ACTIONS = "scheduledActionsForRule?$expand=scheduledActionConfigurations"
_UNSTABLE = "Secret values are not given back by Graph: they must be entered anew."


def _is_enrollment_policy(content: Content) -> bool:
    """Device preparation keeps its group apart from its assignments."""
    return "enrollment" in str(content.get("technologies") or "")


_SERVER_ROOTS = ("rootCertificatesForServerValidation", "rootCertificateForServerValidation")
_NETWORK = (*_SERVER_ROOTS, "identityCertificateForClientAuthentication")
CERTIFICATE_LINKS = ("rootCertificate", "identityCertificate", *_NETWORK)
# Which certificate profiles a profile may point to, by what its type's name holds. These are
# navigation properties: no plain answer shows them.
_LINKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("SCEPCertificateProfile", ("rootCertificate",)),
    ("ScepCertificateProfile", ("rootCertificate",)),
    ("PkcsCertificateProfile", ("rootCertificate",)),
    ("EnterpriseWiFiConfiguration", _NETWORK),
    ("WifiEnterpriseEAPConfiguration", _NETWORK),
    ("WiredNetworkConfiguration", _NETWORK),
    ("VpnConfiguration", ("identityCertificate",)),
)


def _certificate_parts(content: Content) -> tuple[Part, ...]:
    """The certificate profiles that a profile of this type may name; most name none."""
    kind = str(content.get("@odata.type") or "").lstrip("#")
    links: tuple[str, ...] = next((names for part, names in _LINKS if part in kind), ())
    return tuple(
        Part(link, f"{kind}/{link}?$select=id,displayName", single=True, optional=True)
        for link in links
    )


def _holds_secrets(content: Content) -> bool:
    """Whether some values are told by a call of their own: the list shows a mask for any."""
    settings = content.get("omaSettings")
    rows = settings if isinstance(settings, list) else []
    return any(isinstance(row, dict) and row.get("isEncrypted") for row in rows)


_ACTIONS_NAME = (
    Reference(
        "scheduledActionsForRule[].scheduledActionConfigurations[].notificationTemplateId",
        "notificationMessageTemplates",
    ),
    Reference(
        "scheduledActionsForRule[].scheduledActionConfigurations[].notificationMessageCCList[]",
        "groups",
    ),
)
CONFIGURATION = (
    PolicyType(
        "configurationPolicies",
        "Settings catalog policies",
        "settings catalog policy",
        f"{_DM}/configurationPolicies",
        _CONFIGURATION,
        try_expand=("assignments",),
        try_top=_MANY,  # only the list has them; an item expands to none
        parts=(
            # $expand=settings shrinks the pages of the list, and an item's may be cut.
            Part("settings", "settings?$top=1000"),
            Part(
                "enrollmentTimeDeviceMembershipTarget",
                "retrieveEnrollmentTimeDeviceMembershipTarget",
                single=True,
                post=True,
                optional=True,
                needed=_is_enrollment_policy,
            ),
        ),
        name_property="name",
        reread=_is_enrollment_policy,
        kinds=(
            "settings catalog",
            "endpoint security",
            "security baselines",
            "device preparation",
        ),
        references=(
            *TARGETS,
            TAGS,
            ENROLLMENT_GROUP,
        ),
        names_in_settings=True,
        writing=Writing(
            update="PUT",
            assign=_ASSIGN,
            strip=("settingCount", "creationSource", "priorityMetaData"),
            follow_ups=(
                FollowUp(
                    "enrollmentTimeDeviceMembershipTarget",
                    "setEnrollmentTimeDeviceMembershipTarget",
                    "enrollmentTimeDeviceMembershipTargets",
                ),
            ),
            but=_UNSTABLE,
        ),
    ),
    PolicyType(
        "deviceConfigurations",
        "Device configuration profiles",
        "device configuration profile",
        f"{_DM}/deviceConfigurations",
        _CONFIGURATION,
        try_expand=("assignments",),
        try_top=_MANY,
        more_parts=_certificate_parts,
        reread=lambda content: _holds_secrets(content) or bool(_certificate_parts(content)),
        kinds=("templates", "custom profiles", "Windows update rings", "Apple update policies"),
        references=(
            *TARGETS,
            TAGS,
            *(
                Reference(f"{link}{rows}.id", "deviceConfigurations")
                for link in CERTIFICATE_LINKS
                for rows in ("", "[]")  # some lead to one profile, some to several
            ),
        ),
        writing=Writing(
            assign=_ASSIGN,
            strip=("privacyAccessControls",),
            strip_on_update=(
                "qualityUpdatesPauseStartDate",
                "featureUpdatesPauseStartDate",
                "qualityUpdatesWillBeRolledBack",
                "featureUpdatesWillBeRolledBack",
            ),
            follow_ups=(
                FollowUp(
                    "privacyAccessControls",
                    "windowsPrivacyAccessControls",
                    "windowsPrivacyAccessControls",
                ),
            ),
            but="Keys of Wi-Fi and VPN profiles are not given back by Graph.",
        ),
    ),
    PolicyType(
        "deviceCompliancePolicies",
        "Compliance policies",
        "compliance policy",
        f"{_DM}/deviceCompliancePolicies",
        _CONFIGURATION,
        list_expand=("scheduledActionsForRule($expand=scheduledActionConfigurations)",),
        try_expand=("assignments",),
        try_top=_MANY,
        parts=(unless_expanded("scheduledActionsForRule", _SCHEDULED_ACTIONS),),
        reread=lambda content: "scheduledActionsForRule" not in content,
        references=(
            *TARGETS,
            TAGS,
            *_ACTIONS_NAME,
            Reference(
                "deviceCompliancePolicyScript.deviceComplianceScriptId", "deviceComplianceScripts"
            ),
        ),
        writing=Writing(
            assign=_ASSIGN,
            strip_on_update=("scheduledActionsForRule",),
            follow_ups=(
                FollowUp(
                    "scheduledActionsForRule",
                    "scheduleActionsForRules",
                    "deviceComplianceScheduledActionForRules",
                ),
            ),
        ),
    ),
    PolicyType(
        "compliancePolicies",
        "Compliance policies, settings catalog",
        "compliance policy of the settings catalog",
        f"{_DM}/compliancePolicies",
        _CONFIGURATION,
        try_expand=("assignments",),
        parts=(
            Part("settings", "settings?$top=1000"),
            Part("scheduledActionsForRule", _SCHEDULED_ACTIONS),
        ),
        name_property="name",
        reread=always,  # its actions are changed by an action of their own
        kinds=("Linux compliance",),
        references=(*TARGETS, TAGS, *_ACTIONS_NAME),
        names_in_settings=True,
        writing=Writing(
            update="PUT",
            assign=_ASSIGN,
            strip=("settingCount", "creationSource"),
            follow_ups=(
                FollowUp("scheduledActionsForRule", "setScheduledActions", "scheduledActions"),
            ),
        ),
    ),
    PolicyType(
        "groupPolicyConfigurations",
        "Administrative templates",
        "administrative template",
        f"{_DM}/groupPolicyConfigurations",
        _CONFIGURATION,
        try_expand=("assignments",),
        try_top=_MANY,
        parts=(
            Part(
                "definitionValues",
                "definitionValues?$expand=definition,presentationValues($expand=presentation)",
                fallback="definitionValues?$expand=definition",
                rows=(Part("presentationValues", "presentationValues?$expand=presentation"),),
            ),
        ),
        reread=always,  # nothing published says that values move the configuration's date
        references=(*TARGETS, TAGS),
        writing=Writing(
            assign=_ASSIGN,
            strip=("definitionValues", "policyConfigurationIngestionType"),
            follow_ups=(FollowUp("definitionValues", "updateDefinitionValues", "added"),),
            but="Settings of imported ADMX files are matched by name and path in another tenant.",
        ),
    ),
    PolicyType(
        "groupPolicyUploadedDefinitionFiles",
        "Imported ADMX files",
        "imported ADMX file",
        f"{_DM}/groupPolicyUploadedDefinitionFiles",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
        parts=(Part("definitions", "definitions", optional=True),),
        name_property="fileName",
        writing=Writing(create="", update="", cannot="Graph does not give the file back."),
    ),
    PolicyType(
        "intents",
        "Endpoint security intents",
        "endpoint security intent",
        f"{_DM}/intents",
        _CONFIGURATION,
        try_expand=("assignments",),
        parts=(Part("settings", "settings"),),
        reread=always,  # updateSettings is an action; nothing says that it moves the date
        kinds=("security baselines", "endpoint security of before the settings catalog"),
        references=(*TARGETS, TAGS),
        writing=Writing(
            create="POST /deviceManagement/templates/{templateId}/createInstance",
            assign=_ASSIGN,
            strip=("isMigratingToConfigurationPolicy",),
            strip_on_update=("templateId", "settings"),
            follow_ups=(FollowUp("settings", "updateSettings", "settings"),),
            but="Microsoft retires these templates; one that is retired refuses new instances.",
        ),
    ),
    PolicyType(
        "reusablePolicySettings",
        "Reusable settings",
        "reusable settings group",
        f"{_DM}/reusablePolicySettings",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
        item_query="",
        parts=(
            Part(
                "settingInstance",
                "?$select=id,displayName,description,settingDefinitionId,settingInstance",
                single=True,
                member="settingInstance",
                needed=lambda content: not content.get("settingInstance"),
            ),
        ),
        noise=frozenset({"referencingConfigurationPolicyCount"}),
        kinds=("firewall and elevation groups", "Linux discovery scripts"),
        writing=Writing(
            update="PUT",
            strip=("referencingConfigurationPolicies", "referencingConfigurationPolicyCount"),
        ),
    ),
    PolicyType(
        "hardwareConfigurations",
        "BIOS configurations",
        "BIOS configuration",
        f"{_DM}/hardwareConfigurations",
        _CONFIGURATION,
        try_expand=("assignments",),
        item_query="",
        references=(*TARGETS, TAGS),
        writing=Writing(assign=Assigning(member="hardwareConfigurationAssignments")),
    ),
    *(
        PolicyType(
            key,
            label,
            singular,
            f"{_DM}/{key}",
            _CONFIGURATION,
            noise=frozenset(noise),
            references=(*TARGETS, TAGS),
            writing=Writing(assign=_ASSIGN, strip=noise, strip_on_update=fixed),
        )
        for key, label, singular, noise, fixed in (
            (
                "windowsFeatureUpdateProfiles",
                "Feature updates",
                "feature update profile",
                ("deployableContentDisplayName", "endOfSupportDate"),
                ("installLatestWindows10OnWindows11IneligibleDevice",),
            ),
            (
                "windowsQualityUpdateProfiles",
                "Expedited quality updates",
                "expedited quality update profile",
                ("deployableContentDisplayName", "releaseDateDisplayName"),
                (),
            ),
            (
                "windowsQualityUpdatePolicies",
                "Quality update policies",
                "quality update policy",
                (),
                (),
            ),
            (
                "windowsDriverUpdateProfiles",
                "Driver updates",
                "driver update profile",
                ("deviceReporting", "newUpdates", "inventorySyncStatus"),
                ("approvalType",),
            ),
        )
    ),
)
