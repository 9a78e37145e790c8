"""Enrolment of devices, and what people see at it."""

from opsapp.intune.catalogue.row import (
    ENROLLMENT_GROUP,
    GROUPS,
    TAGS,
    TARGETS,
    Assigning,
    AssignmentSource,
    FollowUp,
    Part,
    PolicyType,
    Reference,
    Writing,
    always,
    unless_expanded,
)

_SERVICE = "DeviceManagementServiceConfig.Read.All"
_CONFIGURATION = "DeviceManagementConfiguration.Read.All"
_APPS = "DeviceManagementApps.Read.All"
_DM = "/deviceManagement"

_ONE_BY_ONE = Assigning("assignments", "target", one_by_one=True)
_TOKENS = (
    "accountId",
    "enrolledDeviceCount",
    "enrollmentTokenUsageCount",
    "qrCodeContent",
    "qrCodeImage",
    "tokenCreationDateTime",
    "tokenExpirationDateTime",
    "tokenValue",
)
_COUNTS = frozenset({"enrolledDeviceCount", "enrollmentTokenUsageCount"})
_IMAGES = ("themeColorLogo", "lightBackgroundLogo", "landingPageCustomizedImage")


def _image(name: str) -> Part:
    """Each image comes only when it alone is asked for."""
    return Part(
        name,
        f"?$select={name}",
        single=True,
        member=name,
        optional=True,
        needed=lambda content: not content.get(name),
    )


ENROLLMENT = (
    PolicyType(
        "deviceEnrollmentConfigurations",
        "Enrollment configurations",
        "enrollment configuration",
        f"{_DM}/deviceEnrollmentConfigurations",
        _SERVICE,
        try_expand=("assignments",),
        kinds=(
            "enrollment status page",
            "platform restrictions",
            "device limits",
            "Windows Hello for Business",
            "co-management",
            "Windows restore",
            "enrollment notifications",
        ),
        references=(
            *TARGETS,
            TAGS,
            Reference("selectedMobileAppIds[]", "mobileApps"),
            Reference("notificationTemplates[]", "notificationMessageTemplates"),
        ),
        writing=Writing(
            assign=Assigning(member="enrollmentConfigurationAssignments"),
            strip=("priority", "deviceEnrollmentConfigurationType"),
            strip_on_update=(
                "platformType",
                "windowsMobileRestriction",
            ),
            follow_ups=(FollowUp("priority", "setPriority", "priority"),),
            but="The tenant's default configurations are changed, never created.",
        ),
    ),
    PolicyType(
        "windowsAutopilotDeploymentProfiles",
        "Autopilot deployment profiles",
        "Autopilot deployment profile",
        f"{_DM}/windowsAutopilotDeploymentProfiles",
        _SERVICE,
        try_expand=("assignments",),
        references=(GROUPS, TAGS),
        writing=Writing(
            assign=_ONE_BY_ONE,
            strip=(
                "managementServiceAppId",
                "language",
                "enableWhiteGlove",
                "extractHardwareHash",
                "outOfBoxExperienceSettings",
            ),
        ),
    ),
    PolicyType(
        "appleUserInitiatedEnrollmentProfiles",
        "Apple user-initiated enrollment profiles",
        "Apple user-initiated enrollment profile",
        f"{_DM}/appleUserInitiatedEnrollmentProfiles",
        _SERVICE,
        try_expand=("assignments",),
        references=TARGETS,
        writing=Writing(
            assign=_ONE_BY_ONE,
            strip=("priority",),
            strip_on_update=("platform",),
            follow_ups=(FollowUp("priority", "setPriority", "priority"),),
        ),
    ),
    PolicyType(
        "androidDeviceOwnerEnrollmentProfiles",
        "Android corporate enrollment profiles",
        "Android corporate enrollment profile",
        f"{_DM}/androidDeviceOwnerEnrollmentProfiles",
        _SERVICE,
        assignments=AssignmentSource.NONE,
        parts=(
            Part(
                "enrollmentTimeDeviceMembershipTarget",
                "retrieveEnrollmentTimeDeviceMembershipTarget",
                single=True,
                post=True,
                optional=True,
            ),
        ),
        reread=always,  # its group is set by an action of its own
        noise=_COUNTS,
        references=(TAGS, ENROLLMENT_GROUP),
        writing=Writing(
            strip=_TOKENS,
            strip_on_update=("enrollmentMode", "enrollmentTokenType"),
            follow_ups=(
                FollowUp(
                    "enrollmentTimeDeviceMembershipTarget",
                    "setEnrollmentTimeDeviceMembershipTarget",
                    "enrollmentTimeDeviceMembershipTargets",
                ),
            ),
            but="Enrollment tokens are not restored: each profile gets a new one.",
        ),
    ),
    PolicyType(
        "androidForWorkEnrollmentProfiles",
        "Android work profile enrollment",
        "Android work profile enrollment profile",
        f"{_DM}/androidForWorkEnrollmentProfiles",
        _SERVICE,
        assignments=AssignmentSource.NONE,
        noise=_COUNTS,
        writing=Writing(strip=_TOKENS, but="Enrollment tokens are not restored."),
    ),
    PolicyType(
        "depOnboardingSettings",
        "Apple enrollment program tokens",
        "Apple enrollment program token",
        f"{_DM}/depOnboardingSettings",
        _SERVICE,
        assignments=AssignmentSource.NONE,
        parts=(Part("enrollmentProfiles", "enrollmentProfiles", optional=True),),
        name_property="tokenName",
        reread=always,
        noise=frozenset(
            {"lastSuccessfulSyncDateTime", "lastSyncTriggeredDateTime", "syncedDeviceCount"}
        ),
        kinds=("tokens with their enrollment profiles",),
        writing=Writing(create="", update="", cannot="A token is made with Apple's portal."),
    ),
    PolicyType(
        "termsAndConditions",
        "Terms and conditions",
        "terms and conditions",
        f"{_DM}/termsAndConditions",
        _SERVICE,
        references=(GROUPS, TAGS),
        writing=Writing(assign=_ONE_BY_ONE, but="Who has accepted them is not restored."),
    ),
    PolicyType(
        "notificationMessageTemplates",
        "Notification templates",
        "notification template",
        f"{_DM}/notificationMessageTemplates",
        _SERVICE,
        assignments=AssignmentSource.NONE,
        list_expand=("localizedNotificationMessages",),
        parts=(unless_expanded("localizedNotificationMessages"),),
        reread=lambda content: "localizedNotificationMessages" not in content,
        references=(TAGS,),
        writing=Writing(
            strip=("localizedNotificationMessages", "defaultLocale"),
            follow_ups=(
                FollowUp(
                    "localizedNotificationMessages", "localizedNotificationMessages", "(each)"
                ),
            ),
        ),
    ),
    PolicyType(
        "intuneBrandingProfiles",
        "Company Portal branding",
        "Company Portal branding profile",
        f"{_DM}/intuneBrandingProfiles",
        _APPS,
        try_expand=("assignments",),
        item_query="",
        parts=tuple(_image(name) for name in _IMAGES),
        name_property="profileName",
        references=(*TARGETS, TAGS),
        writing=Writing(
            assign=Assigning(),
            strip=("isDefaultProfile", "disableClientTelemetry", *_IMAGES),
            follow_ups=tuple(FollowUp(name, "PATCH", name) for name in _IMAGES),
            but="The default profile is changed, never created.",
        ),
    ),
    PolicyType(
        "deviceCategories",
        "Device categories",
        "device category",
        f"{_DM}/deviceCategories",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
        references=(TAGS,),
    ),
    PolicyType(
        "managedDeviceCleanupRules",
        "Device clean-up rules",
        "device clean-up rule",
        f"{_DM}/managedDeviceCleanupRules",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
    ),
)
