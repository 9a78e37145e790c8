"""What only the target's object has: cleared where it says something, and no noise otherwise."""

import pytest

from tests.intune.planning_cases import existing, plan, source

WHOLE = {
    "@odata.type": "#microsoft.graph.windows10GeneralConfiguration",
    "displayName": "Corporate",
    "createdDateTime": "2026-01-01T00:00:00Z",
    "roleScopeTagIds": ["0"],
    "edgeFirstRunUrl": None,
}


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("edgeFirstRunUrl", "https://evil.example", None),
        ("startMenuLayoutXml", "PGxheW91dD4=", None),
        ("passwordMinimumLength", 4, None),
        ("bluetoothAllowedServices", ["one"], []),
        ("defenderDetectedMalwareActions", {"lowSeverity": "allow"}, None),
    ],
)
def test_a_value_that_the_source_has_not_is_cleared(name, value, sent):
    made = plan(source("deviceConfigurations", WHOLE), existing({name: value}, base=WHOLE))
    assert made.action == "update"
    assert made.steps[0].body == {"@odata.type": WHOLE["@odata.type"], name: sent}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("newMember", None),
        ("newMember", []),
        ("newMember", False),
        ("newMember", True),
        ("newMember", "notConfigured"),
        ("newMember", {"kind": "none", "rows": []}),
        ("newMember@odata.type", "#Collection(String)"),
        ("lastSeenDateTime", "2026-01-01T00:00:00Z"),
        ("version", 7),
        ("roleScopeTagIds", ["0"]),
    ],
)
def test_what_says_nothing_is_no_difference(name, value):
    content = {key: held for key, held in WHOLE.items() if key != name}
    made = plan(source("deviceConfigurations", content), existing({name: value}, base=content))
    assert made.action == "unchanged"


def test_a_source_that_was_not_read_whole_tells_nothing_by_what_it_leaves_out():
    content = {name: WHOLE[name] for name in ("@odata.type", "displayName")}
    there = existing({"periodBeforeWipe": "P90D"}, base=content)
    assert plan(source("deviceConfigurations", content), there).action == "unchanged"


def test_a_condition_that_somebody_added_goes():
    held = {
        "displayName": "Sign in",
        "state": "enabled",
        "createdDateTime": "2026-01-01T00:00:00Z",
        "conditions": {"users": {"includeUsers": ["All"]}, "platforms": None},
        "sessionControls": None,
    }
    spoilt = {**held["conditions"], "platforms": {"includePlatforms": ["macOS"]}}
    changes = {"conditions": spoilt, "sessionControls": {"signInFrequency": {"value": 4}}}
    made = plan(source("conditionalAccessPolicies", held), existing(changes, base=held))
    assert made.steps[0].body == {"conditions": held["conditions"], "sessionControls": None}
