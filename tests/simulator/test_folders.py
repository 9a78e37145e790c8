"""Tenants loaded from export folders: every object served, every file accounted for."""

import json
import os
from pathlib import Path

import pytest

from opsapp.exports import read_folder
from opsapp.simulator.catalogue import COLLECTIONS
from tests.simulator.conftest import Caller

ROOT = os.environ.get("OPSAPP_TEST_BASELINES")
FOLDERS = sorted(path for path in Path(ROOT).iterdir() if path.is_dir()) if ROOT else []
DM = "deviceManagement"


def write(folder, path, value):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(value if isinstance(value, str) else json.dumps(value))


@pytest.fixture
def load(simulator, tmp_path, request):
    """Loads ``tmp_path/export`` into a new tenant; gives a caller and the load report."""
    callers = []

    def load(folder):
        slug = f"folder-{abs(hash(request.node.nodeid))}"
        caller = Caller(simulator, simulator.add_tenant(slug, folder=folder))
        callers.append(caller)
        return caller, simulator.load_report(slug)

    yield load
    for caller in callers:
        caller.http.close()


def test_what_the_export_lacks_is_filled(load, tmp_path):
    folder = tmp_path / "export"
    target = {
        "@odata.type": "#microsoft.graph.groupAssignmentTarget",
        "groupName": "Staff",
        "groupType": "DynamicMembership",
        "membershipRule": "(user.accountEnabled -eq true)",
    }
    policy = {
        "name": "P",
        "roleScopeTagIds": ["Default", "Paris"],
        "settings": [{"settingInstance": {"settingDefinitionId": "a"}}],
        "assignments": [{"source": "direct", "target": target}],
    }
    write(folder, "Settings Catalog/P.json", policy)
    write(folder, "Scope Tags/Paris.json", {"displayName": "Paris"})
    caller, report = load(folder)
    (item,) = caller.everything(f"{DM}/configurationPolicies")
    (tag,) = caller.everything(f"{DM}/roleScopeTags")
    assert item["roleScopeTagIds"] == ["0", tag["id"]]
    assert (item["settingCount"], item["isAssigned"]) == (1, True)
    assert item["templateReference"]["templateFamily"] == "none"
    assert item["createdDateTime"] == item["lastModifiedDateTime"] < "2026-11"
    (row,) = caller.everything(f"{DM}/configurationPolicies/{item['id']}/assignments")
    (group,) = caller.everything("groups")
    assert row["target"]["groupId"] == group["id"]
    assert "groupName" not in row["target"]
    assert group["displayName"] == "Staff"
    assert group["membershipRule"] == "(user.accountEnabled -eq true)"
    assert report["groups_from"] == {"assignments": 1}


def test_the_same_id_twice_gives_two_objects_and_the_same_ids_again(simulator, load, tmp_path):
    folder = tmp_path / "export"
    for name in ("a.json", "a.native.json"):
        write(folder, f"SettingsCatalog/{name}", {"id": "same", "name": name, "settings": []})
    caller, report = load(folder)
    rows = caller.everything(f"{DM}/configurationPolicies")
    assert [row["name"] for row in rows] == ["a.json", "a.native.json"]
    assert rows[0]["id"] == "same" != rows[1]["id"]
    assert [note["file"] for note in report["notes"]] == ["SettingsCatalog/a.native.json"]
    tenant_id = caller.tenant.id
    assert tenant_id not in rows[1]["id"]


def test_groups_from_files_and_migration_tables(load, tmp_path):
    folder = tmp_path / "export"
    used = "aaaaaaaa-0000-0000-0000-000000000001"
    entries = [
        {"DisplayName": "Filed", "Id": "aaaaaaaa-0000-0000-0000-00000000ffff", "Type": "Group"},
        {"DisplayName": "Table only", "Id": used, "Type": "Group"},
    ]
    write(folder, "MigrationTable.json", {"Objects": entries})
    write(folder, "Groups/Filed.json", {"id": "g1", "displayName": "Filed"})
    users = {"includeGroups": [used]}
    write(folder, "ConditionalAccess/p.json", {"displayName": "C", "conditions": {"users": users}})
    caller, report = load(folder)
    assert {row["id"]: row["displayName"] for row in caller.everything("groups")} == {
        "g1": "Filed",
        used: "Table only",
    }
    assert report["groups_from"] == {"files": 1, "tool files": 1}


def test_files_left_out_are_in_the_report(load, tmp_path):
    folder = tmp_path / "export"
    write(folder, "Filters/broken.json", "{")
    write(folder, "deviceManagementSettings/settings.json", {"secureByDefault": True})
    write(folder, "README.md", "hello")
    caller, report = load(folder)
    assert caller.body(f"{DM}/settings")["secureByDefault"] is True
    assert report["objects"]["deviceManagementSettings"] == 1
    assert {row["file"]: row["reason"].split(":")[0] for row in report["left_out"]} == {
        "Filters/broken.json": "invalid JSON",
        "README.md": "not a JSON file",
    }


def test_an_unknown_filter_name_stays_as_a_dangling_reference(load, tmp_path):
    folder = tmp_path / "export"
    target = {
        "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
        "deviceAndAppManagementAssignmentFilterId": "Gone",
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    content = {"name": "P", "settings": [], "assignments": [{"target": target}]}
    write(folder, "SettingsCatalog/p.json", content)
    caller, report = load(folder)
    (item,) = caller.everything(f"{DM}/configurationPolicies")
    (row,) = caller.everything(f"{DM}/configurationPolicies/{item['id']}/assignments")
    assert len(row["target"]["deviceAndAppManagementAssignmentFilterId"]) == 36
    assert "'Gone'" in report["notes"][0]["note"]


@pytest.mark.baselines
@pytest.mark.skipif(not FOLDERS, reason="OPSAPP_TEST_BASELINES is not set or empty")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_real_folders_are_served_object_by_object(load, folder):
    caller, report = load(folder)
    expected = read_folder(folder).counts()
    for key, row in COLLECTIONS.items():
        if row.shared:
            continue  # templates and definitions: the same in every tenant
        items = caller.everything(row.path)
        assert len(items) == expected.get(key, 0) == report["objects"].get(key, 0)
        assert len({item["id"] for item in items}) == len(items)
        for item in items:
            full = caller.body(f"{row.path}/{item['id']}")
            omitted = {*row.null_in_list, *row.absent_in_list, "@odata.context"}
            assert {k: v for k, v in full.items() if k not in omitted} == {
                k: v for k, v in item.items() if k not in omitted
            }
            for child in set(row.children) - set(row.no_child_url):
                caller.everything(f"{row.path}/{item['id']}/{child}?$top=1000")
    elsewhere = {"groups", "deviceManagementSettings", *COLLECTIONS}
    unserved = sum(n for key, n in expected.items() if key not in elsewhere)
    reasons = [entry["reason"] for entry in report["left_out"]]
    assert sum(reason.startswith("collection not simulated") for reason in reasons) == unserved


def test_definition_values_of_both_tools_are_served_alike(load, tmp_path):
    folder = tmp_path / "export"
    definition = {"id": "d1", "displayName": "Homepage", "classType": "user", "categoryPath": "/B"}
    presentation = {"id": "p1", "label": "Address"}
    kind = "#microsoft.graph.groupPolicyPresentationValueText"
    value = {"@odata.type": kind, "value": "https://start.example"}
    expanded = {
        "displayName": "IntuneCD",
        "definitionValues": [
            {
                "enabled": True,
                "definition": definition,
                "presentationValues": [value | {"presentation": presentation}],
            }
        ],
    }
    address = "https://graph.microsoft.com/beta/deviceManagement/groupPolicyDefinitions('d1')"
    bound = {
        "displayName": "IntuneManagement",
        "definitionValues": [
            {
                "enabled": True,
                "definition@odata.bind": address,
                "#Definition_displayName": "Homepage",
                "presentationValues": [
                    value | {"presentation@odata.bind": f"{address}/presentations('p1')"}
                ],
            }
        ],
    }
    write(folder, "Group Policy Configurations/a.json", expanded)
    write(folder, "AdministrativeTemplates/b.json", bound)
    caller, _ = load(folder)
    path = f"{DM}/groupPolicyConfigurations"
    query = "$expand=definition,presentationValues($expand=presentation)"
    for item in caller.everything(path):
        (row,) = caller.everything(f"{path}/{item['id']}/definitionValues?{query}")
        assert row["definition"]["displayName"] == "Homepage"
        (shown,) = row["presentationValues"]
        assert (shown["value"], shown["presentation"]["id"]) == (value["value"], "p1")


def test_enrolment_profiles_find_a_token(load, tmp_path):
    folder = tmp_path / "export"
    profile = {"@odata.type": "#microsoft.graph.depIOSEnrollmentProfile", "displayName": "P"}
    write(folder, "Enrollment Profiles/Apple/p.json", profile)
    caller, report = load(folder)
    (token,) = caller.everything(f"{DM}/depOnboardingSettings")
    (row,) = caller.everything(f"{DM}/depOnboardingSettings/{token['id']}/enrollmentProfiles")
    assert row["displayName"] == "P"
    assert report["left_out"] == []


def test_role_assignments_inside_their_role(load, tmp_path):
    folder = tmp_path / "export"
    assignment = {
        "displayName": "Help desk in Paris",
        "members": ["Help desk"],
        "scopeMembers": ["Paris"],
        "scopeType": "resourceScope",
    }
    role = {
        "@odata.type": "#microsoft.graph.deviceAndAppManagementRoleDefinition",
        "displayName": "Help desk",
        "rolePermissions": [],
        "roleAssignments": [assignment],
    }
    write(folder, "Roles/r.json", role)
    caller, report = load(folder)
    (found,) = caller.everything(f"{DM}/roleDefinitions?$expand=roleAssignments")
    (row,) = found["roleAssignments"]
    full = caller.body(f"{DM}/roleAssignments/{row['id']}")
    names = {group["id"]: group["displayName"] for group in caller.everything("groups")}
    assert [names[identity] for identity in full["members"]] == ["Help desk"]
    assert [names[identity] for identity in full["resourceScopes"]] == ["Paris"]
    assert report["groups_from"] == {"roles": 2}
