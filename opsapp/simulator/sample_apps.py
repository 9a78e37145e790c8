"""Made-up apps, app protection, app configuration and scripts: one function a collection."""

from opsapp.simulator.sample_maker import Content, Sample, SampleMaker

_APPS = (
    ("windowsWebApp", {"appUrl": "https://apps.example/start"}),
    ("iosStoreApp", {"bundleId": "example.notes", "appStoreUrl": "https://apps.example/notes"}),
    ("winGetApp", {"packageIdentifier": "9EXAMPLE00", "manifestHash": None}),
    (
        "win32LobApp",
        {
            "fileName": "setup.intunewin",
            "setupFilePath": "setup.exe",
            "displayVersion": "1.0",
            "size": 52428800,
        },
    ),
    ("macOSLobApp", {"fileName": "tool.pkg", "bundleId": "example.tool", "buildNumber": "12"}),
    ("androidManagedStoreApp", {"packageId": "example.scanner", "appIdentifier": "app:example"}),
)


def app(make: SampleMaker, number: int) -> Content:
    kind, members = _APPS[number % len(_APPS)]
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": f"{make.title('App', number)}",
        "description": make.sentence(25),
        "publisher": "Example Software",
        "owner": "",
        "developer": "",
        "notes": make.sentence(6),
        "informationUrl": None,
        "privacyInformationUrl": None,
        "isFeatured": False,
        "largeIcon": None,
        "relationships": [],
        **members,
    }


def app_category(make: SampleMaker, number: int) -> Content:
    return {"displayName": make.title("Apps", number)}


def device_app_configuration(make: SampleMaker, number: int) -> Content:
    ios = number % 2 == 0
    kind = "iosMobileAppConfiguration" if ios else "androidManagedStoreAppConfiguration"
    payload = make.base64('{"kind":"androidenterprise#managedConfiguration"}')
    rows = [
        {"appConfigKey": f"key{at}", "appConfigKeyType": "stringType", "appConfigKeyValue": str(at)}
        for at in range(5)
    ]
    members: Content = (
        {"encodedSettingXml": None, "settings": rows}
        if ios
        else {
            "packageId": "app:example.scanner",
            "payloadJson": payload,
            "permissionActions": [],
            "appSupportsOemConfig": number % 4 == 1,
            "profileApplicability": "androidDeviceOwner",
            "connectedAppsEnabled": False,
        }
    )
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": make.title("iOS" if ios else "Android", number),
        "description": make.sentence(6),
        "targetedMobileApps": make.some("mobileApps"),
        **members,
    }


def _identifier(platform: str, number: int) -> Content:
    if platform == "ios":
        kind, member = "iosMobileAppIdentifier", "bundleId"
    elif platform == "android":
        kind, member = "androidMobileAppIdentifier", "packageId"
    else:
        kind, member = "windowsAppIdentifier", "windowsAppId"
    name = f"example.office{number}"
    return {"mobileAppIdentifier": {"@odata.type": f"#microsoft.graph.{kind}", member: name}}


def app_configuration(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Apps", number),
        "description": make.sentence(6),
        "appGroupType": "selectedPublicApps",
        "customSettings": [{"name": f"com.example.key{at}", "value": str(at)} for at in range(5)],
        "apps": [_identifier("ios", at) for at in range(3)],
        "settings": [],
    }


def _protection(platform: str) -> Sample:
    kinds = {"ios": "iOS", "android": "Android", "windows": "Windows"}

    def protection(make: SampleMaker, number: int) -> Content:
        return {
            "@odata.type": f"#microsoft.graph.{platform}ManagedAppProtection",
            "displayName": make.title(kinds[platform], number),
            "description": make.sentence(6),
            "periodOfflineBeforeAccessCheck": "PT12H",
            "periodOnlineBeforeAccessCheck": "PT30M",
            "periodOfflineBeforeWipeIsEnforced": "P90D",
            "allowedInboundDataTransferSources": "allApps",
            "allowedOutboundDataTransferDestinations": "none",
            "pinRequired": True,
            "minimumPinLength": 4 + number % 4,
            "maximumPinRetries": 5,
            "appGroupType": "selectedPublicApps",
            "apps": [_identifier(platform, at) for at in range(4)],
        }

    return protection


def information_protection(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(6),
        "enforcementLevel": "encryptAndAuditOnly",
        "enterpriseDomain": "corp.example",
        "protectedApps": [],
        "exemptApps": [],
        "protectedAppLockerFiles": [
            {
                "displayName": "rules.xml",
                "fileHash": "a1b2",
                "file": make.base64("<r/>"),
                "version": "1",
            }
        ],
        "exemptAppLockerFiles": [],
    }


def provisioning(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("iOS", number),
        "description": make.sentence(5),
        "payloadFileName": f"profile{number}.mobileprovision",
        "payload": make.base64(f"provisioning profile {number}"),
        "expirationDateTime": "2027-05-01T00:00:00Z",
    }


def supplemental(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(5),
        "contentFileName": f"supplemental{number}.p7b",
        "content": make.base64(f"policy {number}"),
    }


def policy_set(make: SampleMaker, number: int) -> Content:
    items: list[Content] = [
        {
            "@odata.type": "#microsoft.graph.deviceConfigurationPolicySetItem",
            "payloadId": identity,
            "itemType": "#microsoft.graph.deviceConfiguration",
            "displayName": make.tenant.collection("deviceConfigurations")[identity].content[
                "displayName"
            ],
            "guidedDeploymentTags": [],
        }
        for identity in make.some("deviceConfigurations", 2)
    ]
    items += [
        {
            "@odata.type": "#microsoft.graph.mobileAppPolicySetItem",
            "payloadId": identity,
            "intent": "required",
            "settings": None,
            "guidedDeploymentTags": [],
        }
        for identity in make.some("mobileApps")
    ]
    return {
        "displayName": make.title("All", number),
        "description": make.sentence(5),
        "guidedDeploymentTags": [],
        "items": items,
    }


def vpp_token(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Apple", number),
        "organizationName": make.tenant.name,
        "vppTokenAccountType": "business",
        "appleId": f"store{number}@{make.tenant.slug}.example",
        "expirationDateTime": "2027-03-01T00:00:00Z",
        "lastSyncDateTime": "2026-11-01T03:00:00Z",
        "state": "valid",
        "lastSyncStatus": "completed",
        "automaticallyUpdateApps": True,
        "countryOrRegion": "de",
        "token": None,
    }


def powershell(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(5),
        "scriptContent": make.script("#", 20 + number % 60),
        "runAsAccount": "system",
        "enforceSignatureCheck": False,
        "fileName": f"task{number}.ps1",
        "runAs32Bit": False,
    }


def shell(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("macOS", number),
        "description": make.sentence(5),
        "executionFrequency": "P1D",
        "retryCount": 3,
        "blockExecutionNotifications": True,
        "scriptContent": make.script("#", 15 + number % 40),
        "runAsAccount": "system",
        "fileName": f"task{number}.sh",
    }


def attribute(make: SampleMaker, number: int) -> Content:
    return {
        "customAttributeName": f"Attribute {number}",
        "customAttributeType": "string",
        "displayName": make.title("macOS", number),
        "description": make.sentence(5),
        "scriptContent": make.script("#", 5),
        "runAsAccount": "system",
        "fileName": f"attribute{number}.sh",
    }


def remediation(make: SampleMaker, number: int) -> Content:
    return {
        "publisher": "Service desk",
        "version": "1.0",
        "displayName": make.title("Windows", number),
        "description": make.sentence(8),
        "detectionScriptContent": make.script("#", 15),
        "remediationScriptContent": make.script("#", 25),
        "runAsAccount": "system",
        "enforceSignatureCheck": False,
        "runAs32Bit": False,
        "detectionScriptParameters": [],
        "remediationScriptParameters": [],
    }


def compliance_script(make: SampleMaker, number: int) -> Content:
    return {
        "publisher": "Service desk",
        "displayName": make.title("Check", number),
        "description": make.sentence(5),
        "detectionScriptContent": make.script("#", 12),
        "runAsAccount": "system",
        "enforceSignatureCheck": False,
        "runAs32Bit": False,
    }


APPS: dict[str, Sample] = {
    "mobileApps": app,
    "mobileAppCategories": app_category,
    "mobileAppConfigurations": device_app_configuration,
    "targetedManagedAppConfigurations": app_configuration,
    "androidManagedAppProtections": _protection("android"),
    "iosManagedAppProtections": _protection("ios"),
    "windowsManagedAppProtections": _protection("windows"),
    "windowsInformationProtectionPolicies": information_protection,
    "mdmWindowsInformationProtectionPolicies": information_protection,
    "iosLobAppProvisioningConfigurations": provisioning,
    "wdacSupplementalPolicies": supplemental,
    "vppTokens": vpp_token,
    "policySets": policy_set,
    "deviceManagementScripts": powershell,
    "deviceShellScripts": shell,
    "deviceCustomAttributeShellScripts": attribute,
    "deviceHealthScripts": remediation,
    "deviceComplianceScripts": compliance_script,
}
