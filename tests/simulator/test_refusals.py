"""What the service refuses in a body: one test a rule, with the status it really gives."""

import pytest

from tests.simulator.written_bodies import (
    ACCESS,
    AUTOPILOT,
    BLOCK,
    CA,
    CATALOG,
    COMPLIANCE,
    DAM,
    DM,
    ESP,
    IOS_APP,
    NOBODY,
    PROFILE,
    ROLE,
    SCRIPT,
    SETTING,
    make,
    post,
)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{DM}/deviceConfigurations", PROFILE | {"id": "mine"}),
        (f"{DM}/deviceConfigurations", PROFILE | {"createdDateTime": "2024-01-01T00:00:00Z"}),
        (f"{DM}/deviceConfigurations", PROFILE | {"version": 3}),
        (f"{DM}/deviceConfigurations", PROFILE | {"supportsScopeTags": True}),
        (f"{DM}/deviceConfigurations", PROFILE | {"assignments": []}),
        (f"{DM}/deviceConfigurations", PROFILE | {"#microsoft.graph.assign": {}}),
        (f"{DM}/deviceConfigurations", PROFILE | {"assignments@odata.context": "x"}),
        (f"{DM}/configurationPolicies", CATALOG | {"settingCount": 1}),
        (f"{DM}/configurationPolicies", CATALOG | {"isAssigned": False}),
        (f"{DM}/configurationPolicies", CATALOG | {"creationSource": None}),
        (f"{DM}/windowsAutopilotDeploymentProfiles", AUTOPILOT | {"language": "de"}),
        (f"{DM}/deviceEnrollmentConfigurations", ESP | {"priority": 3}),
        (f"{DM}/roleDefinitions", ROLE | {"isBuiltIn": True}),
        (f"{DM}/notificationMessageTemplates", {"displayName": "N", "defaultLocale": "en-us"}),
        (f"{DAM}/mobileApps", IOS_APP | {"publishingState": "published"}),
        (f"{DAM}/policySets", {"displayName": "S", "status": "success"}),
        (f"{CA}/policies", ACCESS | {"createdDateTime": "2024-01-01T00:00:00Z"}),
    ],
)
def test_what_the_service_owns_is_refused_in_a_body(caller, path, body):
    post(caller, path, body, 400)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{DM}/deviceConfigurations", {"displayName": "P"}),
        (f"{DM}/deviceConfigurations", PROFILE | {"@odata.type": "#microsoft.graph.noSuch"}),
        (f"{DM}/deviceCompliancePolicies", PROFILE),
        (f"{DAM}/mobileApps", {"displayName": "P"}),
        (f"{DAM}/mobileApps", IOS_APP | {"@odata.type": "#microsoft.graph.androidStoreApp"}),
        (f"{DM}/windowsAutopilotDeploymentProfiles", {"displayName": "P"}),
        (f"{DAM}/iosManagedAppProtections", {"displayName": "P"}),
        (f"{CA}/namedLocations", {"displayName": "P"}),
    ],
)
def test_a_type_is_needed_and_must_be_known(caller, path, body):
    post(caller, path, body, 400)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{DM}/configurationPolicies", {"name": "P"}),
        (f"{DM}/deviceConfigurations", {"@odata.type": PROFILE["@odata.type"]}),
        (f"{DM}/deviceManagementScripts", {"displayName": "S"}),
        (f"{DM}/termsAndConditions", {"displayName": "T", "title": "T", "bodyText": "B"}),
        (f"{DM}/assignmentFilters", {"displayName": "F"}),
        (f"{DM}/groupPolicyUploadedDefinitionFiles", {"fileName": "a.admx"}),
        (f"{CA}/policies", {"displayName": "A"}),
    ],
)
def test_members_that_are_required(caller, path, body):
    post(caller, path, body, 400)


def test_names_have_a_length(caller):
    post(caller, f"{DM}/roleDefinitions", ROLE | {"displayName": "x" * 129}, 400)
    post(caller, f"{DM}/roleDefinitions", ROLE | {"description": "x" * 1025}, 400)
    post(caller, f"{DM}/deviceConfigurations", PROFILE | {"displayName": "x" * 257}, 400)
    post(
        caller, f"{DM}/windowsAutopilotDeploymentProfiles", AUTOPILOT | {"displayName": "a-b"}, 400
    )


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("deviceManagementScripts", "scriptContent"),
        ("deviceShellScripts", "scriptContent"),
        ("deviceHealthScripts", "detectionScriptContent"),
        ("deviceComplianceScripts", "detectionScriptContent"),
    ],
)
def test_script_content_is_base64(caller, name, member):
    post(caller, f"{DM}/{name}", {"displayName": "S", member: "echo hello"}, 400)
    path = make(caller, f"{DM}/{name}", {"displayName": "S", member: SCRIPT})
    assert caller.call("PATCH", path, json={member: "echo hello"}).status_code == 400
    assert caller.call("PATCH", path, json={member: SCRIPT}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{DM}/configurationPolicies", CATALOG | {"templateReference": {"templateId": "no_1"}}),
        (f"{DM}/configurationPolicies", CATALOG | {"roleScopeTagIds": ["77"]}),
        (
            f"{DM}/assignmentFilters",
            {"displayName": "F", "platform": "iOS", "rule": "r", "roleScopeTags": ["7"]},
        ),
        (
            f"{DM}/deviceCompliancePolicies",
            COMPLIANCE | {"deviceCompliancePolicyScript": {"deviceComplianceScriptId": NOBODY}},
        ),
        (
            f"{DM}/deviceConfigurations",
            PROFILE | {"rootCertificate@odata.bind": f"deviceConfigurations('{NOBODY}')"},
        ),
        (f"{DM}/deviceEnrollmentConfigurations", ESP | {"selectedMobileAppIds": [NOBODY]}),
        (
            f"{DAM}/mobileAppConfigurations",
            {
                "@odata.type": "#microsoft.graph.iosMobileAppConfiguration",
                "displayName": "C",
                "targetedMobileApps": [NOBODY],
            },
        ),
        (
            f"{DAM}/policySets",
            {
                "displayName": "S",
                "items": [
                    {"@odata.type": "#microsoft.graph.mobileAppPolicySetItem", "payloadId": NOBODY}
                ],
            },
        ),
        (
            f"{DM}/roleAssignments",
            {
                "displayName": "R",
                "members": [NOBODY],
                "roleDefinition@odata.bind": f"roleDefinitions('{NOBODY}')",
            },
        ),
        (f"{CA}/policies", ACCESS | {"conditions": {"users": {"includeGroups": [NOBODY]}}}),
        (f"{CA}/policies", ACCESS | {"conditions": {"locations": {"includeLocations": [NOBODY]}}}),
        (f"{CA}/policies", ACCESS | {"grantControls": {"authenticationStrength": {"id": NOBODY}}}),
    ],
)
def test_references_must_exist(caller, path, body):
    post(caller, path, body, 400)


def test_a_reusable_setting_named_in_a_policy_must_exist(caller):
    value = {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationReferenceSettingValue",
        "value": NOBODY,
    }
    instance = SETTING["settingInstance"] | {"simpleSettingValue": value}
    setting = SETTING | {"settingInstance": instance}
    post(caller, f"{DM}/configurationPolicies", CATALOG | {"settings": [setting]}, 400)
    body = {"displayName": "R", "settingDefinitionId": "d", "settingInstance": {"a": 1}}
    path = make(caller, f"{DM}/reusablePolicySettings", body)
    value["value"] = path.rsplit("/", 1)[1]
    post(caller, f"{DM}/configurationPolicies", CATALOG | {"settings": [setting]}, 201)


def test_compliance_needs_a_block_action(caller):
    path = f"{DM}/deviceCompliancePolicies"
    mail = {"actionType": "notification", "gracePeriodHours": 0}
    rule = BLOCK | {"scheduledActionConfigurations": [mail]}
    post(caller, path, COMPLIANCE | {"scheduledActionsForRule": []}, 400)
    post(caller, path, COMPLIANCE | {"scheduledActionsForRule": [rule]}, 400)
    own = make(caller, path, COMPLIANCE)
    body = {"scheduledActionsForRule": [BLOCK]}
    assert caller.call("PATCH", own, json=body).status_code == 400
    action = f"{own}/scheduleActionsForRules"
    post(caller, action, {"deviceComplianceScheduledActionForRules": [rule]}, 400)
    unknown = mail | {"notificationTemplateId": NOBODY}
    both = BLOCK["scheduledActionConfigurations"] + [unknown]
    rules = [BLOCK | {"scheduledActionConfigurations": both}]
    post(caller, action, {"deviceComplianceScheduledActionForRules": rules}, 400)
    post(caller, action, {"deviceComplianceScheduledActionForRules": [BLOCK]}, 200)


@pytest.mark.parametrize(
    ("path", "body", "method", "change", "status"),
    [
        (f"{DM}/deviceConfigurations", PROFILE, "PUT", PROFILE, 405),
        (f"{DM}/deviceConfigurations", PROFILE, "PATCH", {"assignments": []}, 400),
        (f"{DM}/deviceConfigurations", PROFILE, "PATCH", {"version": 4}, 400),
        (
            f"{DM}/deviceConfigurations",
            PROFILE,
            "PATCH",
            {"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration"},
            400,
        ),
        (f"{DM}/configurationPolicies", CATALOG, "PATCH", {"settings": []}, 400),
        (f"{DM}/configurationPolicies", CATALOG, "PATCH", {"platforms": "macOS"}, 400),
        (f"{DM}/configurationPolicies", CATALOG, "PUT", {"name": "Q"}, 400),
        (f"{DM}/configurationPolicies", CATALOG, "PUT", CATALOG, 204),
        (
            f"{DM}/assignmentFilters",
            {"displayName": "F", "platform": "iOS", "rule": "r"},
            "PATCH",
            {"platform": "macOS"},
            400,
        ),
        (
            f"{DM}/deviceHealthScripts",
            {"displayName": "S", "detectionScriptContent": SCRIPT},
            "PATCH",
            {"deviceHealthScriptType": "deviceHealthScript"},
            400,
        ),
        (
            f"{DM}/deviceCustomAttributeShellScripts",
            {"displayName": "S", "customAttributeName": "n", "scriptContent": SCRIPT},
            "PATCH",
            {"customAttributeName": "m"},
            400,
        ),
        (f"{DAM}/mobileApps", IOS_APP, "PATCH", {"categories": []}, 400),
        (
            f"{DAM}/mobileApps",
            {"@odata.type": "#microsoft.graph.webApp", "displayName": "W", "appUrl": "https://a"},
            "PATCH",
            {"appUrl": "https://b"},
            400,
        ),
        (
            f"{DM}/windowsDriverUpdateProfiles",
            {"displayName": "D", "approvalType": "manual"},
            "PATCH",
            {"approvalType": "automatic"},
            400,
        ),
        (
            f"{DM}/reusablePolicySettings",
            {"displayName": "R", "settingDefinitionId": "d", "settingInstance": {"a": 1}},
            "PATCH",
            {"displayName": "Q"},
            405,
        ),
    ],
)
def test_changes_follow_the_rules_of_the_type(caller, path, body, method, change, status):
    own = make(caller, path, body)
    answer = caller.call(method, own, json=change)
    assert answer.status_code == status, answer.text
