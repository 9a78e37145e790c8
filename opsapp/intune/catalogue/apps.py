"""Apps, what is known of them, and how they are protected and configured."""

from opsapp.intune.catalogue.row import (
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

_APPS = "DeviceManagementApps.Read.All"
_CONFIGURATION = "DeviceManagementConfiguration.Read.All"
_DAM = "/deviceAppManagement"

_REFERENCES = (*TARGETS, TAGS)
_MANAGED_APP_ITEM = "$expand=apps,assignments"
_TARGET_APPS = FollowUp("apps", "targetApps", "apps")
_MANAGED_NOISE = frozenset({"deployedAppCount"})

# Without it the list is flooded with the store apps Microsoft publishes into every tenant.
_OWN_APPS = (
    "$filter=(microsoft.graph.managedApp/appAvailability eq null"
    " or microsoft.graph.managedApp/appAvailability eq 'lineOfBusiness'"
    " or isAssigned eq true)&$orderby=displayName"
)
_COUNTS = ("dependentAppCount", "supersedingAppCount", "supersededAppCount")


def _may_have_relationships(content: Content) -> bool:
    """Unless every count is there and says none."""
    return any(content.get(count) != 0 for count in _COUNTS)


def _app_protection(key: str, label: str, singular: str) -> PolicyType:
    return PolicyType(
        key,
        label,
        singular,
        f"{_DAM}/{key}",
        _APPS,
        assignments=AssignmentSource.ITEM,
        try_expand=("apps", "assignments"),
        item_query=_MANAGED_APP_ITEM,
        parts=(unless_expanded("apps"),),
        noise=_MANAGED_NOISE,
        references=_REFERENCES,
        writing=Writing(
            assign=Assigning(),
            strip=("apps", "deployedAppCount", "deploymentSummary"),
            strip_on_update=("exemptAppLockerFiles", "protectedAppLockerFiles"),
            follow_ups=(_TARGET_APPS,),
        ),
    )


def _information_protection(key: str, label: str) -> PolicyType:
    return PolicyType(
        key,
        label,
        "Windows Information Protection policy",
        f"{_DAM}/{key}",
        _APPS,
        assignments=AssignmentSource.ITEM,
        try_expand=("assignments",),
        item_query="$expand=protectedAppLockerFiles,exemptAppLockerFiles,assignments",
        parts=(unless_expanded("protectedAppLockerFiles"), unless_expanded("exemptAppLockerFiles")),
        reread=always,  # its files are collections of their own, and no list shows them
        references=_REFERENCES,
        writing=Writing(
            assign=Assigning(),
            strip_on_update=("exemptAppLockerFiles", "protectedAppLockerFiles"),
            but="Microsoft has retired it: tenants may refuse new ones.",
        ),
    )


APPS = (
    PolicyType(
        "mobileApps",
        "Apps",
        "app",
        f"{_DAM}/mobileApps",
        _APPS,
        assignments=AssignmentSource.ITEM,
        list_query=_OWN_APPS,
        try_expand=("categories", "assignments"),
        try_top=500,
        item_query="$expand=categories,assignments",  # the list leaves out scope tags
        parts=(
            unless_expanded("categories"),
            Part(
                "relationships",
                "relationships?$filter=targetType eq"
                " microsoft.graph.mobileAppRelationshipType'child'",
                fallback="relationships",
                optional=True,
                needed=_may_have_relationships,
            ),
        ),
        reread=_may_have_relationships,
        noise=frozenset({"uploadState", "publishingState", *_COUNTS}),
        kinds=("store, web, line-of-business and Win32 apps",),
        references=(
            *_REFERENCES,
            Reference("relationships[].targetId", "mobileApps"),
            Reference("categories[].id", "mobileAppCategories"),
        ),
        writing=Writing(
            assign=Assigning(member="mobileAppAssignments"),
            strip=(
                "uploadState",
                "publishingState",
                *_COUNTS,
                "committedContentVersion",
                "size",
                "categories",
                "relationships",
                "contentVersions",
            ),
            strip_on_update=(
                "appStoreUrl",
                "appUrl",
                "installExperience",
                "packageIdentifier",
                "manifestHash",
            ),
            follow_ups=(FollowUp("relationships", "updateRelationships", "relationships"),),
            but="Installation files are not given back by Graph: apps that need one are described,"
            " not restored. Nor are apps of volume purchase programs.",
        ),
    ),
    PolicyType(
        "mobileAppCategories",
        "App categories",
        "app category",
        f"{_DAM}/mobileAppCategories",
        _APPS,
        assignments=AssignmentSource.NONE,
    ),
    PolicyType(
        "mobileAppConfigurations",
        "App configuration, managed devices",
        "app configuration for managed devices",
        f"{_DAM}/mobileAppConfigurations",
        _APPS,
        try_expand=("assignments",),
        kinds=("iOS/iPadOS and Android app configuration", "OEMConfig"),
        references=(*_REFERENCES, Reference("targetedMobileApps[]", "mobileApps")),
        writing=Writing(
            assign=Assigning("microsoft.graph.managedDeviceMobileAppConfiguration/assign"),
            strip=("appSupportsOemConfig",),
        ),
    ),
    PolicyType(
        "targetedManagedAppConfigurations",
        "App configuration, managed apps",
        "app configuration for managed apps",
        f"{_DAM}/targetedManagedAppConfigurations",
        _APPS,
        assignments=AssignmentSource.ITEM,
        try_expand=("apps", "assignments"),
        item_query=_MANAGED_APP_ITEM,
        parts=(unless_expanded("apps"), Part("settings", "settings", optional=True)),
        reread=always,  # changeSettings is an action; nothing says that it moves the date
        noise=_MANAGED_NOISE,
        references=_REFERENCES,
        writing=Writing(
            assign=Assigning(),
            strip=("apps", "deployedAppCount", "deploymentSummary", "settings"),
            follow_ups=(_TARGET_APPS, FollowUp("settings", "changeSettings", "settings")),
        ),
    ),
    _app_protection(
        "androidManagedAppProtections",
        "App protection policies, Android",
        "Android app protection policy",
    ),
    _app_protection(
        "iosManagedAppProtections", "App protection policies, iOS", "iOS app protection policy"
    ),
    _app_protection(
        "windowsManagedAppProtections",
        "App protection policies, Windows",
        "Windows app protection policy",
    ),
    _information_protection(
        "windowsInformationProtectionPolicies", "Windows Information Protection, not enrolled"
    ),
    _information_protection(
        "mdmWindowsInformationProtectionPolicies", "Windows Information Protection, enrolled"
    ),
    PolicyType(
        "iosLobAppProvisioningConfigurations",
        "iOS app provisioning profiles",
        "iOS app provisioning profile",
        f"{_DAM}/iosLobAppProvisioningConfigurations",
        _APPS,
        try_expand=("assignments",),
        item_query="",
        references=_REFERENCES,
        writing=Writing(assign=Assigning(member="iOSLobAppProvisioningConfigAssignments")),
    ),
    PolicyType(
        "wdacSupplementalPolicies",
        "Supplemental policies for Windows in S mode",
        "supplemental policy for Windows in S mode",
        f"{_DAM}/wdacSupplementalPolicies",
        _APPS,
        try_expand=("assignments",),
        item_query="",
        references=_REFERENCES,
        writing=Writing(
            assign=Assigning(member="wdacPolicyAssignments"), strip=("creationDateTime",)
        ),
    ),
    PolicyType(
        "policySets",
        "Policy sets",
        "policy set",
        f"{_DAM}/policySets",
        _CONFIGURATION,
        assignments=AssignmentSource.ITEM,
        item_query="$expand=assignments,items",
        parts=(unless_expanded("items"),),
        reread=always,  # its items are changed by an action of its own
        noise=frozenset({"status", "errorCode"}),
        references=(
            *TARGETS,
            Reference("roleScopeTags[]", "roleScopeTags"),
            Reference("items[].payloadId", "any"),
        ),
        writing=Writing(
            update="POST {id}/update",
            strip=("status", "errorCode"),
        ),
    ),
)
