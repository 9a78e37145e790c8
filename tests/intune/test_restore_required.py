"""What the service asks of an object, or keeps to itself, whatever the source says."""

import pytest

from tests.intune.planning_cases import existing, links, plan, source

GROUP = "7101093a-42e0-5150-8d69-a78ac5007c4e"
RULES = "scheduledActionsForRule"
ACTIONS = "scheduledActionConfigurations"
POLICY = {
    "@odata.type": "#microsoft.graph.windows10CompliancePolicy",
    "displayName": "Corporate",
    "name": "Corporate",
}
BLOCK = {"actionType": "block", "gracePeriodHours": 12, "notificationTemplateId": None}


@pytest.mark.parametrize("rules", [None, [], [{"ruleName": None, ACTIONS: []}]])
@pytest.mark.parametrize("key", ["deviceCompliancePolicies", "compliancePolicies"])
def test_a_compliance_policy_without_an_action_marks_devices_at_once(key, rules):
    made = plan(source(key, {**POLICY, RULES: rules}))
    sent = made.steps[0].body[RULES][0][ACTIONS]
    assert [(one["actionType"], one["gracePeriodHours"]) for one in sent] == [("block", 0)]
    assert [note.code for note in made.warnings] == ["compliance.no_action"]


def test_an_action_that_the_backup_holds_is_sent_and_nothing_is_said():
    made = plan(source("deviceCompliancePolicies", {**POLICY, RULES: [{ACTIONS: [BLOCK]}]}))
    sent = made.steps[0].body[RULES][0][ACTIONS]
    assert [(one["actionType"], one["gracePeriodHours"]) for one in sent] == [("block", 12)]
    assert made.warnings == ()


@pytest.mark.parametrize("rules", [None, []])
def test_the_action_of_the_target_stays_where_the_backup_holds_none(rules):
    there = existing({RULES: [{"ruleName": None, ACTIONS: [BLOCK]}]}, base=POLICY)
    assert plan(source("deviceCompliancePolicies", {**POLICY, RULES: rules}), there).action == (
        "unchanged"
    )


def test_a_default_of_the_tenant_is_never_assigned():
    kind = "#microsoft.graph.deviceEnrollmentLimitConfiguration"
    default = {"@odata.type": kind, "id": "one_DefaultLimit", "limit": 5, "priority": 0}
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": GROUP}
    given = source("deviceEnrollmentConfigurations", default, [{"target": target}])
    resolve = links(**{GROUP: "new"})
    there = existing({"id": "two_DefaultLimit", "limit": 9}, base=default)
    made = plan(given, there, resolve=resolve)
    assert [(step.method, step.body["limit"]) for step in made.steps] == [("PATCH", 5)]
    assert made.wanted.assignments == []
    same = existing({"id": "two_DefaultLimit"}, base=default)
    assert plan(given, same, resolve=resolve).action == "unchanged"


STORE_APP = {
    "@odata.type": "#microsoft.graph.iosStoreApp",
    "displayName": "Corporate",
    "appStoreUrl": "https://apps.example/notes",
    "isFeatured": True,
}


def test_an_app_keeps_its_place_in_the_store_and_its_prominence():
    body = plan(source("mobileApps", STORE_APP)).steps[0].body
    assert (body["appStoreUrl"], body["isFeatured"]) == (STORE_APP["appStoreUrl"], True)


def test_a_change_of_them_is_sent_as_far_as_the_service_takes_it():
    there = existing({"appStoreUrl": "https://other.example", "isFeatured": False}, base=STORE_APP)
    made = plan(source("mobileApps", STORE_APP), there)
    assert made.steps[0].body == {"@odata.type": STORE_APP["@odata.type"], "isFeatured": True}
    assert made.lacks == ("Graph takes no change of: appStoreUrl.",)
