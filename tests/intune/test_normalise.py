"""Storage keeps what Graph gave; comparison ignores what changes by itself."""

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsapp.intune.normalise import (
    canonical,
    comparison_hash,
    normal_form,
    without_envelope,
    without_new_defaults,
)

LEAVES = st.none() | st.booleans() | st.integers() | st.text(st.characters())
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
POLICY = {
    "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
    "id": "1",
    "displayName": "Wi-Fi",
    "version": 3,
    "lastModifiedDateTime": "2026-01-01T00:00:00Z",
    "roleScopeTagIds": ["0", "4"],
    "list": [1, 2],
}


@given(JSON)
@example("\ud800")
def test_storage_is_lossless(content: Any) -> None:
    assert json.loads(canonical(content)) == content


@given(st.dictionaries(st.text(), JSON, min_size=2))
def test_the_order_of_members_does_not_count(content: dict[str, Any]) -> None:
    turned = dict(reversed(content.items()))
    assert canonical(turned) == canonical(content)
    assert comparison_hash(turned, []) == comparison_hash(content, [])


@given(JSON)
def test_normalising_changes_nothing_that_is_stored(content: Any) -> None:
    before = copy.deepcopy(content)
    normal_form(content)
    assert content == before


@pytest.mark.parametrize(
    "noise",
    [
        {"version": 4},
        {"lastModifiedDateTime": "2026-02-02T00:00:00Z"},
        {"roleScopeTagIds": ["4", "0"]},
        {"settings@odata.context": "https://graph/beta/$metadata#x"},
        {"#microsoft.graph.assign": {"target": "…"}},
        {"isAssigned": True},
        {"ssid": None},
        {"restrictedApps": []},
    ],
)
def test_noise_makes_no_new_version(noise: dict[str, Any]) -> None:
    assert comparison_hash({**POLICY, **noise}, []) == comparison_hash(POLICY, [])


@pytest.mark.parametrize(
    "change",
    [
        {"displayName": "Other"},
        {"list": [2, 1]},
        {"roleScopeTagIds": ["0"]},
        {"@odata.type": "#microsoft.graph.windowsWifiEnterpriseEAPConfiguration"},
        {"ssid": ""},
        {"list": []},
        {"hidden": False},
    ],
)
def test_substance_makes_a_new_version(change: dict[str, Any]) -> None:
    assert comparison_hash({**POLICY, **change}, []) != comparison_hash(POLICY, [])


def test_assignments_are_a_set_without_ids() -> None:
    one = {"id": "a", "target": {"groupId": "g1"}}
    two = {"id": "b", "target": {"groupId": "g2"}}
    renamed = [{**two, "id": "x"}, {**one, "id": "y"}]
    assert comparison_hash(POLICY, [one, two]) == comparison_hash(POLICY, renamed)
    assert comparison_hash(POLICY, [one]) != comparison_hash(POLICY, [one, two])
    excluded = {"id": "a", "target": {"groupId": "g1", "@odata.type": "exclusion"}}
    assert comparison_hash(POLICY, [one]) != comparison_hash(POLICY, [excluded])


def test_what_a_type_calls_noise_makes_no_new_version() -> None:
    counted = {**POLICY, "enrolledDeviceCount": 3}
    assert comparison_hash(counted, []) != comparison_hash(POLICY, [])
    assert comparison_hash(counted, [], {"enrolledDeviceCount"}) == comparison_hash(POLICY, [])


@pytest.mark.parametrize("value", [None, [], False, 0, "", "notConfigured"])
def test_properties_the_service_learned_since_are_left_out_at_their_defaults(value: Any) -> None:
    learned = {**POLICY, "newToGraph": value}
    assert without_new_defaults(learned, POLICY) == POLICY
    assert without_new_defaults(learned, learned) == learned


@pytest.mark.parametrize("value", [True, 1, "block", ["a"], {}, {"a": None}])
def test_properties_with_something_to_say_are_kept(value: Any) -> None:
    learned = {**POLICY, "newToGraph": value}
    assert without_new_defaults(learned, POLICY) == learned


def test_rows_of_a_part_are_a_set_without_ids() -> None:
    rows = [{"id": "0", "settingInstance": {"a": 1}}, {"id": "1", "settingInstance": {"a": 2}}]
    turned = [{**rows[1], "id": "0"}, {**rows[0], "id": "1"}]
    hashed = comparison_hash({"settings": rows}, [])
    assert hashed == comparison_hash({"settings": turned}, [])
    assert hashed != comparison_hash({"settings": rows[:1]}, [])
    assert hashed != comparison_hash({"settings": [rows[0], rows[0]]}, [])


def test_only_the_envelope_is_left_out_of_storage() -> None:
    content = {"@odata.context": "x", "a@odata.context": "y", "@odata.type": "z", "id": "1"}
    assert without_envelope(content) == {"a@odata.context": "y", "@odata.type": "z", "id": "1"}
