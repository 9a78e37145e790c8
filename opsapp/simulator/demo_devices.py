"""Device configuration profiles and compliance policies of the demo tenants."""

from typing import Any

from opsapp.simulator.demo_builder import Demo, script

_APPLICABILITY: dict[str, Any] = {
    "deviceManagementApplicabilityRuleOsEdition": None,
    "deviceManagementApplicabilityRuleOsVersion": None,
    "deviceManagementApplicabilityRuleDeviceMode": None,
}
_ACTIVE_HOURS = {
    "@odata.type": "#microsoft.graph.windowsUpdateActiveHoursInstall",
    "activeHoursStart": "08:00:00.0000000",
    "activeHoursEnd": "17:00:00.0000000",
}
# key, topic, deferral days for quality and feature updates, assignments
_RINGS = (
    ("pilot", "Ring 0 Pilot 🚀", 0, 0, ("+pilot",)),
    ("early", "Ring 1 Early adopters", 3, 14, ("+early", "-vip")),
    ("broad", "Ring 2 Broad", 7, 30, ("*devices ?Corporate Windows", "-no-updates", "-lab")),
)
_WIFI = {
    "networkName": "Corp",
    "ssid": "Corp",
    "connectAutomatically": True,
    "connectWhenNetworkNameIsHidden": False,
    "wiFiSecurityType": "wpaEnterprise",
    "proxySettings": "none",
    "eapType": "eapTls",
    "trustedServerCertificateNames": ["radius.corp.example"],
}
_BLOCK: dict[str, Any] = {"actionType": "block", "gracePeriodHours": 0}


def fill(demo: Demo) -> None:
    """Update rings, Wi-Fi, custom profiles and restrictions; compliance for every platform."""
    _rings(demo)
    _networks(demo)
    _custom(demo)
    _single_profiles(demo)
    _windows_compliance(demo)
    _other_compliance(demo)


def _configuration(
    demo: Demo, key: str, kind: str, content: dict[str, Any], assigned: tuple[str, ...]
) -> None:
    raw = {"@odata.type": f"#microsoft.graph.{kind}", "description": ""}
    demo.add("deviceConfigurations", key, raw | _APPLICABILITY | content, assigned)


def _rings(demo: Demo) -> None:
    for key, topic, quality, feature, assigned in _RINGS:
        content = {
            "displayName": demo.title("Windows", "Updates", topic),
            "deliveryOptimizationMode": "userDefined",
            "prereleaseFeatures": "userDefined",
            "automaticUpdateMode": "autoInstallAtMaintenanceTime",
            "microsoftUpdateServiceAllowed": True,
            "driversExcluded": demo.has("f"),
            "installationSchedule": _ACTIVE_HOURS,
            "qualityUpdatesDeferralPeriodInDays": quality,
            "featureUpdatesDeferralPeriodInDays": feature + demo.pick(0, 30, 0),
            "qualityUpdatesPaused": False,
            "featureUpdatesPaused": key == "broad",
            "qualityUpdatesPauseExpiryDateTime": "0001-01-01T00:00:00Z",
            "featureUpdatesPauseExpiryDateTime": "2027-01-04T00:00:00Z",
            "businessReadyUpdatesOnly": "userDefined",
            "deadlineForFeatureUpdatesInDays": 7,
            "deadlineForQualityUpdatesInDays": 3,
            "deadlineGracePeriodInDays": demo.pick(2, 1, 2),
            "userPauseAccess": "disabled",
            "userWindowsUpdateScanAccess": "enabled",
            "updateNotificationLevel": "restartWarningsOnly",
            "allowWindows11Upgrade": key != "broad",
        }
        kind = "windowsUpdateForBusinessConfiguration"
        _configuration(demo, f"ring-{key}", kind, content, assigned)


def _networks(demo: Demo) -> None:
    for platform, kind, assigned in (
        ("iOS", "iosEnterpriseWiFiConfiguration", ("+iphones",)),
        ("macOS", "macOSEnterpriseWiFiConfiguration", ("+all-mac", "-external")),
        ("Android", "androidDeviceOwnerEnterpriseWiFiConfiguration", ("+androids",)),
    ):
        name = demo.title(platform, "Network", "Corp Wi-Fi")
        _configuration(demo, f"wifi-{platform}", kind, {"displayName": name} | _WIFI, assigned)


def _single_profiles(demo: Demo) -> None:
    health = {
        "displayName": demo.title("Windows", "Telemetry", "Endpoint analytics"),
        "allowDeviceHealthMonitoring": "enabled",
        "configDeviceHealthMonitoringScope": "bootPerformance,windowsUpdates",
        "configDeviceHealthMonitoringCustomScope": None,
    }
    kind = "windowsHealthMonitoringConfiguration"
    _configuration(demo, "health", kind, health, ("*devices",))
    _mac_and_kiosk(demo)


def _custom(demo: Demo) -> None:
    custom = {
        "displayName": demo.title("Windows", "Custom", "OMA-URI leftovers <do not edit>"),
        "omaSettings": [
            {
                "@odata.type": "#microsoft.graph.omaSettingInteger",
                "displayName": "Camera",
                "description": None,
                "omaUri": "./Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera",
                "secretReferenceValueId": None,
                "isEncrypted": False,
                "value": demo.pick(1, 0, 1),
                "isReadOnly": False,
            },
            {
                "@odata.type": "#microsoft.graph.omaSettingString",
                "displayName": "Start page & tabs",
                "description": "Kept from the old MDM",
                "omaUri": "./User/Vendor/MSFT/Policy/Config/Browser/HomePages",
                "secretReferenceValueId": demo.tenant.id,
                "isEncrypted": True,
                "value": "****",
            },
        ],
    }
    _configuration(demo, "oma", "windows10CustomConfiguration", custom, ("+early",))


def _mac_and_kiosk(demo: Demo) -> None:
    mac = {
        "displayName": demo.title("macOS", "Security", "Login window banner"),
        "payloadName": "Banner",
        "payloadFileName": "banner.mobileconfig",
        "payload": script('<?xml version="1.0"?><plist version="1.0"><dict/></plist>\n'),
        "deploymentChannel": "deviceChannel",
    }
    _configuration(demo, "banner", "macOSCustomConfiguration", mac, ("+all-mac",))
    kiosk = {
        "displayName": demo.title("Windows", "Kiosk", "Reception"),
        "kioskBrowserDefaultUrl": f"https://welcome.{demo.slug}.example/",
        "kioskBrowserEnableHomeButton": True,
        "kioskBrowserEnableNavigationButtons": False,
        "kioskProfiles": [],
    }
    _configuration(demo, "kiosk", "windowsKioskConfiguration", kiosk, ("+kiosk",))


def _windows_compliance(demo: Demo) -> None:
    windows = {
        "bitLockerEnabled": True,
        "secureBootEnabled": True,
        "codeIntegrityEnabled": demo.has("cf"),
        "osMinimumVersion": demo.pick("10.0.22631.4000", "10.0.26100.1", "10.0.19045.5000"),
        "passwordRequired": True,
        "passwordMinimumLength": demo.pick(8, 12, 8),
        "passwordRequiredType": "deviceDefault",
        "activeFirewallRequired": True,
        "defenderEnabled": True,
        "rtpEnabled": True,
        "antivirusRequired": True,
        "tpmRequired": True,
        "deviceThreatProtectionEnabled": False,
        "deviceThreatProtectionRequiredSecurityLevel": "unavailable",
        "deviceCompliancePolicyScript": None,
        "validOperatingSystemBuildRanges": [],
    }
    corporate = ("*devices ?Corporate Windows", "-no-bitlocker")
    _policy(demo, "windows", "windows10CompliancePolicy", "Windows", windows, corporate)
    personal = windows | {"bitLockerEnabled": False, "tpmRequired": False}
    topic = "Personal devices"
    assigned = ("*users ?Personal Windows",)
    _policy(demo, "byod", "windows10CompliancePolicy", "Windows", personal, assigned, topic)


def _other_compliance(demo: Demo) -> None:
    mac = {
        "passwordRequired": True,
        "passwordMinimumLength": 8,
        "passwordRequiredType": "alphanumeric",
        "osMinimumVersion": demo.pick("14.6", "15.1", "13.7"),
        "systemIntegrityProtectionEnabled": True,
        "storageRequireEncryption": True,
        "gatekeeperAllowedAppSource": "macAppStoreAndIdentifiedDevelopers",
        "firewallEnabled": True,
    }
    _policy(demo, "mac", "macOSCompliancePolicy", "macOS", mac, ("+all-mac",))
    ios = {
        "passcodeRequired": True,
        "passcodeMinimumLength": 6,
        "passcodeRequiredType": "numeric",
        "securityBlockJailbrokenDevices": True,
        "osMinimumVersion": demo.pick("17.6", "18.0", "16.7"),
        "restrictedApps": [],
    }
    _policy(demo, "ios", "iosCompliancePolicy", "iOS", ios, ("+iphones", "*users"))
    android = {
        "passwordRequired": True,
        "passwordMinimumLength": 6,
        "passwordRequiredType": "numericComplex",
        "storageRequireEncryption": True,
        "minAndroidSecurityPatchLevel": demo.pick("2026-06-01", "2026-09-01", None),
    }
    kind = "androidDeviceOwnerCompliancePolicy"
    _policy(demo, "android", kind, "Android", android, ("+androids",))
    if demo.has("cn"):
        work = {"securityPreventInstallAppsFromUnknownSources": True, "passwordRequired": False}
        kind = "androidWorkProfileCompliancePolicy"
        _policy(demo, "work", kind, "Android", work, ("+external",), "Work profile")


def _policy(
    demo: Demo,
    key: str,
    kind: str,
    platform: str,
    content: dict[str, Any],
    assigned: tuple[str, ...],
    topic: str = "Corporate devices",
) -> None:
    templates = demo.tenant.collection("notificationMessageTemplates")
    warning = next(item.id for item in templates.values() if item.origin.endswith("/warning"))
    actions = [
        {
            "actionType": "notification",
            "gracePeriodHours": 0,
            "notificationTemplateId": warning,
            "notificationMessageCCList": [demo.group_id("it")] if key == "windows" else [],
        },
        _BLOCK | {"gracePeriodHours": demo.pick(72, 24, 168)},
    ]
    raw = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": demo.title(platform, "Compliance", topic),
        "description": None,
        "scheduledActionsForRule": [
            {"ruleName": "PasswordRequired", "scheduledActionConfigurations": actions}
        ],
    }
    demo.add("deviceCompliancePolicies", key, raw | content, assigned)
