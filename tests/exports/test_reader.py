"""Reading export folders of three tools: nothing is lost, and the reason is told."""

import json

import pytest

from opsapp.exports import drop_annotations, read_folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "export"


def write(folder, path, value, encoding="utf-8"):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    text = value if isinstance(value, str) else json.dumps(value)
    target.write_bytes(text.encode(encoding))


def only(folder):
    found = read_folder(folder)
    assert found.left_out == []
    (item,) = found.objects
    return item


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(NotADirectoryError):
        read_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("path", "collection"),
    [
        ("Settings Catalog/a.json", "configurationPolicies"),
        ("SettingsCatalog/a.json", "configurationPolicies"),
        ("configurationPolicies/a.json", "configurationPolicies"),
        ("Backup/Compliance Policies/Policies/a.json", "deviceCompliancePolicies"),
        ("Backup/Compliance Policies/Message Templates/a.json", "notificationMessageTemplates"),
        ("CompliancePolicies/a.json", "deviceCompliancePolicies"),
        ("compliancePolicies/a.json", "compliancePolicies"),
        ("configurationpolicies/a.json", "configurationPolicies"),
        ("Scripts/Shell/a.json", "deviceShellScripts"),
        ("Scripts/Powershell/a.json", "deviceManagementScripts"),
        ("PowerShellScripts/a.json", "deviceManagementScripts"),
        ("Enrollment Profiles/Windows/ESP/a.json", "deviceEnrollmentConfigurations"),
        ("EnrollmentRestrictions/a.json", "deviceEnrollmentConfigurations"),
        ("Compliance Policies/Scripts/a.json", "deviceComplianceScripts"),
        ("Enrollment Profiles/Apple/a.json", "enrollmentProfiles"),
        ("Enrollment Profiles/Windows/a.json", "windowsAutopilotDeploymentProfiles"),
        ("Apple VPP Tokens/a.json", "vppTokens"),
        ("Partner Connections/Compliance/a.json", "complianceManagementPartners"),
        ("Device Management Settings/a.json", "deviceManagementSettings"),
        ("Group Policy Configurations/a.json", "groupPolicyConfigurations"),
        ("ADMXFiles/a.json", "groupPolicyUploadedDefinitionFiles"),
        ("PolicySets/a.json", "policySets"),
        ("TermsOfUse/a.json", "agreements"),
        ("IntuneBranding/a.json", "intuneBrandingProfiles"),
        ("AppleEnrollmentTypes/a.json", "appleUserInitiatedEnrollmentProfiles"),
        ("AutoPilot/a.json", "windowsAutopilotDeploymentProfiles"),
        ("Config/ConditionalAccess/a.json", "conditionalAccessPolicies"),
        ("conditionalAccessPolicies/a.json", "conditionalAccessPolicies"),
        ("NamedLocations/a.json", "namedLocations"),
        ("Templates/DynamicGroups/a.json", "groups"),
        ("Applications/iOS/a.json", "mobileApps"),
        ("Filters/a.json", "assignmentFilters"),
        ("Scope Tags/a.json", "roleScopeTags"),
    ],
)
def test_the_folder_decides_the_collection(folder, path, collection):
    write(folder, path, {"displayName": "A"})
    assert only(folder).collection == collection


@pytest.mark.parametrize(
    ("content", "collection"),
    [
        ({"@odata.type": "#microsoft.graph.iosManagedAppProtection"}, "iosManagedAppProtections"),
        ({"@odata.type": "#microsoft.graph.windows10CompliancePolicy"}, "deviceCompliancePolicies"),
        ({"@odata.type": "#microsoft.graph.windowsKioskConfiguration"}, "deviceConfigurations"),
        (
            {"@odata.type": "#microsoft.graph.windows10EnrollmentCompletionPageConfiguration"},
            "deviceEnrollmentConfigurations",
        ),
        ({"@odata.type": "#microsoft.graph.winGetApp"}, "mobileApps"),
        ({"@odata.type": "#microsoft.graph.countryNamedLocation"}, "namedLocations"),
        (
            {"@odata.context": "https://x/beta/$metadata#deviceManagement/intents/$entity"},
            "intents",
        ),
        (
            {"@odata.context": "https://x/beta/$metadata#identity/conditionalAccess/policies(x())"},
            "conditionalAccessPolicies",
        ),
        ({"platforms": "macOS", "technologies": "mdm", "settings": []}, "configurationPolicies"),
        ({"scriptContent": "", "executionFrequency": "P1D"}, "deviceShellScripts"),
        ({"scriptContent": "", "runAs32Bit": False}, "deviceManagementScripts"),
        ({"conditions": {}, "grantControls": None}, "conditionalAccessPolicies"),
        ({"rule": "(x)", "platform": "iOS"}, "assignmentFilters"),
    ],
)
@pytest.mark.parametrize("place", ["EndpointSecurity/a.json", "a.json", "My export/2026/a.json"])
def test_without_a_telling_folder_the_object_decides(folder, place, content, collection):
    write(folder, place, {"displayName": "A"} | content)
    assert only(folder).collection == collection


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings_of_the_tools(folder, encoding):
    write(folder, "NamedLocations/a.json", {"displayName": "É"}, encoding)
    assert only(folder).name == "É"


@pytest.mark.parametrize(
    "wrapped",
    [
        [{"displayName": "A"}, {"displayName": "B"}],
        {"value": [{"displayName": "A"}, {"displayName": "B"}]},
        {"filters": [{"displayName": "A"}, {"displayName": "B"}]},
        {"version": "1.0", "groups": [{"displayName": "A"}, {"displayName": "B"}]},
    ],
)
def test_lists_and_wrappers_give_every_object(folder, wrapped):
    write(folder, "Filters/many.json", wrapped)
    found = read_folder(folder)
    assert [(item.index, item.name) for item in found.objects] == [(0, "A"), (1, "B")]
    assert found.left_out == []


def test_a_single_object_in_value_is_taken_out(folder):
    write(folder, "Filters/a.json", {"value": {"displayName": "A"}})
    assert only(folder).content == {"displayName": "A"}


def test_the_context_of_an_answer_tells_the_kind_of_its_objects(folder):
    context = "https://graph.example/beta/$metadata#deviceManagement/deviceShellScripts"
    write(folder, "page1.json", {"@odata.context": context, "value": [{"displayName": "A"}]})
    assert only(folder).collection == "deviceShellScripts"


def test_objects_with_lists_inside_are_no_wrappers(folder):
    content = {"name": "P", "settings": [{"id": "0"}], "assignments": [{"id": "x", "target": {}}]}
    write(folder, "SettingsCatalog/a.json", content)
    assert only(folder).content == content


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("a.json", '{"displayName": ', "invalid JSON"),
        ("a.json", "", "empty"),
        ("LICENSE", "MIT", "not a JSON file"),
        ("Filters/a.yaml", "displayName: A", "not a JSON file"),
        ("Filters/a.json", [], "holds no object"),
        ("Filters/a.json", {"value": []}, "holds no object"),
        ("Filters/a.json", {}, "an empty object"),
        ("Filters/a.json", 7, "not an object but a int"),
        ("Filters/a.json", {"error": {"code": "Forbidden", "message": ""}}, "error answer"),
        ("Strange/a.json", {"displayName": "A"}, "unknown kind"),
        ("_tool/report.json", {"displayName": "A"}, "tool's own file"),
        ("_intentSettings/a.json", {"settings": []}, "settings half"),
        ("EndpointSecurity/Bit_Settings.json", {"settings": [{"id": "1"}]}, "settings half"),
    ],
)
def test_what_is_left_out_says_why(folder, path, value, reason):
    write(folder, path, value)
    found = read_folder(folder)
    assert found.objects == []
    (entry,) = found.left_out
    assert entry.file == path
    assert reason in entry.reason


def test_one_bad_element_does_not_lose_the_others(folder):
    write(folder, "Filters/a.json", [{"displayName": "A"}, "oops", {"displayName": "C"}])
    found = read_folder(folder)
    assert [item.name for item in found.objects] == ["A", "C"]
    assert [(entry.file, entry.reason) for entry in found.left_out] == [
        ("Filters/a.json[1]", "not an object but a str")
    ]


def test_hidden_folders_and_links_are_told_and_not_followed(folder, tmp_path):
    write(folder, ".git/config.json", {"displayName": "A"})
    (tmp_path / "outside.json").write_text('{"displayName": "secret"}')
    (folder / "Filters").mkdir()
    (folder / "Filters" / "link.json").symlink_to(tmp_path / "outside.json")
    found = read_folder(folder)
    assert found.objects == []
    assert {(entry.file, entry.reason) for entry in found.left_out} == {
        (".git/", "a hidden folder"),
        ("Filters/link.json", "a symbolic link"),
    }


def test_migration_tables_and_reports_name_groups(folder):
    entries = [
        {"DisplayName": "Pilot", "Id": "g1", "Type": "Group"},
        {"DisplayName": "Someone", "Id": "u1", "Type": "User"},
    ]
    write(folder, "MigrationTable.json", {"TenantId": "t", "Objects": entries})
    report = [{"groupName": "Staff", "groupType": "DynamicMembership", "membershipRule": "(x)"}]
    write(folder, "Assignment Report/report.json", report)
    found = read_folder(folder)
    assert found.left_out == []
    assert [(g.display_name, g.id, g.membership_rule) for g in found.named_groups] == [
        ("Staff", None, "(x)"),
        ("Pilot", "g1", None),
    ]


def test_content_is_as_in_the_file_but_for_tool_members(folder):
    content = {
        "displayName": "A",
        "roleScopeTagIds@odata.type": "#Collection(String)",
        "assignments": [],
        "deviceCompliancePolicyScriptDefinition": {"rules": {}},
        "localizedMessages": [{"locale": "en-us"}],
    }
    write(folder, "Notifications/a.json", content)
    assert only(folder).content == {
        "displayName": "A",
        "roleScopeTagIds@odata.type": "#Collection(String)",
        "assignments": [],
        "localizedNotificationMessages": [{"locale": "en-us"}],
    }


def test_annotations_go_and_types_stay():
    value = {
        "@odata.type": "#microsoft.graph.x",
        "@odata.context": "c",
        "a@odata.type": "#Int",
        "#microsoft.graph.assign": {"target": "t"},
        "a": [{"@odata.id": "i", "@odata.type": "#t", "b": {"c@odata.navigationLink": "l"}}],
    }
    assert drop_annotations(value) == {
        "@odata.type": "#microsoft.graph.x",
        "a": [{"@odata.type": "#t", "b": {}}],
    }


def test_objects_come_in_path_order_with_counts(folder):
    write(folder, "Filters/b.json", {"displayName": "B"})
    write(folder, "Filters/a.json", {"displayName": "A"})
    write(folder, "AutoPilot/z.json", {"displayName": "Z"})
    found = read_folder(folder)
    assert [item.file for item in found.objects] == [
        "AutoPilot/z.json",
        "Filters/a.json",
        "Filters/b.json",
    ]
    assert found.counts() == {"assignmentFilters": 2, "windowsAutopilotDeploymentProfiles": 1}


def test_one_folder_of_intunecd_holds_two_kinds(folder):
    linux = {"name": "L", "platforms": "linux", "technologies": "linuxMdm", "settings": []}
    write(folder, "Compliance Policies/Policies/l.json", linux)
    windows = {"displayName": "W", "@odata.type": "#microsoft.graph.windows10CompliancePolicy"}
    write(folder, "Compliance Policies/Policies/w.json", windows)
    script = {"displayName": "S", "settingDefinitionId": "d", "settingInstance": {}}
    write(folder, "Compliance Policies/Scripts/s.json", script)
    assert read_folder(folder).counts() == {
        "compliancePolicies": 1,
        "deviceCompliancePolicies": 1,
        "reusablePolicySettings": 1,
    }


def test_settings_beside_an_intent_are_joined_to_it(folder):
    write(folder, "intents/A.json", {"displayName": "A", "templateId": "t"})
    write(folder, "intents/B.json", {"displayName": "B", "settings": [{"definitionId": "own"}]})
    for name in "AB":
        settings = {"settings": [{"definitionId": "half"}]}
        write(folder, f"_intentSettings/{name}_Settings.json", settings)
    found = read_folder(folder)
    settings = {item.name: item.content["settings"] for item in found.objects}
    assert settings == {"A": [{"definitionId": "half"}], "B": [{"definitionId": "own"}]}
    assert [entry.reason.split(": ")[1] for entry in found.left_out] == [
        "joined to intents/A.json",
        "the intent's own file has them",
    ]


@pytest.mark.parametrize(
    ("content", "collection"),
    [
        ({"@odata.type": "#microsoft.graph.depIOSEnrollmentProfile"}, "enrollmentProfiles"),
        ({"@odata.type": "#microsoft.graph.hardwareConfiguration"}, "hardwareConfigurations"),
        ({"@odata.type": "#microsoft.graph.policySet"}, "policySets"),
        ({"definitionValues": []}, "groupPolicyConfigurations"),
        ({"settingDefinitionId": "d", "settingInstance": {}}, "reusablePolicySettings"),
        ({"bodyText": "b", "acceptanceStatement": "a"}, "termsAndConditions"),
        ({"hotpatchEnabled": True}, "windowsQualityUpdatePolicies"),
    ],
)
def test_types_and_shapes_tell_where_no_folder_does(folder, content, collection):
    write(folder, "a.json", {"displayName": "A"} | content)
    assert only(folder).collection == collection
