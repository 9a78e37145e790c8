"""Objects of other tools as Graph gives them: ids in place of names, each counted once."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from opsapp.exports import GraphObjects, graph_objects, read_folder
from opsapp.exports.made_up import is_made_up
from opsapp.exports.spelling import POLYMORPHIC
from opsapp.intune.catalogue import CATALOGUE
from opsapp.simulator.catalogue import COLLECTIONS

NAMES = {key: kind.name_property for key, kind in CATALOGUE.items()}
_GROUP = "#microsoft.graph.groupAssignmentTarget"


def read(folder: Path, files: dict[str, Any]) -> GraphObjects:
    for path, value in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(value if isinstance(value, str) else json.dumps(value))
    return graph_objects(read_folder(folder), NAMES)


def policy(*assignments: Any, **more: Any) -> dict[str, Any]:
    return {"name": "P", "settings": [], "assignments": list(assignments)} | more


def to_group(name: str, **more: Any) -> dict[str, Any]:
    return {"target": {"@odata.type": _GROUP, "groupName": name, **more}}


def targets(found: GraphObjects) -> list[Any]:
    return [row["target"]["groupId"] for one in found.objects for row in one.assignments]


def test_the_list_of_polymorphic_collections_is_the_services() -> None:
    shown = {key for key, row in COLLECTIONS.items() if row.polymorphic}
    assert shown & set(CATALOGUE) == POLYMORPHIC


def test_a_group_named_by_one_other_file_has_its_id(tmp_path: Path) -> None:
    table = {"Objects": [{"DisplayName": "Pilot", "Id": "g1", "Type": "Group"}]}
    found = read(
        tmp_path,
        {"Settings Catalog/p.json": policy(to_group("Pilot")), "MigrationTable.json": table},
    )
    assert targets(found) == ["g1"]
    assert [(group.id, group.display_name) for group in found.groups] == [("g1", "Pilot")]


def test_a_group_known_by_name_alone_gets_a_stable_id_and_keeps_its_rule(tmp_path: Path) -> None:
    rule = {"groupType": "DynamicMembership", "membershipRule": "(x)"}
    files = {
        "Settings Catalog/p.json": policy(to_group("Pilot", **rule)),
        "Settings Catalog/q.json": policy(to_group("Pilot"), name="Q"),
    }
    found = read(tmp_path, files)
    one, two = targets(found)
    assert one == two
    assert is_made_up(one)
    (group,) = found.groups
    assert (group.id, group.group_types, group.membership_rule) == (
        one,
        ("DynamicMembership",),
        "(x)",
    )


def test_two_groups_of_one_name_are_never_guessed(tmp_path: Path) -> None:
    rows = [{"DisplayName": "Pilot", "Id": f"g{n}", "Type": "Group"} for n in (1, 2)]
    files = {
        "Settings Catalog/p.json": policy(to_group("Pilot")),
        "MigrationTable.json": {"Objects": rows},
    }
    found = read(tmp_path, files)
    assert not {"g1", "g2"} & set(targets(found))
    assert len(found.groups) == 3


def test_filters_and_scope_tags_by_name_become_ids_or_are_said(tmp_path: Path) -> None:
    flt = {"deviceAndAppManagementAssignmentFilterId": "Corporate"}
    files = {
        "Filters/f.json": {"id": "f1", "displayName": "Corporate", "platform": "iOS", "rule": "r"},
        "Scope Tags/t.json": {"id": "7", "displayName": "North"},
        "Settings Catalog/p.json": policy(
            {"target": {"@odata.type": _GROUP, "groupId": "g", **flt}},
            roleScopeTagIds=["Default", "North", "South"],
        ),
    }
    found = {one.collection: one for one in read(tmp_path, files).objects}
    made = found["configurationPolicies"]
    assert made.assignments[0]["target"]["deviceAndAppManagementAssignmentFilterId"] == "f1"
    default, north, south = made.content["roleScopeTagIds"]
    assert (default, north, is_made_up(south)) == ("0", "7", True)
    assert made.remarks == ("“South” is not in the export.",)


def test_one_id_twice_the_same_object_counts_once_another_is_given_its_own(tmp_path: Path) -> None:
    same, other = policy(id="p1"), policy(id="p1", name="Q")
    folder = "Settings Catalog"
    found = read(
        tmp_path, {f"{folder}/a.json": same, f"{folder}/b.json": same, f"{folder}/c.json": other}
    )
    first, second = found.objects
    assert (first.id, is_made_up(second.id)) == ("p1", True)
    assert second.remarks == (f"{folder}/a.json has the same id: this one was given another.",)
    assert [entry.reason for entry in found.left_out] == [f"the same object as in {folder}/a.json"]


def test_scripts_of_one_file_name_keep_the_bodies_in_their_objects(tmp_path: Path) -> None:
    def body(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    row = {"fileName": "s.ps1", "runAs32Bit": False}
    files = {
        "Scripts/Powershell/a.json": row | {"displayName": "A", "scriptContent": body("a")},
        "Scripts/Powershell/b.json": row | {"displayName": "B", "scriptContent": body("b")},
        "Scripts/Powershell/Script Data/s.ps1": "b",
    }
    found = read(tmp_path, files)
    assert [one.content["scriptContent"] for one in found.objects] == [body("a"), body("b")]


@pytest.mark.parametrize(("count", "joined"), [(1, True), (2, False)])
def test_a_body_in_a_file_of_its_own_is_joined_unless_two_claim_it(
    tmp_path: Path, count: int, joined: bool
) -> None:
    files: dict[str, Any] = {"Scripts/Powershell/Script Data/s.ps1": "echo"}
    for number in range(count):
        content = {"displayName": f"S{number}", "fileName": "s.ps1", "runAs32Bit": False}
        files[f"Scripts/Powershell/{number}.json"] = content
    found = read(tmp_path, files)
    assert len(found.objects) == count
    for one in found.objects:
        assert ("scriptContent" in one.content) is joined
        assert bool(one.remarks) is not joined


def test_role_assignments_in_their_role_become_objects(tmp_path: Path) -> None:
    row = {"displayName": "Helpers", "members": ["Pilot"], "resourceScopes": []}
    role = {"displayName": "R", "isBuiltIn": False, "rolePermissions": [], "roleAssignments": [row]}
    made = {one.collection: one for one in read(tmp_path, {"Roles/r.json": role}).objects}
    assert "roleAssignments" not in made["roleDefinitions"].content
    content = made["roleAssignments"].content
    assert content["roleDefinition"]["id"] == made["roleDefinitions"].id
    assert is_made_up(content["members"][0])


def test_values_of_administrative_templates_get_their_definitions(tmp_path: Path) -> None:
    bound = "https://graph.microsoft.com/beta/deviceManagement/groupPolicyDefinitions('d1')"
    value = {
        "enabled": True,
        "definition@odata.bind": bound,
        "#Definition_displayName": "Screen",
        "presentationValues": [
            {"value": "1", "presentation@odata.bind": f"{bound}/presentations('p1')"}
        ],
    }
    files = {"Administrative Templates/a.json": {"displayName": "A", "definitionValues": [value]}}
    (made,) = read(tmp_path, files).objects
    assert made.content["definitionValues"] == [
        {
            "enabled": True,
            "definition": {"displayName": "Screen", "id": "d1"},
            "presentationValues": [{"value": "1", "presentation": {"id": "p1"}}],
        }
    ]


def test_a_collection_that_is_not_kept_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, {"Apple VPP Tokens/a.json": {"displayName": "T"}})
    assert found.objects == []
    assert [entry.reason for entry in found.left_out] == [
        "OpsApp does not keep objects of vppTokens"
    ]
