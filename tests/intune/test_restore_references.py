"""What an object names outside of itself."""

import pytest

from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore.references import (
    dependencies_of,
    places_in,
    references_of,
    replaced,
    without,
)

ONE, TWO = "7101093a-42e0-5150-8d69-a78ac5007c4e", "00c53e3e-3cd0-5ae6-8bb0-59d7e87c4d24"
ZERO = "00000000-0000-0000-0000-000000000000"


def target(group=ONE, filter_id=None, kind="groupAssignmentTarget", **entry):
    return {
        "target": {
            "@odata.type": f"#microsoft.graph.{kind}",
            "groupId": group,
            "deviceAndAppManagementAssignmentFilterId": filter_id,
        },
        **entry,
    }


REFERENCE = {
    "@odata.type": "#microsoft.graph.deviceManagementConfigurationReferenceSettingValue",
    "value": TWO,
}


def setting(definition, **value):
    return {"settingInstance": {"settingDefinitionId": definition, **value}}


CASES = [
    ("configurationPolicies", {"roleScopeTagIds": ["0", "3"]}, [("roleScopeTags", "3")]),
    (
        "configurationPolicies",
        {
            "settings": [
                setting(
                    "a",
                    groupSettingCollectionValue=[
                        {
                            "children": [
                                {
                                    "settingDefinitionId": "b",
                                    "simpleSettingCollectionValue": [REFERENCE],
                                }
                            ]
                        }
                    ],
                )
            ]
        },
        [("reusablePolicySettings", TWO)],
    ),
    (
        "configurationPolicies",
        {
            "settings": [
                setting(
                    "enrollment_autopilot_dpp_allowedappids",
                    simpleSettingCollectionValue=[
                        {"value": f'{{"id":"{ONE}","type":"#microsoft.graph.winGetApp"}}'}
                    ],
                ),
                setting(
                    "enrollment_autopilot_dpp_allowedscriptids",
                    simpleSettingCollectionValue=[{"value": TWO}],
                ),
            ]
        },
        [("mobileApps", ONE), ("deviceManagementScripts", TWO)],
    ),
    (
        "compliancePolicies",
        {"settings": [setting("s", simpleSettingValue=REFERENCE)]},
        [("reusablePolicySettings", TWO)],
    ),
    (
        "deviceCompliancePolicies",
        {
            "scheduledActionsForRule": [
                {
                    "scheduledActionConfigurations": [
                        {"notificationTemplateId": ZERO, "notificationMessageCCList": []},
                        {"notificationTemplateId": ONE, "notificationMessageCCList": [TWO]},
                    ]
                }
            ],
            "deviceCompliancePolicyScript": {"deviceComplianceScriptId": TWO},
        },
        [
            ("notificationMessageTemplates", ONE),
            ("groups", TWO),
            ("deviceComplianceScripts", TWO),
        ],
    ),
    ("deviceConfigurations", {"rootCertificate": {"id": ONE}}, [("deviceConfigurations", ONE)]),
    (
        "mobileApps",
        {
            "relationships": [
                {"targetId": ONE, "targetType": "child"},
                {"targetId": TWO, "targetType": "parent"},
            ],
            "categories": [{"id": TWO}],
        },
        [("mobileApps", ONE), ("mobileAppCategories", TWO)],
    ),
    (
        "deviceEnrollmentConfigurations",
        {"notificationTemplates": [f"Email_{ONE}", f"Push_{ZERO}"]},
        [("notificationMessageTemplates", ONE)],
    ),
    (
        "policySets",
        {
            "items": [
                {"@odata.type": "#microsoft.graph.mobileAppPolicySetItem", "payloadId": ONE},
                {
                    "@odata.type": "#microsoft.graph.deviceCompliancePolicyPolicySetItem",
                    "payloadId": TWO,
                },
            ],
            "roleScopeTags": ["2"],
        },
        [("roleScopeTags", "2"), ("mobileApps", ONE), ("deviceCompliancePolicies", TWO)],
    ),
    (
        "roleAssignments",
        {
            "members": [ONE],
            "roleDefinition": {"id": TWO, "isBuiltIn": True},
            "roleScopeTags": [{"id": "0"}, {"id": "4"}],
        },
        [("groups", ONE), ("roleScopeTags", "4")],
    ),
    (
        "roleAssignments",
        {"roleDefinition": {"id": TWO, "isBuiltIn": False}},
        [("roleDefinitions", TWO)],
    ),
    (
        "conditionalAccessPolicies",
        {
            "conditions": {
                "users": {"includeUsers": ["All"], "excludeGroups": [ONE]},
                "locations": {"includeLocations": ["All", TWO], "excludeLocations": ["AllTrusted"]},
            },
            "grantControls": {
                "authenticationStrength": {"id": "00000000-0000-0000-0000-000000000002"},
                "termsOfUse": [ONE],
            },
        },
        [("groups", ONE), ("namedLocations", TWO), ("agreements", ONE)],
    ),
]


@pytest.mark.parametrize(("key", "content", "named"), CASES)
def test_what_contents_name(key, content, named):
    assert references_of(CATALOGUE[key], content, []) == named


def test_what_assignments_name():
    rows = [
        target(ONE, TWO),
        target(ONE, ZERO, "exclusionGroupAssignmentTarget"),
        target("acacacac-9df4-4c7d-9d50-4ef0226f57a9"),
        {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}},
    ]
    kind = CATALOGUE["configurationPolicies"]
    assert references_of(kind, {}, rows) == [("groups", ONE), ("assignmentFilters", TWO)]
    assert dependencies_of(kind, {}, rows) == [("assignmentFilters", TWO)]


@pytest.mark.parametrize(("key", "content", "named"), CASES)
def test_each_place_is_replaced_and_taken_away(key, content, named):
    kind = CATALOGUE[key]
    places = list(places_in(kind, content, []))
    new = {source_id: source_id[:-2] + "ff" for _, source_id in named}
    changes = {
        place.path: lambda text, old=place.source_id: text.replace(old, new[old])
        for place in places
    }
    changed = replaced(content, changes)
    assert references_of(kind, changed, []) == [(k, new[source_id]) for k, source_id in named]
    assert references_of(kind, without(content, {place.path for place in places}), []) == []
    assert references_of(kind, content, []) == named


def test_actions_of_catalog_compliance_name_templates_and_groups() -> None:
    action = {"notificationTemplateId": "template", "notificationMessageCCList": [ONE]}
    content = {"scheduledActionsForRule": [{"scheduledActionConfigurations": [action]}]}

    found = references_of(CATALOGUE["compliancePolicies"], content, [])

    assert found == [("notificationMessageTemplates", "template"), ("groups", ONE)]


def test_profiles_lead_to_one_certificate_or_to_several() -> None:
    content = {
        "rootCertificatesForServerValidation": [{"id": "root"}, {"id": "other"}],
        "identityCertificateForClientAuthentication": {"id": "own"},
    }

    found = references_of(CATALOGUE["deviceConfigurations"], content, [])

    assert set(found) == {("deviceConfigurations", one) for one in ("root", "other", "own")}
