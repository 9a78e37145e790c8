"""Apps and app protection of the demo tenants."""
# ruff: noqa: RUF001 (names as people type them)

from typing import Any

from opsapp.simulator.demo_builder import Demo

# type, name, publisher, own members, (intent, assignment) pairs, companies
_APPS: tuple[tuple[str, str, str, dict[str, Any], tuple[tuple[str, str], ...], str], ...] = (
    (
        "officeSuiteApp",
        "Microsoft 365 Apps for enterprise",
        "Microsoft",
        {
            "autoAcceptEula": True,
            "productIds": ["o365ProPlusRetail"],
            "updateChannel": "monthlyEnterprise",
            "officePlatformArchitecture": "x64",
            "useSharedComputerActivation": False,
        },
        (("required", "+all-windows"), ("uninstall", "+kiosk")),
        "",
    ),
    (
        "winGetApp",
        "Company Portal",
        "Microsoft Corporation",
        {"packageIdentifier": "9WZDNCRFJ3PZ", "installExperience": {"runAsAccount": "user"}},
        (("required", "*devices ?Corporate Windows"),),
        "",
    ),
    (
        "winGetApp",
        "Visual Studio Code",
        "Microsoft Corporation",
        {"packageIdentifier": "XP9KHM4BK9FZ7Q", "installExperience": {"runAsAccount": "system"}},
        (("available", "+developers"), ("available", "+it")),
        "",
    ),
    (
        "win32LobApp",
        "VPN client 5.1 (legacy)",
        "Contoso IT",
        {
            "fileName": "vpn-5.1.intunewin",
            "size": 48211344,
            "installCommandLine": "setup.exe /quiet /norestart",
            "uninstallCommandLine": "setup.exe /uninstall /quiet",
            "applicableArchitectures": "x64",
            "minimumSupportedWindowsRelease": "2004",
            "displayVersion": "5.1.20072",
            "rules": [],
            "returnCodes": [{"returnCode": 0, "type": "success"}],
        },
        (("required", "+legacy-vpn"), ("uninstall", "+external")),
        "cf",
    ),
    (
        "win32LobApp",
        "CAD Viewer & Plugins",
        "Fabrikam Design",
        {
            "fileName": "cad.intunewin",
            "size": 912345678,
            "installCommandLine": "install.cmd",
            "uninstallCommandLine": "remove.cmd",
            "applicableArchitectures": "x64,arm64",
            "minimumSupportedWindowsRelease": "Windows11_22H2",
            "displayVersion": "2026.1",
            "rules": [],
            "returnCodes": [{"returnCode": 3010, "type": "softReboot"}],
        },
        (("available", "*users"), ("required", "+department-7")),
        "f",
    ),
    (
        "macOSOfficeSuiteApp",
        "Microsoft 365 Apps for macOS",
        "Microsoft",
        {},
        (("required", "+all-mac"),),
        "",
    ),
    (
        "macOSMicrosoftEdgeApp",
        "Microsoft Edge for macOS",
        "Microsoft",
        {"channel": "stable"},
        (("required", "*devices ?Apple silicon"),),
        "cn",
    ),
    (
        "iosStoreApp",
        "Microsoft Outlook",
        "Microsoft Corporation",
        {
            "bundleId": "com.microsoft.Office.Outlook",
            "appStoreUrl": "https://apps.apple.com/app/id951937596",
            "applicableDeviceType": {"iPad": True, "iPhoneAndIPod": True},
            "minimumSupportedOperatingSystem": {"v16_0": True},
        },
        (("required", "+iphones"), ("availableWithoutEnrollment", "*users")),
        "",
    ),
    (
        "iosStoreApp",
        "Stocktake – Lagerzählung 📦",
        "Northwind Traders",
        {
            "bundleId": "example.northwind.stocktake",
            "appStoreUrl": "https://apps.apple.com/app/id1",
            "applicableDeviceType": {"iPad": True, "iPhoneAndIPod": False},
            "minimumSupportedOperatingSystem": {"v17_0": True},
        },
        (("required", "+frontline ?Supervised iPads"),),
        "n",
    ),
    (
        "managedAndroidStoreApp",
        "Microsoft Teams",
        "Microsoft Corporation",
        {
            "packageId": "com.microsoft.teams",
            "appStoreUrl": "https://play.google.com/store/apps/details?id=com.microsoft.teams",
            "appAvailability": "global",
            "version": "1.0",
        },
        (("required", "+androids"),),
        "",
    ),
    (
        "androidManagedStoreApp",
        "Shift planner",
        "Woodgrove Software",
        {
            "packageId": "example.woodgrove.shifts",
            "appIdentifier": "app:example.woodgrove.shifts",
            "appStoreUrl": "https://play.google.com/store/apps/details?id=example.woodgrove.shifts",
            "isPrivate": True,
            "isSystemApp": False,
            "usedLicenseCount": 112,
            "totalLicenseCount": 500,
            "supportsOemConfig": False,
        },
        (("available", "+frontline"),),
        "fn",
    ),
    (
        "webApp",
        "Intranet",
        "Internal",
        {"appUrl": "https://intranet.example/?from=portal&lang=en", "useManagedBrowser": True},
        (("available", "*users"),),
        "",
    ),
    ("webApp", "Canteen menu", "Internal", {"appUrl": "https://menu.example/"}, (), "cf"),
    (
        "windowsMicrosoftEdgeApp",
        "Microsoft Edge Beta",
        "Microsoft",
        {"channel": "beta", "displayLanguageLocale": None},
        (("available", "+pilot"),),
        "cn",
    ),
    (
        "windowsUniversalAppX",
        "Label printer control",
        "Adatum",
        {
            "applicableArchitectures": "x64",
            "identityName": "Adatum.LabelPrinter",
            "identityVersion": "3.2.0.0",
            "isBundle": True,
            "size": 7340032,
        },
        (("required", "+site-1"), ("available", "+site-2")),
        "",
    ),
)
_CATEGORIES = {"Visual Studio Code": "Development", "Intranet": "Productivity"}

_COMMON: dict[str, Any] = {
    "periodOfflineBeforeAccessCheck": "PT12H",
    "periodOnlineBeforeAccessCheck": "PT30M",
    "allowedInboundDataTransferSources": "allApps",
    "allowedOutboundDataTransferDestinations": "managedApps",
    "organizationalCredentialsRequired": False,
    "allowedOutboundClipboardSharingLevel": "managedAppsWithPasteIn",
    "dataBackupBlocked": True,
    "deviceComplianceRequired": True,
    "managedBrowserToOpenLinksRequired": True,
    "saveAsBlocked": True,
    "periodOfflineBeforeWipeIsEnforced": "P90D",
    "pinRequired": True,
    "maximumPinRetries": 5,
    "simplePinBlocked": True,
    "pinCharacterSet": "numeric",
    "periodBeforePinReset": "PT0S",
    "allowedDataStorageLocations": ["oneDriveForBusiness", "sharePoint"],
    "contactSyncBlocked": False,
    "printBlocked": True,
    "fingerprintBlocked": False,
    "disableAppPinIfDevicePinIsSet": False,
    "notificationRestriction": "blockOrganizationalData",
    "managedBrowser": "microsoftEdge",
    "appGroupType": "selectedPublicApps",
}
_IOS_APPS = ("com.microsoft.Office.Outlook", "com.microsoft.skype.teams", "com.microsoft.msedge")
_ANDROID_APPS = (
    "com.microsoft.office.outlook",
    "com.microsoft.teams",
    "com.microsoft.emmx",
    "com.microsoft.skydrive",
)


def fill(demo: Demo) -> None:
    """Apps with intents and categories, and two levels of app protection for both phones."""
    for number, (kind, name, publisher, members, assigned, only) in enumerate(_APPS):
        if demo.has(only):
            _app(demo, f"{number}-{kind}", kind, name, publisher, members, assigned)
    levels = (("basic", 4, ("*users",)), ("high", 6, ("+vip", "+it", "-external")))
    for key, pin, targets in levels:
        title = "Basic protection" if key == "basic" else "High protection"
        _protect_ios(demo, key, title, pin, targets)
        _protect_android(demo, key, title, pin, targets)


def _app(
    demo: Demo,
    key: str,
    kind: str,
    name: str,
    publisher: str,
    members: dict[str, Any],
    assigned: tuple[tuple[str, str], ...],
) -> None:
    targets = demo.targets([text for _, text in assigned])
    content = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": name,
        "description": f"{name}, provided by the service desk.",
        "publisher": publisher,
        "largeIcon": None,
        "isFeatured": name == "Company Portal",
        "privacyInformationUrl": None,
        "informationUrl": None,
        "owner": "",
        "developer": "",
        "notes": "",
        **members,
        "categories": [
            {"displayName": text} for text in [_CATEGORIES.get(name)] if text is not None
        ],
        "assignments": [
            {"intent": intent, "settings": None, **target}
            for (intent, _), target in zip(assigned, targets, strict=True)
        ],
    }
    demo.add("mobileApps", key, content)


def _protect_ios(demo: Demo, key: str, topic: str, pin: int, targets: tuple[str, ...]) -> None:
    apps = [
        {
            "mobileAppIdentifier": {
                "@odata.type": "#microsoft.graph.iosMobileAppIdentifier",
                "bundleId": bundle,
            }
        }
        for bundle in _IOS_APPS
    ]
    content = _COMMON | {
        "displayName": demo.title("iOS", "App protection", topic),
        "description": "",
        "minimumPinLength": pin,
        "minimumRequiredOsVersion": demo.pick("17.0", "18.1", "16.4"),
        "appDataEncryptionType": "whenDeviceLocked",
        "faceIdBlocked": False,
        "apps": apps,
    }
    demo.add("iosManagedAppProtections", key, content, targets)


def _protect_android(demo: Demo, key: str, topic: str, pin: int, targets: tuple[str, ...]) -> None:
    apps = [
        {
            "mobileAppIdentifier": {
                "@odata.type": "#microsoft.graph.androidMobileAppIdentifier",
                "packageId": package,
            }
        }
        for package in _ANDROID_APPS
    ]
    content = _COMMON | {
        "displayName": demo.title("Android", "App protection", topic),
        "description": "",
        "minimumPinLength": pin,
        "minimumRequiredOsVersion": demo.pick("13.0", "14.0", "12.0"),
        "screenCaptureBlocked": key == "high",
        "encryptAppData": True,
        "approvedKeyboards": [],
        "apps": apps,
    }
    demo.add("androidManagedAppProtections", key, content, targets)
