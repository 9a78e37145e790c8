"""What the service refuses in assignments, and what must stay: default rows, built-in objects."""

import pytest

from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.population import SAMPLES
from opsapp.simulator.sample_maker import SampleMaker
from tests.simulator.written_bodies import (
    AUTOPILOT,
    CA,
    DAM,
    DM,
    EVERYBODY,
    IOS_APP,
    NOBODY,
    PROFILE,
    make,
    post,
    to_group,
)


@pytest.fixture
def group(simulator, tenant):
    return simulator.add_group(tenant.slug, displayName="G")["id"]


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


# The others are Microsoft's own, the same for all tenants.
OF_TENANTS = sorted(key for key, row in COLLECTIONS.items() if not row.shared and key in SAMPLES)


@pytest.mark.parametrize("key", OF_TENANTS)
def test_types_without_assignments_have_no_assign(caller, simulator, tenant, key):
    """And the others take their own member only."""
    row = COLLECTIONS[key]
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
