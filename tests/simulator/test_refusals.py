"""What the service refuses when written to: one test a rule, with the status it really gives."""

import base64

import pytest

from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.population import SAMPLES
from opsapp.simulator.sample_maker import SampleMaker

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


@pytest.fixture
def group(simulator, tenant):
    return simulator.add_group(tenant.slug, displayName="G")["id"]


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


def test_assignments_that_cannot_be_kept(caller, simulator, tenant, group):
    path = make(caller, f"{DM}/deviceConfigurations", PROFILE)
    rule = {"displayName": "F", "platform": "windows10AndLater", "rule": "r"}
    known = simulator.add_object(tenant.slug, "assignmentFilters", rule)["id"]
    named, mode = (
        "deviceAndAppManagementAssignmentFilterId",
        "deviceAndAppManagementAssignmentFilterType",
    )
    included = to_group(group, **{named: known, mode: "include"})
    out = {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": group}
    for rows in (
        [to_group(NOBODY)],
        [to_group(group), to_group(group)],
        [to_group(group), {"target": out}],
        [{"target": out | {named: known, mode: "include"}}],
        [to_group(group, **{named: NOBODY, mode: "include"})],
        [to_group(group, **{named: known, mode: "none"})],
        [to_group(group, **{mode: "include"})],
        [{"target": {"@odata.type": "#microsoft.graph.somebodyAssignmentTarget"}}],
        [{}],
    ):
        post(caller, f"{path}/assign", {"assignments": rows}, 400)
    post(caller, f"{path}/assign", {"assignments": [included]}, 200)
    (row,) = caller.everything(f"{path}/assignments")
    assert row["target"][named] == known
    post(caller, f"{path}/assign", {"deviceConfigurationAssignments": []}, 400)
    assert len(caller.everything(f"{path}/assignments")) == 1


@pytest.mark.parametrize("key", sorted(COLLECTIONS))
def test_types_without_assignments_have_no_assign(caller, simulator, tenant, key):
    """And the others take their own member only."""
    row = COLLECTIONS[key]
    if row.shared or key not in SAMPLES:
        pytest.skip("not an object of the tenant")
    maker = SampleMaker(_Plain(tenant), 0, "{platform} {area} {topic}")
    item = simulator.add_object(tenant.slug, key, SAMPLES[key](maker, 0))
    own = f"{row.path}/{item['id']}"
    cast = f"/{row.assign_cast}" if row.assign_cast else ""
    members = ("assignments", "deviceManagementScriptAssignments", row.assign_member)
    for member in dict.fromkeys(members):
        fits = row.assignable and row.assign == "assign" and member == row.assign_member
        answer = caller.call("POST", f"{own}{cast}/assign", json={member: []})
        assert answer.status_code == (row.assign_status if fits else 400), answer.text
    if row.assign_cast:
        post(caller, f"{own}/assign", {"assignments": []}, 400)


class _Plain:
    """As much of a tenant as the samples look at, with nothing in it."""

    def __init__(self, tenant):
        self.id, self.slug, self.name, self.groups = tenant.id, tenant.slug, tenant.name, {}

    def collection(self, _):
        return {}


def test_people_only_types_refuse_all_devices(caller):
    kind = {"@odata.type": "#microsoft.graph.iosManagedAppProtection", "displayName": "P"}
    path = make(caller, f"{DAM}/iosManagedAppProtections", kind)
    post(caller, f"{path}/assign", {"assignments": [EVERYBODY]}, 400)


def test_app_assignments_need_an_intent(caller, group):
    path = make(caller, f"{DAM}/mobileApps", IOS_APP)
    post(caller, f"{path}/assign", {"mobileAppAssignments": [to_group(group)]}, 400)
    right = to_group(group) | {"intent": "required"}
    post(caller, f"{path}/assign", {"mobileAppAssignments": [right]}, 200)


def test_default_rows_stay(contoso):
    path = f"{DM}/deviceEnrollmentConfigurations"
    default = next(row for row in contoso.everything(path) if row["priority"] == 0)
    own = f"{path}/{default['id']}"
    assert contoso.call("DELETE", own).status_code == 400
    post(contoso, f"{own}/assign", {"enrollmentConfigurationAssignments": []}, 400)
    post(contoso, f"{own}/setPriority", {"priority": 1}, 400)
    assert contoso.call("DELETE", f"{DM}/roleScopeTags/0").status_code == 400
    assert contoso.call("PATCH", f"{DM}/roleScopeTags/0", json={}).status_code == 400


def test_intents_come_from_templates_only(caller, contoso):
    post(caller, f"{DM}/intents", {"displayName": "I"}, 400)
    template = contoso.everything(f"{DM}/templates")[0]["id"]
    setting = {
        "@odata.type": "#microsoft.graph.deviceManagementBooleanSettingInstance",
        "definitionId": "deviceConfiguration--windows10EndpointProtection_firewall",
        "valueJson": "true",
    }
    body = {"displayName": "I", "description": "", "settingsDelta": [setting]}
    action = f"{DM}/templates/{template}/createInstance"
    post(caller, action, {"description": ""}, 400)
    post(caller, action, body | {"settingsDelta": [{"definitionId": "a"}]}, 400)
    made = post(caller, action, body, 201)
    path = f"{DM}/intents/{made['id']}"
    assert caller.call("PATCH", path, json={"templateId": template}).status_code == 400
    post(caller, f"{path}/updateSettings", {"settings": [setting | {"valueJson": "null"}]}, 204)
    (row,) = caller.everything(f"{path}/settings")
    assert row["valueJson"] == "null"
    post(caller, f"{path}/assign", {"assignments": [EVERYBODY]}, 204)
    post(caller, f"{DM}/templates/{NOBODY}/createInstance", body, 404)


def test_autopilot_is_not_deleted_while_assigned(caller, group):
    path = make(caller, f"{DM}/windowsAutopilotDeploymentProfiles", AUTOPILOT)
    post(caller, f"{path}/assign", {"deviceIds": []}, 400)
    named = to_group(group, deviceAndAppManagementAssignmentFilterId=NOBODY)
    post(caller, f"{path}/assignments", named, 400)
    row = post(caller, f"{path}/assignments", to_group(group), 201)
    post(caller, f"{path}/assignments", to_group(group), 400)
    assert caller.call("DELETE", path).status_code == 400
    assert caller.call("DELETE", f"{path}/assignments/{row['id']}").status_code == 200
    assert caller.call("DELETE", path).status_code == 200


def test_trusted_locations_are_not_deleted(caller):
    body = {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "displayName": "L",
        "isTrusted": True,
        "ipRanges": [],
    }
    path = make(caller, f"{CA}/namedLocations", body)
    assert caller.call("DELETE", path).status_code == 400
    assert caller.call("PATCH", path, json={"isTrusted": False}).status_code == 204
    assert caller.call("DELETE", path).status_code == 204


def test_images_are_not_created(caller):
    image = {"type": "image/png", "value": "eA=="}
    body = {"profileName": "B"}
    post(caller, f"{DM}/intuneBrandingProfiles", body | {"themeColorLogo": image}, 400)
    path = make(caller, f"{DM}/intuneBrandingProfiles", body)
    assert caller.call("PATCH", path, json={"themeColorLogo": image}).status_code == 200
    assert caller.body(f"{path}/themeColorLogo")["value"] == "eA=="


def test_authentication_contexts_have_fixed_ids(caller):
    path = f"{CA}/authenticationContextClassReferences"
    for wrong in ({"displayName": "C"}, {"id": "c100", "displayName": "C"}):
        post(caller, path, wrong, 400)
    post(caller, path, {"id": "c7", "displayName": "C"}, 201)
    post(caller, path, {"id": "c7", "displayName": "C"}, 400)
