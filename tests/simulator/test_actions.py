"""The write actions of single types, and the trace every write leaves."""

import pytest

from opsapp.simulator import population
from tests.simulator.written_bodies import (
    AUTOPILOT,
    BLOCK,
    CA,
    CATALOG,
    DAM,
    DM,
    ESP,
    EVERYBODY,
    IOS_APP,
    NOBODY,
    PROFILE,
    ROLE,
    make,
    post,
    to_group,
)

GRAPH = "https://graph.microsoft.com/beta/deviceManagement"


@pytest.fixture
def group(simulator, tenant):
    return simulator.add_group(tenant.slug, displayName="G")["id"]


def bind(definition, **members):
    return {
        "enabled": True,
        "configurationType": "policy",
        "definition@odata.bind": f"{GRAPH}/groupPolicyDefinitions('{definition}')",
        "presentationValues": [],
    } | members


def test_definition_values_are_added_and_deleted_in_two_calls(caller, contoso):
    definitions = contoso.everything(f"{DM}/groupPolicyDefinitions?$expand=presentations")
    plain = next(row["id"] for row in definitions if not row["presentations"])
    shown = next(row for row in definitions if row["presentations"])
    path = make(caller, f"{DM}/groupPolicyConfigurations", {"displayName": "A"})
    action = f"{path}/updateDefinitionValues"
    post(caller, action, {"added": [bind(plain)]}, 204)
    (first,) = caller.everything(f"{path}/definitionValues")
    post(caller, action, {"added": [bind(plain, enabled=False)]}, 204)
    assert caller.everything(f"{path}/definitionValues") == [first]  # silently left as it was
    post(caller, action, {"added": [bind(NOBODY)]}, 400)
    post(caller, action, {"updated": [bind(plain)]}, 400)
    both = {"added": [bind(shown["id"])], "deletedIds": [first["id"]]}
    post(caller, action, both, 400)
    post(caller, action, {"added": [], "deletedIds": [first["id"]]}, 204)
    assert caller.everything(f"{path}/definitionValues") == []
    presentation = shown["presentations"][0]["id"]
    value = {
        "@odata.type": "#microsoft.graph.groupPolicyPresentationValueText",
        "value": "v",
        "presentation@odata.bind": f"{GRAPH}/x/presentations('{presentation}')",
    }
    row = post(
        caller, f"{path}/definitionValues", bind(shown["id"], presentationValues=[value]), 201
    )
    own = f"{path}/definitionValues/{row['id']}/presentationValues?$expand=presentation"
    (kept,) = caller.everything(own)
    assert (kept["value"], kept["presentation"]["id"]) == ("v", presentation)
    wrong = value | {"presentation@odata.bind": f"{GRAPH}/x/presentations('{NOBODY}')"}
    post(caller, action, {"added": [bind(plain, presentationValues=[wrong])]}, 400)


def test_scheduled_actions_of_linux_compliance_come_by_action_only(caller):
    body = CATALOG | {"platforms": "linux", "technologies": "linuxMdm"}
    path = make(caller, f"{DM}/compliancePolicies", body | {"scheduledActionsForRule": [BLOCK]})
    assert caller.everything(f"{path}/scheduledActionsForRule") == []
    post(caller, f"{path}/setScheduledActions", {"scheduledActions": [BLOCK]}, 200)
    query = "$expand=scheduledActionConfigurations"
    (rule,) = caller.everything(f"{path}/scheduledActionsForRule?{query}")
    assert rule["scheduledActionConfigurations"][0]["actionType"] == "block"
    assert (
        caller.body(f"{path}?{query[:8]}scheduledActionsForRule")["scheduledActionsForRule"] == []
    )


def test_target_apps_replace_the_apps(caller):
    kind = {"@odata.type": "#microsoft.graph.androidManagedAppProtection", "displayName": "P"}
    path = make(caller, f"{DAM}/androidManagedAppProtections", kind)
    identifier = {"@odata.type": "#microsoft.graph.androidMobileAppIdentifier", "packageId": "a.b"}
    apps = [{"mobileAppIdentifier": identifier}]
    post(caller, f"{path}/targetApps", {"apps": apps, "appGroupType": "everything"}, 400)
    post(caller, f"{path}/targetApps", {"appGroupType": "allApps"}, 400)
    post(caller, f"{path}/targetApps", {"apps": apps, "appGroupType": "selectedPublicApps"}, 204)
    full = caller.body(f"{path}?$expand=apps")
    assert [app["mobileAppIdentifier"]["packageId"] for app in full["apps"]] == ["a.b"]
    assert full["deployedAppCount"] == 1


def test_priorities_move_the_others(caller):
    path = f"{DM}/deviceEnrollmentConfigurations"
    made = [make(caller, path, ESP | {"displayName": name}) for name in "ABC"]
    post(caller, f"{made[2]}/setPriority", {"priority": 1}, 200)
    rows = sorted(caller.everything(path), key=lambda row: row["priority"])
    assert [row["displayName"] for row in rows] == ["C", "A", "B"]
    assert [row["priority"] for row in rows] == [1, 2, 3]


def test_notifications_for_enrolment_have_their_own_door(caller):
    template = make(caller, f"{DM}/notificationMessageTemplates", {"displayName": "N"}, 200)
    row = {
        "@odata.type": "#microsoft.graph.deviceEnrollmentNotificationConfiguration",
        "displayName": "Welcome",
        "platformType": "windows",
        "notificationTemplates": [f"Email_{template.rsplit('/', 1)[1]}"],
    }
    path = f"{DM}/deviceEnrollmentConfigurations/createEnrollmentNotificationConfiguration"
    member = "deviceEnrollmentNotificationConfigurations"
    unknown = row | {"notificationTemplates": [f"Email_{NOBODY}"]}
    post(caller, path, {member: [unknown]}, 400)
    post(caller, path, {member: [row]}, 200)
    query = "$filter=deviceEnrollmentConfigurationType eq 'enrollmentNotificationsConfiguration'"
    (found,) = caller.everything(f"{DM}/deviceEnrollmentConfigurations?{query}")
    assert found["notificationTemplates"] == row["notificationTemplates"]


def test_messages_are_written_one_by_one(caller):
    path = make(caller, f"{DM}/notificationMessageTemplates", {"displayName": "N"}, 200)
    message = {"locale": "de-DE", "subject": "S", "messageTemplate": "T", "isDefault": True}
    row = post(caller, f"{path}/localizedNotificationMessages", message, 201)
    post(caller, f"{path}/localizedNotificationMessages", message, 400)
    own = f"{path}/localizedNotificationMessages/{row['id']}"
    assert caller.call("PATCH", own, json={"locale": "fr-fr"}).status_code == 400
    assert caller.call("PATCH", own, json={"subject": "New"}).status_code == 200
    assert caller.body(own)["subject"] == "New"
    assert caller.body(path)["defaultLocale"] == "de-de"
    assert caller.call("DELETE", own).status_code == 200


def test_groups_joined_while_enrolling(caller, simulator, tenant, group):
    path = make(caller, f"{DM}/configurationPolicies", CATALOG)
    target = {"targetType": "staticSecurityGroup", "targetId": group}
    member = "enrollmentTimeDeviceMembershipTargets"
    verb = "EnrollmentTimeDeviceMembershipTarget"
    statuses = "enrollmentTimeDeviceMembershipTargetValidationStatuses"
    post(caller, f"{path}/set{verb}", {member: [target | {"targetId": NOBODY}]}, 400)
    post(caller, f"{path}/set{verb}", {member: [target]}, 200)
    (row,) = post(caller, f"{path}/retrieve{verb}", {}, 200)[statuses]
    assert row["targetId"] == group
    assert "retrieve" not in str(caller.everything(f"{DM}/auditEvents")[0]["displayName"]).lower()
    post(caller, f"{path}/clear{verb}", {}, 204)
    assert post(caller, f"{path}/retrieve{verb}", {}, 200)[statuses] == []
    simulator.set_hidden(
        tenant.slug, "configurationPolicies", path.rsplit("/", 1)[1], membership=[group]
    )
    assert post(caller, f"{path}/retrieve{verb}", {}, 200)[statuses] == [row]


def test_texts_of_custom_settings_are_hidden(caller, simulator, tenant):
    setting = {
        "@odata.type": "#microsoft.graph.omaSettingString",
        "displayName": "Key",
        "omaUri": "./A",
        "value": "open text",
    }
    kind = {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "displayName": "C"}
    path = make(caller, f"{DM}/deviceConfigurations", kind | {"omaSettings": [setting]})
    (row,) = caller.body(path)["omaSettings"]
    assert (row["value"], row["isEncrypted"]) == ("****", True)
    function = (
        f"getOmaSettingPlainTextValue(secretReferenceValueId='{row['secretReferenceValueId']}')"
    )
    assert caller.body(f"{path}/{function}")["value"] == "open text"
    known = {row["secretReferenceValueId"]: "set by the test"}
    simulator.set_hidden(tenant.slug, "deviceConfigurations", path.rsplit("/", 1)[1], secrets=known)
    assert caller.body(f"{path}/{function}")["value"] == "set by the test"


def test_secret_settings_come_back_as_a_token(caller):
    value = {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationSecretSettingValue",
        "value": "hush",
        "valueState": "notEncrypted",
    }
    instance = CATALOG["settings"][0]["settingInstance"] | {"simpleSettingValue": value}
    body = CATALOG | {"settings": [{"settingInstance": instance}]}
    path = make(caller, f"{DM}/configurationPolicies", body)
    (row,) = caller.everything(f"{path}/settings")
    shown = row["settingInstance"]["simpleSettingValue"]
    assert shown["valueState"] == "encryptedValueToken"
    assert "hush" not in str(row)


def test_policy_sets_are_updated_in_one_action(caller, group):
    app = make(caller, f"{DAM}/mobileApps", IOS_APP).rsplit("/", 1)[1]
    item = {"@odata.type": "#microsoft.graph.mobileAppPolicySetItem", "payloadId": app}
    path = make(caller, f"{DAM}/policySets", {"displayName": "S", "items": [item]})
    (row,) = caller.body(f"{path}?$expand=items,assignments")["items"]
    post(caller, f"{path}/assign", {"assignments": []}, 400)
    wrong = {"addedPolicySetItems": [item | {"payloadId": NOBODY}]}
    post(caller, f"{path}/update", wrong, 400)
    body = {"deletedPolicySetItems": [row["id"]], "assignments": [to_group(group)]}
    post(caller, f"{path}/update", body, 204)
    full = caller.body(f"{path}?$expand=items,assignments")
    assert full["items"] == []
    assert full["assignments"][0]["target"]["groupId"] == group
    assert caller.get(f"{DAM}/policySets?$expand=assignments").status_code == 400


def test_apps_have_relationships_and_categories(caller):
    parent, child = (
        make(caller, f"{DAM}/mobileApps", IOS_APP | {"displayName": name}) for name in ("P", "C")
    )
    row = {
        "@odata.type": "#microsoft.graph.mobileAppDependency",
        "targetId": child.rsplit("/", 1)[1],
        "dependencyType": "autoInstall",
    }
    action = f"{parent}/updateRelationships"
    post(caller, action, {"relationships": [row | {"targetId": NOBODY}]}, 400)
    post(caller, action, {"relationships": [row]}, 204)
    query = "$filter=targetType eq microsoft.graph.mobileAppRelationshipType'child'"
    (found,) = caller.everything(f"{parent}/relationships?{query}")
    assert found["targetDisplayName"] == "C"
    category = make(caller, f"{DAM}/mobileAppCategories", {"displayName": "Tools"})
    address = {"@odata.id": f"https://graph.microsoft.com/beta/{category}"}
    post(caller, f"{parent}/categories/$ref", address, 204)
    assert [row["displayName"] for row in caller.everything(f"{parent}/categories")] == ["Tools"]
    unknown = {"@odata.id": f"https://graph.microsoft.com/beta/mobileAppCategories/{NOBODY}"}
    post(caller, f"{parent}/categories/$ref", unknown, 400)


def test_tokens_of_android_profiles(caller):
    body = {
        "displayName": "A",
        "enrollmentMode": "corporateOwnedDedicatedDevice",
        "tokenExpirationDateTime": "2027-01-01T00:00:00Z",
    }
    path = make(caller, f"{DM}/androidDeviceOwnerEnrollmentProfiles", body)
    post(caller, f"{path}/createToken", {"tokenValidityInSeconds": 91 * 86400}, 400)
    post(caller, f"{path}/createToken", {"tokenValidityInSeconds": 3600}, 204)
    assert caller.body(path)["tokenValue"]
    post(caller, f"{path}/revokeToken", {}, 204)
    assert not caller.body(path)["tokenValue"]
    refused = caller.get(f"{DM}/androidDeviceOwnerEnrollmentProfiles?$expand=assignments")
    assert refused.status_code == 400


def test_apple_profiles_live_under_their_token(caller, simulator, tenant):
    token = simulator.add_object(tenant.slug, "depOnboardingSettings", {"tokenName": "T"})
    path = f"{DM}/depOnboardingSettings/{token['id']}/enrollmentProfiles"
    post(caller, path, {"displayName": "P"}, 400)
    body = {"@odata.type": "#microsoft.graph.depIOSEnrollmentProfile", "displayName": "P"}
    own = f"{path}/{post(caller, path, body, 201)['id']}"
    assert caller.call("PATCH", own, json={"displayName": "Q"}).status_code == 204
    assert caller.body(own)["displayName"] == "Q"
    assert caller.call("DELETE", own).status_code == 200
    post(caller, f"{DM}/depOnboardingSettings", {"tokenName": "T"}, 405)


def test_conditional_access_can_be_restored(caller):
    body = {"displayName": "A", "state": "disabled", "conditions": {}}
    post(caller, f"{CA}/policies", body, 400)
    path = make(caller, f"{CA}/policies", body | {"conditions": {"users": {}}})
    assert caller.call("DELETE", path).status_code == 204
    assert caller.get(path).status_code == 404
    post(caller, f"{path}/restore", {}, 200)
    assert caller.body(path)["displayName"] == "A"
    post(caller, f"{path}/restore", {}, 404)


def test_privacy_controls_are_posted_apart(caller):
    path = make(caller, f"{DM}/deviceConfigurations", PROFILE)
    row = {"displayName": "App", "accessLevel": "forceAllow", "dataCategory": "camera"}
    post(
        caller, f"{path}/windowsPrivacyAccessControls", {"windowsPrivacyAccessControls": [row]}, 200
    )
    (kept,) = caller.everything(f"{path}/privacyAccessControls")
    assert kept["dataCategory"] == "camera"


def test_role_assignments_bind_role_and_tags(caller, group):
    role = make(caller, f"{DM}/roleDefinitions", ROLE, 200).rsplit("/", 1)[1]
    body = {
        "displayName": "R",
        "members": [group],
        "scopeType": "resourceScope",
        "resourceScopes": [group],
        "roleDefinition@odata.bind": f"https://any.host/beta/x/roleDefinitions('{role}')",
        "roleScopeTags@odata.bind": ["https://any.host/beta/x/roleScopeTags('0')"],
    }
    path = make(caller, f"{DM}/roleAssignments", body)
    assert caller.body(f"{path}/roleDefinition")["id"] == role
    assert caller.body(path)["members"] == [group]
    assert "members" not in caller.everything(f"{DM}/roleAssignments")[0]


def test_settings_of_the_tenant(caller):
    path = f"{DM}?$select=settings"
    assert caller.body(path)["settings"]["secureByDefault"] is False
    body = {"settings": {"secureByDefault": True}}
    assert caller.call("PATCH", DM, json=body).status_code == 204
    assert caller.body(path)["settings"]["secureByDefault"] is True
    wrong = {"settings": {"noSuchSetting": True}}
    assert caller.call("PATCH", DM, json=wrong).status_code == 400


def test_app_protection_answers_without_its_type(caller):
    kind = {"@odata.type": "#microsoft.graph.iosManagedAppProtection", "displayName": "P"}
    made = post(caller, f"{DAM}/iosManagedAppProtections", kind, 201)
    assert "@odata.type" not in made
    item = caller.body(f"{DAM}/iosManagedAppProtections/{made['id']}")
    assert item["@odata.type"] == kind["@odata.type"]


def test_every_write_leaves_an_event(caller, simulator, tenant):
    path = make(caller, f"{DM}/windowsAutopilotDeploymentProfiles", AUTOPILOT)
    identity = path.rsplit("/", 1)[1]
    caller.call("PATCH", path, json={"description": "new"})
    post(caller, f"{path}/assignments", EVERYBODY, 201)
    simulator.change_object(
        tenant.slug, "windowsAutopilotDeploymentProfiles", identity, description="newer"
    )
    events = caller.everything(f"{DM}/auditEvents?$orderby=activityDateTime")
    kinds = [event["displayName"].split()[0] for event in events]
    assert kinds == ["Create", "Patch", "Patch", "Patch"]
    assert {event["resources"][0]["resourceId"] for event in events} == {identity}
    (change,) = [
        row
        for row in events[1]["resources"][0]["modifiedProperties"]
        if row["displayName"] == "description"
    ]
    assert change["newValue"] == "new"
    assert events[1]["actor"]["applicationId"] == tenant.client_id
    assert events[3]["actor"]["userPrincipalName"].startswith("admin@")
    assert "assignments" in {
        row["displayName"] for row in events[2]["resources"][0]["modifiedProperties"]
    }


def test_events_are_filtered_by_time_and_component(caller):
    for name in "AB":
        make(caller, f"{DM}/deviceConfigurations", PROFILE | {"displayName": name})
    first, second = caller.everything(f"{DM}/auditEvents?$orderby=activityDateTime")
    path = f"{DM}/auditEvents"
    moment = first["activityDateTime"]

    def names(text):
        rows = caller.everything(path, params={"$filter": text})
        return [row["resources"][0]["displayName"] for row in rows]

    assert names(f"activityDateTime gt {moment}") == ["B"]
    assert names(f"activityDateTime ge {moment}") == ["B", "A"]
    assert names(f"activityDateTime le {moment} and componentName eq 'DeviceConfiguration'") == [
        "A"
    ]
    assert names("componentName eq 'Enrollment'") == []
    assert caller.body(f"{path}/{second['id']}")["activityResult"] == "Success"
    assert len(caller.pages(f"{path}?$top=1")) == 2


def test_a_tenant_of_any_size(simulator):
    from tests.simulator.conftest import Caller, _numbers

    slug = f"load{next(_numbers)}"
    tenant = simulator.add_tenant(slug, policies=400)
    report = simulator.load_report(slug)["objects"]
    groups = report.pop("groups")
    assert (sum(report.values()), groups) == (400, population.GROUPS)
    assert report == {key: count for key, count in population.plan(400).items() if count}
    caller = Caller(simulator, tenant)
    apps = caller.everything(f"{DAM}/mobileApps?$expand=assignments")
    assigned = [app for app in apps if app["assignments"]]
    assert len(apps) / 2 < len(assigned) < len(apps)
    caller.http.close()


@pytest.mark.parametrize("policies", [2000, 10_000])
def test_the_mix_adds_up(policies):
    counts = population.plan(policies)
    assert sum(counts.values()) == policies
    assert 0.34 < counts["configurationPolicies"] / policies < 0.37
    assert all(counts.values())
