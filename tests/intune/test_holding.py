"""Whether an object holds what was written to it."""

import pytest

from opsapp.intune.holding import lacking, lacking_assignments, may_be
from opsapp.intune.secrets import SEALED_PREFIX

MARK = f"{SEALED_PREFIX}{'a' * 64}"
DEVICES = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 1, "added": True}),
        ({"a": None}, {"a": "a default"}),
        ({"a": False, "b": "notConfigured", "c": {"d": 0}}, {}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "added": 2}}),
        ({"id": "source"}, {"id": "target"}),
        ({"lastModifiedDateTime": "2026"}, {"lastModifiedDateTime": "2027"}),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01T00:00:00.0000000Z"}),
        ({"a": {"@odata.type": "#x", "b": 1}}, {"a": {"b": 1}}),
        ({"roleScopeTagIds": []}, {"roleScopeTagIds": ["0"]}),
        ({"roleScopeTagIds": ["1", "0"]}, {"roleScopeTagIds": ["0", "1"]}),
        ({"settings": [{"id": "0", "v": 1}, {"v": 2}]}, {"settings": [{"v": 2}, {"v": 1, "w": 3}]}),
        ({"secret": MARK}, {"secret": MARK}),
        ({"secret": "****"}, {"secret": "a value"}),
    ],
)
def test_what_is_no_difference(wanted, found):
    assert lacking(wanted, found) == []


@pytest.mark.parametrize(
    ("wanted", "found", "where"),
    [
        ({"a": 1}, {"a": 2}, "a"),
        ({"a": "x"}, {}, "a"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [2, 1]}}, "a.b[0]"),
        ({"a": [1]}, {"a": [1, 2]}, "a"),
        ({"a": []}, {"a": ["left"]}, "a"),
        ({"a": False}, {"a": True}, "a"),
        ({"settings": [{"v": 1}]}, {"settings": [{"v": 2}]}, "settings[0].v"),
        ({"@odata.type": "#x"}, {"@odata.type": "#y"}, "@odata.type"),
        ({"secret": MARK}, {"secret": f"{SEALED_PREFIX}{'b' * 64}"}, "secret"),
    ],
)
def test_what_is_a_difference(wanted, found, where):
    lacks = lacking(wanted, found)
    assert lacks[0].where == where
    assert not lacks[0].is_hidden


@pytest.mark.parametrize("shown", [None, "****", "absent"])
def test_a_secret_that_is_not_shown_is_neither(shown):
    [lack] = lacking({"secret": MARK}, {} if shown == "absent" else {"secret": shown})
    assert lack.is_hidden


def test_an_entry_of_a_list_may_be_what_was_sent_unless_it_says_otherwise():
    sent = {"a": 1, "only in the object": "x", "secret": MARK}
    assert may_be(sent, {"id": "1", "a": 1, "secret": "****"})
    assert not may_be(sent, {"id": "1", "a": 2})


def test_assignments_may_say_more_but_not_narrow():
    filtered = {
        "target": {
            **DEVICES["target"],
            "deviceAndAppManagementAssignmentFilterId": "f",
            "deviceAndAppManagementAssignmentFilterType": "include",
        }
    }
    assert (
        lacking_assignments([DEVICES], [{**DEVICES, "intent": "apply", "source": "direct"}]) == []
    )
    assert lacking_assignments([DEVICES], [filtered])
    assert lacking_assignments([filtered], [DEVICES])
    assert lacking_assignments([DEVICES], [])
    assert lacking_assignments([], [DEVICES])
