"""Bodies the service takes, and short ways to send them."""

import base64

DM = "deviceManagement"
DAM = "deviceAppManagement"
CA = "identity/conditionalAccess"
NOBODY = "00000000-1111-2222-3333-444444444444"
SCRIPT = base64.b64encode(b"echo hello\n").decode()
BLOCK = {
    "ruleName": "PasswordRequired",
    "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}],
}
SETTING = {
    "@odata.type": "#microsoft.graph.deviceManagementConfigurationSetting",
    "settingInstance": {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance",
        "settingDefinitionId": "device_vendor_example_a",
        "simpleSettingValue": {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationStringSettingValue",
            "value": "x",
        },
    },
}
CATALOG = {
    "name": "P",
    "platforms": "windows10",
    "technologies": "mdm",
    "settings": [SETTING],
}
PROFILE = {
    "@odata.type": "#microsoft.graph.windows10GeneralConfiguration",
    "displayName": "Profile",
}
COMPLIANCE = {
    "@odata.type": "#microsoft.graph.windows10CompliancePolicy",
    "displayName": "C",
    "scheduledActionsForRule": [BLOCK],
}
IOS_APP = {"@odata.type": "#microsoft.graph.iosStoreApp", "displayName": "App"}
AUTOPILOT = {
    "@odata.type": "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile",
    "displayName": "Autopilot",
}
ESP = {
    "@odata.type": "#microsoft.graph.windows10EnrollmentCompletionPageConfiguration",
    "displayName": "ESP",
}
ACCESS = {
    "displayName": "A",
    "state": "disabled",
    "conditions": {"users": {"includeUsers": ["All"]}},
}
ROLE = {
    "@odata.type": "#microsoft.graph.deviceAndAppManagementRoleDefinition",
    "displayName": "R",
    "rolePermissions": [{"resourceActions": []}],
}
EVERYBODY = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}


def post(caller, path, body, status):
    answer = caller.call("POST", path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else {}


def make(caller, path, body, status=201):
    return f"{path}/{post(caller, path, body, status)['id']}"


def to_group(group, **extra):
    kind = "#microsoft.graph.groupAssignmentTarget"
    return {"target": {"@odata.type": kind, "groupId": group, **extra}}
