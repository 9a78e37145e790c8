"""Enrolment of the demo tenants: restrictions, status pages, Hello for Business, Autopilot."""

from typing import Any

from opsapp.simulator.demo_builder import Demo

_EVERYBODY = "All users and all devices"
_OPEN: dict[str, Any] = {
    "platformBlocked": False,
    "personalDeviceEnrollmentBlocked": False,
    "osMinimumVersion": "",
    "osMaximumVersion": "",
    "blockedManufacturers": [],
    "blockedSkus": [],
}
_PERSONAL_BLOCKED = _OPEN | {"personalDeviceEnrollmentBlocked": True}


def fill(demo: Demo) -> None:
    """The default rows every tenant has, and what the administrators made themselves."""
    _defaults(demo)
    _own(demo)
    _autopilot(demo)


def _add(
    demo: Demo, key: str, kind: str, content: dict[str, Any], assigned: tuple[str, ...] = ()
) -> None:
    raw = {"@odata.type": f"#microsoft.graph.{kind}", "description": ""} | content
    demo.add("deviceEnrollmentConfigurations", key, raw, assigned)


def _defaults(demo: Demo) -> None:
    base: dict[str, Any] = {"displayName": _EVERYBODY, "priority": 0, "roleScopeTagIds": []}
    limit = {"limit": demo.pick(5, 3, 15)}
    _add(demo, "limit", "deviceEnrollmentLimitConfiguration", base | limit, ("*devices",))
    restrictions = {
        "iosRestriction": _OPEN,
        "windowsRestriction": demo.pick(_PERSONAL_BLOCKED, _PERSONAL_BLOCKED, _OPEN),
        "windowsMobileRestriction": _OPEN | {"platformBlocked": True},
        "androidRestriction": _OPEN | {"platformBlocked": True},
        "androidForWorkRestriction": _OPEN,
        "macOSRestriction": demo.pick(_OPEN, _OPEN | {"osMinimumVersion": "14.0"}, _OPEN),
    }
    kind = "deviceEnrollmentPlatformRestrictionsConfiguration"
    _add(demo, "platforms", kind, base | restrictions, ("*devices",))
    hello = {
        "pinMinimumLength": demo.pick(6, 8, 6),
        "pinMaximumLength": 127,
        "pinUppercaseCharactersUsage": "disallowed",
        "pinLowercaseCharactersUsage": "disallowed",
        "pinSpecialCharactersUsage": "disallowed",
        "state": demo.pick("enabled", "enabled", "notConfigured"),
        "securityDeviceRequired": True,
        "unlockWithBiometricsEnabled": True,
        "remotePassportEnabled": True,
        "pinPreviousBlockCount": demo.pick(0, 5, 0),
        "pinExpirationInDays": 0,
        "enhancedBiometricsState": "notConfigured",
        "securityKeyForSignIn": "enabled",
    }
    kind = "deviceEnrollmentWindowsHelloForBusinessConfiguration"
    _add(demo, "hello", kind, base | hello, ("*devices",))
    _add(demo, "esp", _ESP, base | _status_page(60, blocking=False), ("*devices",))


_ESP = "windows10EnrollmentCompletionPageConfiguration"


def _status_page(minutes: int, *, blocking: bool) -> dict[str, Any]:
    return {
        "showInstallationProgress": True,
        "blockDeviceSetupRetryByUser": blocking,
        "allowDeviceResetOnInstallFailure": not blocking,
        "allowLogCollectionOnInstallFailure": True,
        "customErrorMessage": "Setup needs a hand. Call the service desk on extension 4711.",
        "installProgressTimeoutInMinutes": minutes,
        "allowDeviceUseOnInstallFailure": not blocking,
        "selectedMobileAppIds": [],
        "allowNonBlockingAppInstallation": False,
        "installQualityUpdates": blocking,
        "trackInstallProgressForAutopilotOnly": True,
        "disableUserStatusTrackingAfterFirstUser": True,
    }


def _own(demo: Demo) -> None:
    name = demo.title("Windows", "Enrollment", "Status page, blocking")
    page = {"displayName": name} | _status_page(90, blocking=True)
    _add(demo, "esp-blocking", _ESP, page, ("+autopilot", "+pilot"))
    if demo.has("cf"):
        name = demo.title("Windows", "Enrollment", "Status page for shared devices")
        page = {"displayName": name} | _status_page(45, blocking=False)
        _add(demo, "esp-shared", _ESP, page, ("+shared", "+kiosk"))
    limit = {"displayName": demo.title("All", "Enrollment", "More devices for IT"), "limit": 15}
    _add(demo, "limit-it", "deviceEnrollmentLimitConfiguration", limit, ("+it",))
    kind = "deviceEnrollmentPlatformRestrictionConfiguration"
    for key, platform, os, assigned in (
        ("personal-ios", "ios", "iOS", ("+external",)),
        ("personal-android", "androidForWork", "Android", ("+frontline",)),
        ("personal-mac", "mac", "macOS", ("*users !Apple silicon",)),
    ):
        content = {
            "displayName": demo.title(os, "Enrollment", "No personal devices"),
            "platformType": platform,
            "platformRestriction": _PERSONAL_BLOCKED,
            "deviceEnrollmentConfigurationType": "singlePlatformRestriction",
        }
        if demo.has("cn") or key != "personal-mac":
            _add(demo, key, kind, content, assigned)


def _autopilot(demo: Demo) -> None:
    for key, topic, usage, assigned in (
        ("standard", "User driven", "singleUser", ("+autopilot",)),
        ("kiosk", "Self deploying", "shared", ("+kiosk", "+shared")),
        ("lab", "Pre provisioned lab", "singleUser", ("+lab",)),
    ):
        if key == "lab" and not demo.has("cf"):
            continue
        content = {
            "@odata.type": "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile",
            "displayName": demo.title("Windows", "Autopilot", topic).replace("-", ","),
            "description": "",
            "deviceNameTemplate": demo.pick("CTSO,%SERIAL%", "FAB%RAND:6%", "NW%SERIAL%").replace(
                ",", "-"
            ),
            "locale": "os-default",
            "preprovisioningAllowed": key == "lab",
            "deviceType": "windowsPc",
            "hardwareHashExtractionEnabled": True,
            "hybridAzureADJoinSkipConnectivityCheck": False,
            "managementServiceAppId": None,
            "outOfBoxExperienceSetting": {
                "deviceUsageType": usage,
                "escapeLinkHidden": True,
                "privacySettingsHidden": True,
                "eulaHidden": True,
                "userType": "standard",
                "keyboardSelectionPageSkipped": usage == "shared",
            },
        }
        demo.add("windowsAutopilotDeploymentProfiles", key, content, assigned)
