"""Conditional Access is never restored so that it reaches more, or locks out, unseen."""

import pytest

from tests.intune.planning_cases import existing, links, plan, source

KEY = "conditionalAccessPolicies"
GROUP, OTHER, USER = (f"7101093a-42e0-5150-8d69-a78ac5007c4{last}" for last in "abc")
PLACE = "00c53e3e-3cd0-5ae6-8bb0-59d7e87c4d24"
ENABLED, REPORT, DISABLED = "enabled", "enabledForReportingButNotEnforced", "disabled"


def policy(state=ENABLED, controls=("mfa",), locations=None, **users):
    return {
        "displayName": "Sign in",
        "state": state,
        "conditions": {
            "users": {"includeUsers": ["All"], **users},
            "applications": {"includeApplications": ["All"]},
            "locations": locations,
        },
        "grantControls": {"operator": "OR", "builtInControls": list(controls), "termsOfUse": []},
    }


def restored(content, there=None, resolve=None, **choices):
    base = policy()
    found = existing(there, base=base) if there is not None else None
    given = source(KEY, content, name="Sign in", **choices)
    return plan(given, found, resolve=resolve or links())


def codes(notes):
    return [note.code for note in notes]


STATES = [
    # the backup's, chosen, the target's (None: it has none), what is restored
    (ENABLED, None, None, DISABLED),
    (REPORT, None, None, REPORT),
    (ENABLED, ENABLED, None, ENABLED),
    (REPORT, ENABLED, None, REPORT),
    (ENABLED, None, REPORT, REPORT),
    (ENABLED, None, ENABLED, ENABLED),
    (DISABLED, None, ENABLED, ENABLED),
    (REPORT, None, ENABLED, ENABLED),
    (DISABLED, DISABLED, ENABLED, DISABLED),
    (ENABLED, REPORT, ENABLED, REPORT),
    (DISABLED, None, REPORT, DISABLED),
]


@pytest.mark.parametrize(("held", "chosen", "found", "state"), STATES)
def test_the_state_that_is_restored(held, chosen, found, state):
    there = None if found is None else {"state": found, "displayName": "Another name"}
    made = restored(policy(held), there, state=chosen)
    assert made.wanted.content["state"] == state
    is_kept = found == ENABLED != held and chosen is None
    assert ("access.state_kept" in codes(made.warnings)) == is_kept


def test_an_undo_puts_the_state_back_just_so():
    made = restored(policy(DISABLED), {"state": ENABLED}, as_it_was=True)
    assert made.wanted.content["state"] == DISABLED


LEFT_OUT = [
    policy(excludeGroups=[GROUP]),
    policy(locations={"includeLocations": ["All"], "excludeLocations": [PLACE]}),
    {**policy(), "grantControls": {"builtInControls": ["mfa"], "termsOfUse": [PLACE]}},
]


@pytest.mark.parametrize("content", LEFT_OUT)
@pytest.mark.parametrize(
    ("chosen", "found", "blocked"),
    [
        (ENABLED, None, True),
        (None, None, False),  # it is going to be disabled
        (REPORT, None, False),
        (None, {"state": ENABLED, "displayName": "Old"}, True),  # it stays enabled
        (None, {"state": REPORT, "displayName": "Old"}, False),
    ],
)
def test_a_left_out_exclusion_counts_in_the_state_that_is_going_to_be(
    content, chosen, found, blocked
):
    made = restored(content, found, links(**{GROUP: None, PLACE: None}), state=chosen)
    assert codes(made.blockers) == (["mapping.would_widen"] if blocked else [])
    assert "mapping.left_out" in codes(made.warnings)


def test_a_policy_that_is_kept_enabled_is_judged_as_such():
    content = policy(DISABLED, excludeGroups=[GROUP])
    made = restored(content, {"state": ENABLED}, links(**{GROUP: None}))
    assert codes(made.blockers) == ["mapping.would_widen"]


@pytest.mark.parametrize(
    "content",
    [
        policy(DISABLED, includeUsers=[], includeGroups=[GROUP]),
        policy(DISABLED, locations={"includeLocations": [PLACE], "excludeLocations": []}),
        {
            **policy(DISABLED),
            "grantControls": {"builtInControls": [], "authenticationStrength": {"id": PLACE}},
        },
    ],
)
def test_nothing_is_left_blocks_in_any_state(content):
    made = restored(content, None, links(**{GROUP: None, PLACE: None}))
    assert "mapping.would_be_empty" in codes(made.blockers)


def test_of_several_includes_one_may_be_left_out():
    content = policy(includeUsers=[], includeGroups=[GROUP, OTHER])
    made = restored(content, None, links(**{GROUP: None, OTHER: "new"}), state=ENABLED)
    assert made.blockers == ()
    assert made.steps[0].body["conditions"]["users"]["includeGroups"] == ["new"]


@pytest.mark.parametrize("name", ["includeUsers", "excludeUsers"])
@pytest.mark.parametrize(("chosen", "blocked"), [(ENABLED, True), (None, False)])
def test_users_of_another_tenant_are_left_out(name, chosen, blocked):
    content = policy(**{name: ["GuestsOrExternalUsers", USER]})
    made = restored(content, state=chosen, is_foreign=True)
    assert made.steps[0].body["conditions"]["users"][name] == ["GuestsOrExternalUsers"]
    assert ("mapping.would_widen" in codes(made.blockers)) == blocked
    assert any(USER in note.message for note in made.warnings)


def test_users_of_the_same_tenant_stay():
    made = restored(policy(excludeUsers=[USER]), state=ENABLED)
    assert made.blockers == ()
    assert made.steps[0].body["conditions"]["users"]["excludeUsers"] == [USER]


def test_lock_out_is_told_of_what_is_left():
    content = policy(controls=["block"], excludeUsers=[USER])
    told = codes(restored(content, state=ENABLED, is_foreign=True).warnings)
    assert "access.lock_out" in told
    assert "access.lock_out" not in codes(restored(content, state=ENABLED).warnings)
    assert "access.lock_out" not in codes(restored(content, is_foreign=True).warnings)
