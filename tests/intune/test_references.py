"""Where objects name other objects."""

import pytest

from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.references import groups_in, ids_at

GROUP = "7101093a-42e0-5150-8d69-a78ac5007c4e"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("a", ["1"]),
        ("b[]", ["2", "3"]),
        ("c.d[].e", ["4", "5"]),
        ("c.d[].none", []),
        ("none.at[].all", []),
    ],
)
def test_ids_at_a_place(where, found):
    content = {"a": "1", "b": ["2", "3", 4], "c": {"d": [{"e": "4"}, {"e": "5"}, None]}}
    assert list(ids_at(content, where)) == found


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("conditionalAccessPolicies", {"conditions": {"users": {"includeGroups": [GROUP]}}}),
        ("roleAssignments", {"members": [GROUP]}),
        (
            "deviceCompliancePolicies",
            {
                "scheduledActionsForRule": [
                    {
                        "scheduledActionConfigurations": [
                            {"notificationMessageCCList": [GROUP, "not an id"]}
                        ]
                    }
                ]
            },
        ),
    ],
)
def test_groups_in_contents(key, content):
    assert groups_in(CATALOGUE[key], content) == {GROUP}
    assert groups_in(CATALOGUE[key], {"conditions": None, "members": "x"}) == set()


def test_every_reference_names_a_type_that_is_read():
    known = {*CATALOGUE, "groups", "any"}
    for row in CATALOGUE.values():
        assert {reference.to for reference in row.references} <= known, row.key
