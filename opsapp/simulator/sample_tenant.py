"""Made-up enrolment, roles, notifications, branding and Conditional Access."""

from opsapp.simulator.sample_maker import Content, Sample, SampleMaker
from opsapp.simulator.state import stable_id

_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)
_ENROLLMENT = (
    ("windows10EnrollmentCompletionPageConfiguration", {"showInstallationProgress": True}),
    ("deviceEnrollmentLimitConfiguration", {"limit": 5}),
    ("deviceEnrollmentPlatformRestrictionConfiguration", {"platformType": "ios"}),
)


def enrollment(make: SampleMaker, number: int) -> Content:
    kind, members = _ENROLLMENT[number % len(_ENROLLMENT)]
    content: Content = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": make.title("Enrolment", number),
        "description": make.sentence(5),
        **members,
    }
    if "platformType" in members:
        content["platformRestriction"] = {
            "platformBlocked": False,
            "personalDeviceEnrollmentBlocked": True,
            "osMinimumVersion": "16.0",
            "osMaximumVersion": None,
            "blockedManufacturers": [],
            "blockedSkus": [],
        }
    return content


def autopilot(make: SampleMaker, number: int) -> Content:
    experience = {
        "privacySettingsHidden": True,
        "eulaHidden": True,
        "userType": "standard",
        "deviceUsageType": "singleUser",
        "keyboardSelectionPageHidden": True,
        "escapeLinkHidden": True,
    }
    return {
        "@odata.type": "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile",
        "displayName": make.title("Autopilot", number).replace("-", " "),
        "description": make.sentence(5),
        "locale": "os-default",
        "deviceType": "windowsPc",
        "deviceNameTemplate": "PC%RAND:5%",
        "preprovisioningAllowed": True,
        "hardwareHashExtractionEnabled": False,
        "outOfBoxExperienceSetting": experience,
        "managementServiceAppId": None,
    }


def apple_user(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("iOS", number),
        "description": make.sentence(5),
        "platform": "iOS",
        "defaultEnrollmentType": "user",
        "availableEnrollmentTypeOptions": [],
        "priority": number + 1,
    }


def android_owner(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Android", number),
        "description": make.sentence(5),
        "enrollmentMode": "corporateOwnedDedicatedDevice",
        "enrollmentTokenType": "default",
        "tokenValue": f"TOKEN{number:05}",
        "tokenExpirationDateTime": "2027-02-01T00:00:00Z",
        "tokenCreationDateTime": "2026-11-03T00:00:00Z",
        "configureWifi": False,
        "wifiSsid": "",
        "wifiPassword": None,
        "wifiSecurityType": "none",
        "wifiHidden": False,
        "isTeamsDeviceProfile": False,
    }


def android_work(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Android", number),
        "description": make.sentence(5),
        "tokenValue": f"WORK{number:05}",
        "tokenExpirationDateTime": "2027-02-01T00:00:00Z",
        "qrCodeContent": "",
        "qrCodeImage": None,
    }


def enrollment_token(make: SampleMaker, number: int) -> Content:
    profile: Content = {
        "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile",
        "displayName": make.title("iPad", number),
        "description": make.sentence(5),
        "requiresUserAuthentication": True,
        "configurationEndpointUrl": "",
        "enableAuthenticationViaCompanyPortal": False,
        "requireCompanyPortalOnSetupAssistantEnrolledDevices": False,
        "supervisedModeEnabled": True,
        "isDefault": False,
        "isMandatory": True,
        "enabledSkipKeys": ["Siri", "Payment"],
    }
    return {
        "tokenName": make.title("Apple", number),
        "appleIdentifier": f"ade{number}@{make.tenant.slug}.example",
        "tokenExpirationDateTime": "2027-04-01T00:00:00Z",
        "lastSuccessfulSyncDateTime": "2026-11-01T02:00:00Z",
        "lastSyncTriggeredDateTime": "2026-11-01T02:00:00Z",
        "lastSyncErrorCode": 0,
        "tokenType": "dep",
        "syncedDeviceCount": 40 + number,
        "dataSharingConsentGranted": True,
        "enrollmentProfiles": [profile],
    }


def role(make: SampleMaker, number: int) -> Content:
    permissions = [
        {
            "resourceActions": [
                {
                    "allowedResourceActions": [
                        "Microsoft.Intune_DeviceConfigurations_Read",
                        "Microsoft.Intune_MobileApps_Read",
                    ],
                    "notAllowedResourceActions": [],
                }
            ]
        }
    ]
    return {
        "@odata.type": "#microsoft.graph.deviceAndAppManagementRoleDefinition",
        "displayName": make.title("Role", number),
        "description": make.sentence(6),
        "isBuiltIn": False,
        "isBuiltInRoleDefinition": False,
        "permissions": permissions,
        "rolePermissions": permissions,
    }


def role_assignment(make: SampleMaker, number: int) -> Content:
    scopes = make.groups(2)
    roles = make.some("roleDefinitions")
    content: Content = {
        "displayName": make.title("Role", number),
        "description": make.sentence(6),
        "members": make.groups(1),
        "scopeMembers": scopes,
        "resourceScopes": scopes,
        "scopeType": "resourceScope",
    }
    if roles:
        content["roleDefinition@odata.bind"] = f"roleDefinitions('{roles[0]}')"
    return content


def notification(make: SampleMaker, number: int) -> Content:
    messages = [
        {
            "locale": locale,
            "subject": make.sentence(4),
            "messageTemplate": make.sentence(30),
            "isDefault": locale == "en-us",
        }
        for locale in ("en-us", "de-de")
    ]
    return {
        "displayName": make.title("Mail", number),
        "brandingOptions": "includeCompanyLogo",
        "localizedNotificationMessages": messages,
    }


def scope_tag(make: SampleMaker, number: int) -> Content:
    return {"displayName": make.title("Tag", number), "description": make.sentence(4)}


def assignment_filter(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Filter", number),
        "description": make.sentence(4),
        "platform": "windows10AndLater",
        "rule": f'(device.deviceName -startsWith "PC{number:04}")',
    }


def category(make: SampleMaker, number: int) -> Content:
    return {"displayName": make.title("Category", number), "description": make.sentence(4)}


def terms(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Terms", number),
        "description": make.sentence(4),
        "title": make.sentence(3),
        "bodyText": make.sentence(60),
        "acceptanceStatement": make.sentence(6),
    }


def branding(make: SampleMaker, number: int) -> Content:
    image = {"type": "image/png", "value": _PNG}
    return {
        "profileName": make.title("Portal", number),
        "profileDescription": make.sentence(4),
        "displayName": make.tenant.name,
        "themeColor": {"r": 0, "g": 90 + number % 100, "b": 158},
        "showLogo": True,
        "contactITName": "Service desk",
        "contactITEmailAddress": f"help@{make.tenant.slug}.example",
        "contactITPhoneNumber": "+49 30 000000",
        "privacyUrl": "https://intranet.example/privacy",
        "companyPortalBlockedActions": [],
        "themeColorLogo": image,
        "lightBackgroundLogo": image,
        "landingPageCustomizedImage": None,
    }


def access_policy(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Access", number),
        "state": "enabledForReportingButNotEnforced",
        "templateId": None,
        "partialEnablementStrategy": None,
        "sessionControls": None,
        "conditions": {
            "clientAppTypes": ["all"],
            "userRiskLevels": [],
            "signInRiskLevels": [],
            "platforms": None,
            "locations": None,
            "applications": {"includeApplications": ["All"], "excludeApplications": []},
            "users": {"includeUsers": [], "includeGroups": make.groups(2), "excludeGroups": []},
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": ["mfa"],
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": None,
        },
    }


def location(make: SampleMaker, number: int) -> Content:
    kind = "#microsoft.graph.iPv4CidrRange"
    return {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "displayName": make.title("Site", number),
        "isTrusted": False,
        "ipRanges": [{"@odata.type": kind, "cidrAddress": f"203.0.113.{number % 250}/32"}],
    }


def strength(make: SampleMaker, number: int) -> Content:
    return {
        "displayName": make.title("Strength", number),
        "description": make.sentence(4),
        "policyType": "custom",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": ["fido2", "windowsHelloForBusiness"],
        "combinationConfigurations": [],
    }


def access_context(make: SampleMaker, number: int) -> Content:
    return {
        "id": f"c{1 + number % 99}",
        "displayName": make.title("Context", number),
        "description": make.sentence(4),
        "isAvailable": True,
    }


def agreement(make: SampleMaker, number: int) -> Content:
    identity = stable_id(make.tenant.id, "agreement", str(number))
    file = {
        "id": stable_id(identity, "file"),
        "fileName": "terms.pdf",
        "displayName": "Terms",
        "language": "en",
        "isDefault": True,
        "isMajorVersion": False,
        "createdDateTime": "2026-01-10T09:00:00Z",
        "fileData": {"data": make.base64("%PDF-1.4 sample")},
    }
    return {
        "displayName": make.title("Terms of use", number),
        "isViewingBeforeAcceptanceRequired": True,
        "isPerDeviceAcceptanceRequired": False,
        "userReacceptRequiredFrequency": "P90D",
        "termsExpiration": None,
        "files": [file],
    }


def partner(_: SampleMaker, number: int) -> Content:
    return {
        "displayName": f"Sample partner {number}",
        "isConfigured": False,
        "partnerState": "unknown",
        "lastHeartbeatDateTime": "0001-01-01T00:00:00Z",
    }


def remote_assistance(_: SampleMaker, number: int) -> Content:
    return {
        "displayName": f"Sample remote help {number}",
        "onboardingUrl": "https://help.example/start",
        "onboardingStatus": "notOnboarded",
        "lastConnectionDateTime": "0001-01-01T00:00:00Z",
    }


TENANT: dict[str, Sample] = {
    "deviceEnrollmentConfigurations": enrollment,
    "windowsAutopilotDeploymentProfiles": autopilot,
    "appleUserInitiatedEnrollmentProfiles": apple_user,
    "androidDeviceOwnerEnrollmentProfiles": android_owner,
    "androidForWorkEnrollmentProfiles": android_work,
    "depOnboardingSettings": enrollment_token,
    "roleScopeTags": scope_tag,
    "assignmentFilters": assignment_filter,
    "roleDefinitions": role,
    "roleAssignments": role_assignment,
    "notificationMessageTemplates": notification,
    "deviceCategories": category,
    "termsAndConditions": terms,
    "intuneBrandingProfiles": branding,
    "conditionalAccessPolicies": access_policy,
    "namedLocations": location,
    "authenticationStrengthPolicies": strength,
    "authenticationContextClassReferences": access_context,
    "agreements": agreement,
    "deviceManagementPartners": partner,
    "complianceManagementPartners": partner,
    "remoteAssistancePartners": remote_assistance,
}
