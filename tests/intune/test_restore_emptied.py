"""A list that would mean something else without its rows is never left empty by leaving out."""

import pytest

from opsapp.intune.restore.linking import Link
from tests.intune.planning_cases import links, plan, source

ONE, TWO = "7101093a-42e0-5150-8d69-a78ac5007c4e", "00c53e3e-3cd0-5ae6-8bb0-59d7e87c4d24"
KIND = "#microsoft.graph.deviceManagementConfigurationReferenceSettingValue"


def reference(held):
    return {"@odata.type": KIND, "value": held}


def instance(**value):
    return {"name": "Rules", "settings": [
        {"settingInstance": {"settingDefinitionId": "firewall_addresses", **value}}]}  # fmt: skip


def rule(*references):
    child = {"settingDefinitionId": "rule_addresses",
             "simpleSettingCollectionValue": [reference(one) for one in references]}  # fmt: skip
    name = {"settingDefinitionId": "rule_name", "simpleSettingValue": {"value": "Deny"}}
    return instance(groupSettingCollectionValue=[{"children": [name, child]}])


ROLE = {"displayName": "Help desk", "roleDefinition": {"id": ONE, "isBuiltIn": True}}
CASES = [
    ("configurationPolicies", lambda *ids: instance(
        simpleSettingCollectionValue=[reference(one) for one in ids])),
    ("configurationPolicies", rule),
    ("mobileAppConfigurations", lambda *ids: {"targetedMobileApps": list(ids)}),
    ("deviceEnrollmentConfigurations", lambda *ids: {"selectedMobileAppIds": list(ids)}),
    ("roleAssignments", lambda *ids: {**ROLE, "members": list(ids)}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "content"), CASES)
def test_nothing_left_blocks(key, content):
    made = plan(source(key, content(ONE, TWO)), resolve=links(**{ONE: None, TWO: None}))
    assert [note.code for note in made.blockers] == ["mapping.would_be_empty"]


@pytest.mark.parametrize(("key", "content"), CASES)
def test_one_of_two_may_be_left_out(key, content):
    made = plan(source(key, content(ONE, TWO)), resolve=links(**{ONE: None, TWO: "kept"}))
    assert made.blockers == ()
    assert ONE not in str([step.body for step in made.steps if key != "roleAssignments"])
    assert "kept" in str(made.steps[0].body)
    assert "mapping.left_out" in [note.code for note in made.warnings]


def test_a_rule_never_loses_one_of_its_conditions():
    child = {"settingDefinitionId": "rule_address", "simpleSettingValue": reference(ONE)}
    content = instance(groupSettingCollectionValue=[{"children": [child]}])
    made = plan(source("configurationPolicies", content), resolve=links(**{ONE: None}))
    assert [note.code for note in made.blockers] == ["mapping.would_widen"]


@pytest.mark.parametrize(
    ("key", "name"), [("assignmentFilters", "roleScopeTags"), ("policySets", "roleScopeTags"),
                      ("configurationPolicies", "roleScopeTagIds")]
)  # fmt: skip
def test_without_any_scope_tag_it_gets_the_default_one(key, name):
    made = plan(source(key, {"displayName": "A", name: ["7"]}), resolve=links(**{"7": None}))
    assert made.blockers == ()
    assert made.steps[0].body[name] == ["0"]


def test_what_needs_an_object_that_cannot_be_restored_says_so():
    def resolve(kind, source_id):
        del kind, source_id
        return Link(name="Contoso VPN", is_blocked=True)

    content = {"displayName": "A", "targetedMobileApps": [ONE]}
    made = plan(source("mobileAppConfigurations", content), resolve=resolve)
    assert [note.code for note in made.blockers] == ["dependency.blocked"]
    assert "Contoso VPN" in made.blockers[0].message
