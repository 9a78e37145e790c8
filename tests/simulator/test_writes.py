"""The simple writes: create, change, assign, delete, through Graph and through the control API."""

import pytest

from opsapp.simulator.process import SimulatorError

DM = "deviceManagement"
ALL_DEVICES = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
RING = {
    "@odata.type": "#microsoft.graph.windowsUpdateForBusinessConfiguration",
    "displayName": "Ring",
}


def made(caller, path, body, status=201):
    answer = caller.call("POST", path, json=body)
    assert answer.status_code == status, answer.text
    return f"{path}/{answer.json()['id']}"


def test_a_created_object_has_what_the_service_owns(caller):
    item = caller.body(made(caller, f"{DM}/deviceConfigurations", RING))
    assert item["version"] == 1
    assert item["createdDateTime"] > "2026"
    assert item["roleScopeTagIds"] == ["0"]


def test_a_change_moves_version_and_time(caller):
    path = made(caller, f"{DM}/deviceConfigurations", RING)
    before = caller.body(path)
    assert caller.call("PATCH", path, json={"displayName": "New"}).status_code == 204
    after = caller.body(path)
    assert (after["displayName"], after["version"]) == ("New", 2)
    assert after["lastModifiedDateTime"] > before["lastModifiedDateTime"]
    assert after["createdDateTime"] == before["createdDateTime"]


def test_app_protection_versions_are_quoted_and_change(caller):
    body = {"displayName": "P", "@odata.type": "#microsoft.graph.iosManagedAppProtection"}
    path = made(caller, "deviceAppManagement/iosManagedAppProtections", body)
    first = caller.body(path)["version"]
    caller.call("PATCH", path, json={"pinRequired": False})
    second = caller.body(path)["version"]
    caller.call("PATCH", path, json={"pinRequired": True})
    assert len({first, second, caller.body(path)["version"]}) == 3
    assert first.startswith('"')


def test_assign_replaces_everything(caller, simulator, tenant):
    path = made(caller, f"{DM}/deviceConfigurations", RING)
    group = simulator.add_group(tenant.slug, displayName="G")
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group["id"]}
    both = {"assignments": [ALL_DEVICES, {"target": target}]}
    assert caller.call("POST", f"{path}/assign", json=both).status_code == 200
    assert len(caller.everything(f"{path}/assignments")) == 2
    assert caller.call("POST", f"{path}/assign", json={"assignments": []}).status_code == 200
    assert caller.everything(f"{path}/assignments") == []
    assert caller.call("POST", f"{path}/assign", json={}).status_code == 400


def test_each_family_has_its_own_member_and_status(caller):
    script = {"displayName": "S", "scriptContent": "ZQ==", "runAs32Bit": False}
    path = made(caller, f"{DM}/deviceManagementScripts", script)
    wrong = {"assignments": [ALL_DEVICES]}
    assert caller.call("POST", f"{path}/assign", json=wrong).status_code == 400
    right = {"deviceManagementScriptAssignments": [ALL_DEVICES]}
    assert caller.call("POST", f"{path}/assign", json=right).status_code == 200
    (row,) = caller.everything(f"{path}/assignments")
    assert row["id"] == path.rsplit("/", 1)[1] + ":adadadad-808e-44e2-905a-0b7873a8a531"
    body = {"displayName": "P", "@odata.type": "#microsoft.graph.androidManagedAppProtection"}
    path = made(caller, "deviceAppManagement/androidManagedAppProtections", body)
    everyone = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    right = {"assignments": [everyone]}
    assert caller.call("POST", f"{path}/assign", json=right).status_code == 204
    kind = "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile"
    profile = {"displayName": "Autopilot", "@odata.type": kind}
    path = made(caller, f"{DM}/windowsAutopilotDeploymentProfiles", profile)
    assert caller.call("POST", f"{path}/assignments", json=ALL_DEVICES).status_code == 201
    assert len(caller.everything(f"{path}/assignments")) == 1


def test_settings_catalog_wants_put_for_settings(caller):
    setting = {"settingInstance": {"@odata.type": "#x", "settingDefinitionId": "a"}}
    body = {"name": "P", "platforms": "linux", "technologies": "linuxMdm", "settings": [setting]}
    path = made(caller, f"{DM}/configurationPolicies", body)
    assert caller.body(path)["settingCount"] == 1
    more = body | {"settings": [setting, setting]}
    assert caller.call("PATCH", path, json=more).status_code == 400
    assert caller.call("PUT", path, json={"name": "P"}).status_code == 400
    assert caller.call("PUT", path, json=more).status_code == 204
    assert caller.body(path)["settingCount"] == 2
    assert caller.call("PATCH", path, json={"name": "Q"}).status_code == 204


def test_deleted_is_deleted(caller):
    path = made(caller, f"{DM}/roleScopeTags", {"displayName": "T"}, status=200)
    assert caller.call("DELETE", path).status_code == 200
    assert caller.get(path).status_code == 404


@pytest.mark.parametrize("body", ["[]", "no json", '"text"'])
def test_a_body_that_is_no_object_is_refused(caller, body):
    answer = caller.call("POST", f"{DM}/roleScopeTags", content=body)
    assert answer.status_code == 400


def test_reading_rights_do_not_write(simulator, caller, tenant):
    revoked = ["DeviceManagementConfiguration.ReadWrite.All"]
    simulator.set_permissions(tenant.slug, revoke=revoked)
    caller.renew()
    assert caller.call("POST", f"{DM}/deviceConfigurations", json=RING).status_code == 403
    assert caller.get(f"{DM}/deviceConfigurations").status_code == 200


def test_the_control_api_changes_objects_and_their_parts(simulator, caller, tenant):
    slug, key = tenant.slug, "deviceCompliancePolicies"
    kind = {"@odata.type": "#microsoft.graph.iosCompliancePolicy", "displayName": "C"}
    row = simulator.add_object(slug, key, kind | {"assignments": [ALL_DEVICES]})
    path = f"{DM}/{key}/{row['id']}"
    assert len(caller.everything(f"{path}/assignments")) == 1
    simulator.change_object(slug, key, row["id"], displayName="D", assignments=[])
    assert caller.everything(f"{path}/assignments") == []
    assert (caller.body(path)["displayName"], caller.body(path)["version"]) == ("D", 2)
    assert [item["id"] for item in simulator.objects(slug, key)] == [row["id"]]
    simulator.remove_object(slug, key, row["id"])
    assert caller.get(path).status_code == 404
    with pytest.raises(SimulatorError, match="no such object"):
        simulator.remove_object(slug, key, row["id"])
    with pytest.raises(SimulatorError, match="no such collection"):
        simulator.objects(slug, "nonsense")
    with pytest.raises(SimulatorError, match="no such tenant"):
        simulator.groups("nobody")
