"""Lists, objects and their parts: what Graph leaves out where, and what it refuses."""

import json

import pytest

from opsapp.simulator.catalogue import COLLECTIONS

DM = "deviceManagement"
DAM = "deviceAppManagement"
POLICIES = f"{DM}/configurationPolicies"


def nested(answer):
    """The message inside Intune's message."""
    return json.loads(answer.json()["error"]["message"])["Message"]


@pytest.mark.parametrize("key", sorted(COLLECTIONS))
def test_lists_and_objects_carry_the_same_values(contoso, key):
    row = COLLECTIONS[key]
    for item in contoso.everything(row.path):
        full = contoso.body(f"{row.path}/{item['id']}")
        assert full.pop("@odata.context").endswith(f"{row.path}/$entity")
        for member in row.absent_in_list:
            assert member not in item
            full.pop(member, None)
        for member in row.null_in_list:
            assert item[member] is None
            full[member] = None
        assert full == item
        assert not set(row.children) & set(item)


@pytest.mark.parametrize("key", sorted(COLLECTIONS))
def test_plain_answers_are_minimal_metadata(contoso, key):
    row = COLLECTIONS[key]

    def annotations(value):
        if isinstance(value, dict):
            for name, member in value.items():
                if name.startswith("#") or ("@" in name and name != "@odata.type"):
                    yield name
                yield from annotations(member)
        elif isinstance(value, list):
            for member in value:
                yield from annotations(member)

    for item in contoso.everything(row.path):
        assert list(annotations(item)) == []
        assert ("@odata.type" in item) == row.polymorphic


def test_keys_may_be_in_parentheses(contoso):
    first = contoso.everything(POLICIES)[0]
    item = contoso.body(f"{POLICIES}('{first['id']}')")
    assert item["name"] == first["name"]
    assert contoso.body(f"{POLICIES}('{first['id']}')/settings")["value"]


def test_settings_come_in_pages_of_25_unless_asked(contoso):
    big = max(contoso.everything(POLICIES), key=lambda row: row["settingCount"])
    assert big["settingCount"] > 300
    pages = contoso.pages(f"{POLICIES}/{big['id']}/settings")
    assert {len(page["value"]) for page in pages[:-1]} == {25}
    rows = [row for page in pages for row in page["value"]]
    assert [row["id"] for row in rows] == [str(at) for at in range(big["settingCount"])]
    whole = contoso.pages(f"{POLICIES}/{big['id']}/settings?$top=1000")
    assert len(whole) == 1
    assert whole[0]["value"] == rows
    expanded = contoso.body(f"{POLICIES}/{big['id']}?$expand=settings")
    assert expanded["settings"] == rows
    assert expanded["settings@odata.context"].endswith(f"('{big['id']}')/settings")


def test_policy_assignments_are_at_their_own_address_only(contoso):
    for item in contoso.everything(POLICIES):
        rows = contoso.everything(f"{POLICIES}/{item['id']}/assignments")
        assert bool(rows) == item["isAssigned"]
        assert contoso.body(f"{POLICIES}/{item['id']}?$expand=assignments")["assignments"] == []


def test_assignments_have_the_shape_of_graph(contoso):
    item = next(r for r in contoso.everything(POLICIES) if r["name"].endswith("| BitLocker"))
    everyone, exempt = contoso.everything(f"{POLICIES}/{item['id']}/assignments")
    filters = contoso.everything(f"{DM}/assignmentFilters")
    corporate = next(row["id"] for row in filters if row["displayName"] == "Corporate Windows")
    assert everyone == {
        "id": f"{item['id']}_adadadad-808e-44e2-905a-0b7873a8a531",
        "source": "direct",
        "sourceId": item["id"],
        "target": {
            "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
            "deviceAndAppManagementAssignmentFilterId": corporate,
            "deviceAndAppManagementAssignmentFilterType": "include",
        },
    }
    target = exempt["target"]
    assert target["@odata.type"] == "#microsoft.graph.exclusionGroupAssignmentTarget"
    assert contoso.body(f"groups/{target['groupId']}")["displayName"] == "BitLocker – exempt"  # noqa: RUF001


def test_compliance_actions_only_when_expanded_and_nested(contoso):
    path = f"{DM}/deviceCompliancePolicies"
    item = contoso.everything(path)[0]
    one = contoso.body(f"{path}/{item['id']}?$expand=scheduledActionsForRule")
    (rule,) = one["scheduledActionsForRule"]
    assert set(rule) == {"id", "ruleName"}
    query = "$expand=assignments,scheduledActionsForRule($expand=scheduledActionConfigurations)"
    listed = contoso.body(f"{path}?{query}")["value"][0]
    actions = listed["scheduledActionsForRule"][0]["scheduledActionConfigurations"]
    assert [action["actionType"] for action in actions] == ["notification", "block"]
    assert listed["assignments"]
    alone = contoso.body(
        f"{path}/{item['id']}/scheduledActionsForRule?$expand=scheduledActionConfigurations"
    )
    assert alone["value"][0]["scheduledActionConfigurations"] == actions


def test_scripts_have_content_by_id_only(contoso):
    for name in ("deviceManagementScripts", "deviceShellScripts"):
        for item in contoso.everything(f"{DM}/{name}"):
            assert item["scriptContent"] is None
            assert contoso.body(f"{DM}/{name}/{item['id']}")["scriptContent"]


def test_shell_scripts_have_no_assignments_address(contoso):
    path = f"{DM}/deviceShellScripts"
    item = contoso.everything(path)[0]
    refused = contoso.get(f"{path}/{item['id']}/assignments")
    assert refused.status_code == 400
    rows = contoso.body(f"{path}/{item['id']}?$expand=assignments")["assignments"]
    assert [row["id"].split(":")[0] for row in rows] == [item["id"]] * len(rows)
    script = contoso.everything(f"{DM}/deviceManagementScripts")[0]
    assert contoso.get(f"{DM}/deviceManagementScripts/{script['id']}/assignments").is_success


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{DM}/assignmentFilters?$filter=platform eq 'iOS'", 400),
        (f"{DM}/notificationMessageTemplates?$expand=assignments", 400),
        ("identity/conditionalAccess/policies?$top=5", 400),
        ("identity/conditionalAccess/namedLocations?$top=5", 400),
        (f"{POLICIES}?$top=1001", 400),
        (f"{POLICIES}?$top=0", 400),
        (f"{POLICIES}?$expand=nonsense", 400),
        (f"{POLICIES}?$skiptoken=!!", 400),
        (f"{POLICIES}?$filter=name eq", 400),
        (f"{DM}/windowsFeatureUpdateProfiles?$top=201", 400),
        (f"{DM}/noSuchThings", 400),
        (f"{POLICIES}/00000000-0000-0000-0000-000000000000", 400),
        (f"{DM}/deviceConfigurations/00000000-0000-0000-0000-000000000000", 404),
        ("groups/00000000-0000-0000-0000-000000000000", 404),
    ],
)
def test_what_graph_refuses(contoso, path, status):
    answer = contoso.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]


def test_templates_expand_their_messages(contoso):
    path = f"{DM}/notificationMessageTemplates"
    item = contoso.body(f"{path}?$expand=localizedNotificationMessages")["value"][0]
    rows = contoso.everything(f"{path}/{item['id']}/localizedNotificationMessages")
    assert item["localizedNotificationMessages"] == rows
    assert len({row["locale"] for row in rows}) == len(rows) > 2
    assert item["defaultLocale"] in {row["locale"] for row in rows if row["isDefault"]}
    assert contoso.get(f"{path}/{item['id']}/assignments").status_code == 400


def test_app_protection_expands_apps_and_assignments(contoso):
    for name in ("androidManagedAppProtections", "iosManagedAppProtections"):
        item = contoso.everything(f"{DAM}/{name}")[0]
        assert item["id"].startswith("T_")
        one = contoso.body(f"{DAM}/{name}/{item['id']}?$expand=apps,assignments")
        assert len(one["apps"]) == one["deployedAppCount"] > 0
        assert one["apps"][0]["mobileAppIdentifier"]["@odata.type"].endswith("MobileAppIdentifier")
        assert one["assignments"]


def test_apps_list_without_scope_tags(contoso):
    item = contoso.everything(f"{DAM}/mobileApps")[0]
    assert "roleScopeTagIds" not in item
    one = contoso.body(f"{DAM}/mobileApps/{item['id']}?$expand=categories,assignments")
    assert one["roleScopeTagIds"] == ["0"]
    assert one["assignments"][0]["intent"] == "required"


def test_default_enrollment_rows_belong_to_the_tenant(contoso):
    rows = contoso.everything(f"{DM}/deviceEnrollmentConfigurations")
    defaults = [row for row in rows if row["priority"] == 0]
    assert len(defaults) == 4
    assert all(row["id"].startswith(f"{contoso.tenant.id}_Default") for row in defaults)
    query = "$filter=deviceEnrollmentConfigurationType eq 'limit'"
    limits = contoso.everything(f"{DM}/deviceEnrollmentConfigurations?{query}")
    assert {row["@odata.type"] for row in limits} == {
        "#microsoft.graph.deviceEnrollmentLimitConfiguration"
    }


def test_v1_has_no_beta_segments_and_no_filters_in_targets(contoso):
    refused = contoso.http.get(f"/v1.0/{POLICIES}")
    assert refused.status_code == 400
    assert "Resource not found for the segment 'configurationPolicies'" in refused.text
    path = f"{DM}/deviceCompliancePolicies"
    for item in contoso.everything(path):
        rows = contoso.http.get(f"/v1.0/{path}/{item['id']}/assignments").json()["value"]
        assert rows
        assert not any("AssignmentFilter" in name for row in rows for name in row["target"])


def test_select_count_order_and_filter(contoso):
    body = contoso.body(f"{POLICIES}?$select=id,name&$count=true&$top=3&$orderby=name desc")
    assert body["@odata.count"] == 23
    assert [set(row) for row in body["value"]] == [{"id", "name"}] * 3
    (row, *_) = contoso.body(f"{POLICIES}?$select=name")["value"]
    assert set(row) == {"id", "name"}  # Intune always gives the key
    names = [row["name"] for row in body["value"]]
    assert names == sorted(names, key=str.casefold, reverse=True)
    again = contoso.body(body["@odata.nextLink"])
    assert "@odata.count" not in again
    query = "$filter=(platforms eq 'macOS') and not startswith(name,'iOS')"
    assert {row["platforms"] for row in contoso.everything(f"{POLICIES}?{query}")} == {"macOS"}
    query = "$filter=isof('microsoft.graph.windowsUpdateForBusinessConfiguration')"
    assert len(contoso.everything(f"{DM}/deviceConfigurations?{query}")) == 3
    assert contoso.get(f"{POLICIES}/$count").text == "23"


def test_permissions_are_checked_per_collection(simulator, caller, tenant):
    simulator.set_permissions(
        tenant.slug,
        revoke=[
            "DeviceManagementScripts.Read.All",
            "DeviceManagementScripts.ReadWrite.All",
            "Policy.Read.All",
            "Policy.ReadWrite.ConditionalAccess",
            "GroupMember.Read.All",
            "GroupMember.ReadWrite.All",
        ],
    )
    caller.renew()
    refused = caller.get(f"{DM}/deviceShellScripts")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden")
    assert "DeviceManagementScripts.Read.All" in nested(refused)
    refused = caller.get("identity/conditionalAccess/policies")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AccessDenied")
    refused = caller.get("groups")
    assert refused.json()["error"]["code"] == "Authorization_RequestDenied"
    assert caller.get(POLICIES).status_code == 200


def test_every_answer_has_the_headers_support_asks_for(contoso):
    answer = contoso.get(POLICIES, headers={"client-request-id": "my-own-id"})
    assert answer.headers["client-request-id"] == "my-own-id"
    assert len(answer.headers["request-id"]) == 36
    assert "DataCenter" in answer.headers["x-ms-ags-diagnostic"]
    assert answer.headers["content-type"].startswith("application/json;odata.metadata=minimal")
    assert answer.headers["date"]
    assert answer.json()["@odata.context"].startswith(contoso.simulator.base_url)


def test_errors_of_intune_are_nested_and_those_of_the_directory_are_not(contoso):
    refused = contoso.get(f"{POLICIES}/nothing")
    assert "Activity ID: " + refused.headers["request-id"] in nested(refused)
    plain = contoso.get("groups/nothing").json()["error"]
    assert plain["code"] == "Request_ResourceNotFound"
    assert plain["message"].startswith("Resource 'nothing' does not exist")


def test_organization_and_own_service_principal(contoso):
    (row,) = contoso.body("organization?$select=id,displayName,verifiedDomains")["value"]
    assert row["id"] == contoso.tenant.id
    assert set(row) == {"id", "displayName", "verifiedDomains"}
    app_id = contoso.tenant.client_id
    found = contoso.body(f"servicePrincipals(appId='{app_id}')?$select=id,appId")
    assert found["appId"] == app_id
    assert contoso.get("servicePrincipals(appId='other')").status_code == 404


def test_all_app_protection_in_one_list_for_reading(contoso):
    path = f"{DAM}/managedAppPolicies"
    rows = contoso.everything(path)
    assert {row["@odata.type"] for row in rows} == {
        "#microsoft.graph.androidManagedAppProtection",
        "#microsoft.graph.iosManagedAppProtection",
        "#microsoft.graph.windowsManagedAppProtection",
        "#microsoft.graph.windowsInformationProtectionPolicy",
        "#microsoft.graph.mdmWindowsInformationProtectionPolicy",
        "#microsoft.graph.targetedManagedAppConfiguration",
    }
    assert contoso.get(f"{path}?$filter=displayName eq 'x'").status_code == 400
    assert contoso.body(f"{path}/{rows[0]['id']}")["displayName"] == rows[0]["displayName"]
    assert contoso.get(f"{path}?$expand=assignments").status_code == 400
    assert contoso.get(f"{path}/{rows[0]['id']}/assignments").status_code == 400
    assert contoso.call("POST", path, json={"displayName": "x"}).status_code == 400


def test_encrypted_settings_have_a_function_for_their_text(contoso):
    path = f"{DM}/deviceConfigurations"
    item = next(row for row in contoso.everything(path) if "omaSettings" in row)
    secret = next(row for row in item["omaSettings"] if row["isEncrypted"])
    function = "getOmaSettingPlainTextValue(secretReferenceValueId='{}')"
    known = function.format(secret["secretReferenceValueId"])
    assert contoso.body(f"{path}/{item['id']}/{known}")["value"] != secret["value"]
    assert contoso.get(f"{path}/{item['id']}/{function.format('other')}").status_code == 404


def test_queries_as_tools_write_them(contoso):
    path = f"{contoso.simulator.base_url}/beta/{DM}/notificationMessageTemplates"
    (first, *_) = contoso.body(f"{path}??$expand=localizedNotificationMessages")["value"]
    assert first["localizedNotificationMessages"]
    big = max(contoso.everything(POLICIES), key=lambda row: row["settingCount"])
    rows = contoso.body(f"{POLICIES}/{big['id']}/settings?top=1000")["value"]
    assert len(rows) == big["settingCount"]
    text = "(microsoft.graph.managedApp/appAvailability) eq null or isAssigned eq true"
    assert contoso.everything(f"{DAM}/mobileApps", params={"$filter": text})
