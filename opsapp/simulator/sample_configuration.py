"""Made-up device configuration: one function a collection."""

from typing import Any

from opsapp.simulator.sample_maker import Content, Sample, SampleMaker
from opsapp.simulator.state import stable_id

_INSTANCE = "#microsoft.graph.deviceManagementConfiguration"
_PROFILES = (
    ("Windows", "windows10GeneralConfiguration"),
    ("Windows", "windows10CustomConfiguration"),
    ("Windows", "windowsUpdateForBusinessConfiguration"),
    ("iOS", "iosGeneralDeviceConfiguration"),
    ("iOS", "iosUpdateConfiguration"),
    ("macOS", "macOSGeneralDeviceConfiguration"),
    ("macOS", "macOSSoftwareUpdateConfiguration"),
    ("Android", "androidDeviceOwnerGeneralDeviceConfiguration"),
    ("Android", "androidWorkProfileGeneralDeviceConfiguration"),
)
_COMPLIANCE = (
    ("Windows", "windows10CompliancePolicy"),
    ("iOS", "iosCompliancePolicy"),
    ("macOS", "macOSCompliancePolicy"),
    ("Android", "androidDeviceOwnerCompliancePolicy"),
)
_FIRST_DEFINITION = 40


def choice(identity: str, option: int) -> Content:
    """A setting chosen from a list."""
    return {
        "settingInstance": {
            "@odata.type": f"{_INSTANCE}ChoiceSettingInstance",
            "settingDefinitionId": identity,
            "settingInstanceTemplateReference": None,
            "choiceSettingValue": {
                "settingValueTemplateReference": None,
                "value": f"{identity}_{option}",
                "children": [],
            },
        }
    }


def simple(identity: str, value: Any) -> Content:
    """A setting with a number or a text."""
    kind = "IntegerSettingValue" if isinstance(value, int) else "StringSettingValue"
    return {
        "settingInstance": {
            "@odata.type": f"{_INSTANCE}SimpleSettingInstance",
            "settingDefinitionId": identity,
            "settingInstanceTemplateReference": None,
            "simpleSettingValue": {
                "@odata.type": _INSTANCE + kind,
                "settingValueTemplateReference": None,
                "value": value,
            },
        }
    }


def _settings(make: SampleMaker, count: int) -> list[Content]:
    rows = []
    for at in make.random.sample(range(400), count):
        identity = f"device_vendor_example_policy_config_area{at % 20}_setting{at}"
        if at % 3:
            rows.append(choice(identity, at % 2))
        else:
            rows.append(simple(identity, at if at % 2 else make.sentence(4)))
    return rows


def settings_catalog(make: SampleMaker, number: int) -> Content:
    platform, technology = (("windows10", "mdm"), ("macOS", "mdm,appleRemoteManagement"))[
        number % 2
    ]
    return {
        "name": make.title("Windows" if number % 2 == 0 else "macOS", number),
        "description": make.sentence(10),
        "platforms": platform,
        "technologies": technology,
        "settings": _settings(make, make.random.choice((4, 8, 12, 20, 35, 60))),
    }


def _oma(make: SampleMaker, number: int) -> list[Content]:
    return [
        {
            "@odata.type": "#microsoft.graph.omaSettingInteger",
            "displayName": f"Option {at}",
            "description": make.sentence(5),
            "omaUri": f"./Device/Vendor/Example/Policy/Config/Area{number % 9}/Option{at}",
            "secretReferenceValueId": None,
            "isEncrypted": False,
            "value": at,
            "isReadOnly": False,
        }
        for at in range(6)
    ]


def device_configuration(make: SampleMaker, number: int) -> Content:
    platform, kind = _PROFILES[number % len(_PROFILES)]
    content: Content = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": make.title(platform, number),
        "description": make.sentence(12),
    }
    if kind == "windows10CustomConfiguration":
        return content | {"omaSettings": _oma(make, number)}
    if kind == "iosUpdateConfiguration":
        days = ["monday", "wednesday"]
        return content | {
            "updateScheduleType": "updateOutsideOfActiveHours",
            "scheduledInstallDays": days,
        }
    if kind == "macOSSoftwareUpdateConfiguration":
        return content | {
            "criticalUpdateBehavior": "installASAP",
            "updateScheduleType": "alwaysUpdate",
        }
    if kind == "windowsUpdateForBusinessConfiguration":
        return content | {
            "automaticUpdateMode": "autoInstallAtMaintenanceTime",
            "qualityUpdatesDeferralPeriodInDays": number % 15,
            "featureUpdatesDeferralPeriodInDays": number % 30,
            "microsoftUpdateServiceAllowed": True,
            "driversExcluded": number % 2 == 0,
        }
    blocks = ("cameraBlocked", "passwordBlockSimple", "screenCaptureBlocked", "bluetoothBlocked")
    return (
        content
        | {name: make.random.choice((True, False)) for name in blocks}
        | {
            "passwordRequired": True,
            "passwordMinimumLength": 6 + number % 9,
            "passwordExpirationDays": 90,
        }
    )


def compliance(make: SampleMaker, number: int) -> Content:
    platform, kind = _COMPLIANCE[number % len(_COMPLIANCE)]
    block: Content = {"actionType": "block", "gracePeriodHours": 24 * (number % 4)}
    rule = {"ruleName": "PasswordRequired", "scheduledActionConfigurations": [block]}
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": make.title(platform, number),
        "description": make.sentence(8),
        "passwordRequired": True,
        "passwordMinimumLength": 6 + number % 6,
        "osMinimumVersion": f"1{number % 5}.0",
        "scheduledActionsForRule": [rule],
    }


def compliance_v2(make: SampleMaker, number: int) -> Content:
    block = {"actionType": "block", "gracePeriodHours": 0}
    rule = {"ruleName": "PasswordRequired", "scheduledActionConfigurations": [block]}
    return {
        "name": make.title("Linux", number),
        "description": make.sentence(8),
        "platforms": "linux",
        "technologies": "linuxMdm",
        "settings": [
            choice("linux_passwordpolicy_required", 1),
            simple("linux_password_length", 12),
        ],
        "scheduledActionsForRule": [rule],
    }


def _definition(at: int) -> Content:
    return {
        "id": stable_id("groupPolicyDefinitions", str(at)),
        "classType": "machine" if at % 2 else "user",
        "displayName": f"Allow option {at} of the sample browser",
        "explainText": f"This setting decides on option {at}. Without it people choose.",
        "categoryPath": f"\\Sample Browser\\Area {at % 7}",
        "supportedOn": "Windows 10 or later",
        "policyType": "admxBacked",
        "hasRelatedDefinitions": False,
        "groupPolicyCategoryId": stable_id("groupPolicyCategories", str(at % 7)),
        "minDeviceCspVersion": "5.0",
        "minUserCspVersion": "5.0",
        "version": "1.0",
        "lastModifiedDateTime": "2023-05-09T10:00:00Z",
    }


def admin_template(make: SampleMaker, number: int) -> Content:
    values = []
    for at in make.random.sample(range(_FIRST_DEFINITION, 300), 4 + number % 12):
        definition = _definition(at)
        presentation = {
            "@odata.type": "#microsoft.graph.groupPolicyPresentationTextBox",
            "id": stable_id(definition["id"], "presentation"),
            "label": f"Value of option {at}",
            "lastModifiedDateTime": "2023-05-09T10:00:00Z",
            "maxLength": 255,
            "required": True,
            "defaultValue": "",
        }
        value = {
            "@odata.type": "#microsoft.graph.groupPolicyPresentationValueText",
            "value": f"text {at}",
            "presentation": presentation,
        }
        row = {"enabled": at % 4 != 0, "configurationType": "policy", "definition": definition}
        values.append(row | {"presentationValues": [value] if at % 2 else []})
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(6),
        "policyConfigurationIngestionType": "builtIn",
        "definitionValues": values,
    }


def admx_file(make: SampleMaker, number: int) -> Content:
    return {
        "fileName": f"sample{number}.admx",
        "displayName": f"Sample application {number}",
        "description": make.sentence(5),
        "languageCodes": ["en-US"],
        "defaultLanguageCode": "en-US",
        "targetPrefix": f"sample{number}",
        "targetNamespace": f"Sample.Policies.App{number}",
        "policyType": "admxIngested",
        "revision": "1.0",
        "status": "available",
        "content": None,
        "uploadDateTime": "2025-06-02T09:00:00Z",
        "groupPolicyUploadedLanguageFiles": [
            {
                "id": f"sample{number}.adml",
                "fileName": f"sample{number}.adml",
                "languageCode": "en-US",
            }
        ],
        "definitions": [
            {
                "id": stable_id(make.tenant.id, "uploaded", str(number), str(at)),
                "classType": "machine",
                "displayName": f"Sample option {at}",
                "categoryPath": "\\Sample application",
                "policyType": "admxIngested",
            }
            for at in range(3)
        ],
    }


def intent(make: SampleMaker, number: int) -> Content:
    kinds = (("Boolean", "true"), ("Integer", str(number % 30)), ("String", '"userDefined"'))
    settings = [
        {
            "@odata.type": f"#microsoft.graph.deviceManagement{kind}SettingInstance",
            "definitionId": f"deviceConfiguration--{area}Configuration_option{at}",
            "valueJson": value,
        }
        for at in range(8)
        for area in ("windows10EndpointProtection", "windows10General")
        for kind, value in [kinds[at % len(kinds)]]
    ]
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(7),
        "templateId": stable_id("templates", str(number % 3)),
        "settings": settings,
    }


def reusable(make: SampleMaker, number: int) -> Content:
    identity = "vendor_msft_firewall_mdmstore_dynamickeywords_addresses_{id}"
    return {
        "displayName": make.title("Addresses", number),
        "description": make.sentence(5),
        "settingDefinitionId": identity,
        "settingInstance": simple(identity, f"10.{number % 200}.0.0/16")["settingInstance"],
    }


def feature_update(make: SampleMaker, number: int) -> Content:
    version = f"Windows 11, version 2{3 + number % 3}H2"
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(5),
        "featureUpdateVersion": version,
        "deployableContentDisplayName": version,
        "endOfSupportDate": "2027-10-12T00:00:00Z",
        "installLatestWindows10OnWindows11IneligibleDevice": False,
        "rolloutSettings": {
            "offerStartDateTimeInUTC": None,
            "offerEndDateTimeInUTC": None,
            "offerIntervalInDays": None,
        },
    }


def quality_update(make: SampleMaker, number: int) -> Content:
    release = f"2026-{1 + number % 9:02}-10T00:00:00Z"
    settings = {"qualityUpdateRelease": release, "daysUntilForcedReboot": number % 3}
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(5),
        "expeditedUpdateSettings": settings,
        "releaseDateDisplayName": f"{release[:10]} B security updates",
        "deployableContentDisplayName": f"{release[:10]} quality updates",
    }


def quality_policy(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(5),
        "hotpatchEnabled": number % 2 == 0,
        "approvalSettings": [],
    }


def driver_update(make: SampleMaker, number: int) -> Content:
    automatic = number % 2 == 0
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(5),
        "approvalType": "automatic" if automatic else "manual",
        "deploymentDeferralInDays": number % 14 if automatic else None,
        "newUpdates": 0,
        "deviceReporting": 0,
        "inventorySyncStatus": None,
    }


def hardware(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Windows", number),
        "description": make.sentence(5),
        "fileName": f"bios-{number}.cctk",
        "configurationFileContent": make.base64(f"[cctk]\nWakeOnLan=Disabled\nRound={number}\n"),
        "hardwareConfigurationFormat": "dell",
        "perDevicePasswordDisabled": False,
    }


def cleanup(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("All", number),
        "description": make.sentence(5),
        "deviceCleanupRulePlatformType": ("all", "windows", "ios", "macOS")[number % 4],
        "deviceInactivityBeforeRetirementInDays": 90 + number % 180,
    }


def approval(make: SampleMaker, number: int) -> Content:
    kinds = ("app", "script", "deviceAction", "role")
    return {
        "displayName": make.title("All", number),
        "description": make.sentence(5),
        "policyType": kinds[number % len(kinds)],
        "policyPlatform": "notApplicable",
        "policySet": {"policyType": kinds[number % len(kinds)], "policyPlatform": "notApplicable"},
        "approverGroupIds": make.groups(),
    }


CONFIGURATION: dict[str, Sample] = {
    "configurationPolicies": settings_catalog,
    "deviceConfigurations": device_configuration,
    "deviceCompliancePolicies": compliance,
    "compliancePolicies": compliance_v2,
    "groupPolicyConfigurations": admin_template,
    "groupPolicyUploadedDefinitionFiles": admx_file,
    "intents": intent,
    "reusablePolicySettings": reusable,
    "windowsFeatureUpdateProfiles": feature_update,
    "windowsQualityUpdateProfiles": quality_update,
    "windowsQualityUpdatePolicies": quality_policy,
    "windowsDriverUpdateProfiles": driver_update,
    "hardwareConfigurations": hardware,
    "managedDeviceCleanupRules": cleanup,
    "operationApprovalPolicies": approval,
}
