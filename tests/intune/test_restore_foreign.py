"""What of an object cannot follow it into another tenant."""

from opsapp.intune.restore.foreign import abroad

PERSON = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


def _policy(**users: list[str]) -> dict[str, object]:
    return {"displayName": "Policy", "conditions": {"users": users, "clientAppTypes": ["all"]}}


def test_people_are_left_out_and_said() -> None:
    left = abroad(
        "conditionalAccessPolicies",
        _policy(includeUsers=[PERSON], excludeUsers=[OTHER], includeGroups=["group"]),
    )

    assert left.content["conditions"]["users"] == {
        "includeUsers": [],
        "excludeUsers": [],
        "includeGroups": ["group"],
    }
    assert left.content["conditions"]["clientAppTypes"] == ["all"]
    assert left.excluded == 1
    assert [note.message for note in left.warnings] == [
        "2 users are left out: people are not mapped between tenants."
    ]


def test_a_policy_for_one_person_reaches_nobody_rather_than_more() -> None:
    left = abroad("conditionalAccessPolicies", _policy(includeUsers=[PERSON], excludeUsers=[]))

    assert left.content["conditions"]["users"]["includeUsers"] == ["None"]
    assert left.excluded == 0


def test_words_stay() -> None:
    policy = _policy(includeUsers=["All"], excludeUsers=["GuestsOrExternalUsers"])

    left = abroad("conditionalAccessPolicies", policy)

    assert (left.content, left.warnings) == (policy, ())


def test_settings_of_imported_files_are_lacking() -> None:
    ours = {"definition": {"id": "a", "displayName": "Server", "policyType": "admxIngested"}}
    built_in = {"definition": {"id": "b", "displayName": "Clock", "policyType": "admxBacked"}}

    left = abroad("groupPolicyConfigurations", {"definitionValues": [ours, built_in]})

    assert left.content["definitionValues"] == [built_in]
    assert left.lacks == ("“Server”, a setting of an imported ADMX file: set it by hand",)
