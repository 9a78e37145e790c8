"""What differs between two policies: settings, facts, assignments."""

import base64
import copy
import itertools
import os
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsapp.exports.reader import read_folder
from opsapp.intune.diff import Comparison, Side, compare
from opsapp.intune.difference import Change, Difference, line_groups
from opsapp.intune.secrets import SEALED_PREFIX, SHOWN_INSTEAD
from tests.support.inventory_rows import (
    catalog,
    choice,
    graph_id,
    simple,
    to_all_devices,
    to_group,
)

RULES = "vendor_msft_firewall_mdmstore_firewallrules_{firewallrulename}"
BASELINES = os.environ.get("OPSAPP_TEST_BASELINES")


def of(before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    return compare(Side(before), Side(after))


def changes(comparison: Comparison) -> dict[str, str]:
    """What is not unchanged, by key."""
    return {
        one.setting.key: one.change.value
        for one in comparison.settings
        if one.change != Change.UNCHANGED
    }


def rule(name: str, action: str, port: str) -> dict[str, Any]:
    return {
        "children": [
            simple(f"{RULES}_name", name),
            choice(f"{RULES}_action_type", action),
            simple(f"{RULES}_localport", port),
        ]
    }


def rules(*entries: dict[str, Any]) -> dict[str, Any]:
    return catalog({"settingDefinitionId": RULES, "groupSettingCollectionValue": list(entries)})


class TestSettings:
    def test_each_setting_is_added_removed_changed_or_unchanged(self):
        found = of({"a": 1, "b": 1, "c": 1}, {"b": 1, "c": 2, "d": 1})
        assert [(one.setting.key, one.change.value) for one in found.settings] == [
            ("a", "removed"),
            ("b", "unchanged"),
            ("c", "changed"),
            ("d", "added"),
        ]
        assert found.count("settings") == {
            Change.REMOVED: 1,
            Change.UNCHANGED: 1,
            Change.CHANGED: 1,
            Change.ADDED: 1,
        }

    def test_values_that_read_alike_but_differ_are_changed(self):
        (one,) = of({"a": "True"}, {"a": True}).settings
        assert one.change == Change.CHANGED

    def test_a_rule_that_changed_is_still_the_same_rule(self):
        first, second, third = rule("A", "0", "80"), rule("B", "0", "443"), rule("C", "1", "22")
        changed = rule("B", "0", "8443")
        found = of(rules(first, second, third), rules(third, first, changed))
        assert changes(found) == {f"{RULES}[3]/{RULES}_localport": "changed"}

    def test_a_rule_more_is_only_that(self):
        first, second = rule("A", "0", "80"), rule("B", "0", "443")
        found = of(rules(first), rules(second, first))
        assert found.count("settings") == {Change.ADDED: 3, Change.UNCHANGED: 3}

    def test_reminders_of_one_kind_are_told_apart_by_what_they_say(self):
        def actions(*hours: int) -> dict[str, Any]:
            each = [{"actionType": "notification", "gracePeriodHours": one} for one in hours]
            return {"scheduledActionsForRule": [{"scheduledActionConfigurations": each}]}

        assert of(actions(24, 48), actions(48, 24)).is_empty
        found = of(actions(24, 48, 72), actions(72, 24, 96))
        assert list(changes(found).values()) == ["changed"]

    def test_a_renamed_entry_is_one_change_where_it_stays_the_same_otherwise(self):
        def oma(name: str, uri: str, value: int) -> dict[str, Any]:
            return {"displayName": name, "omaUri": uri, "description": "why", "value": value}

        found = of({"omaSettings": [oma("One", "./a", 1)]}, {"omaSettings": [oma("Uno", "./a", 1)]})
        assert changes(found) == {"omaSettings[./a]/displayName": "changed"}
        found = of({"omaSettings": [oma("One", "./a", 1)]}, {"omaSettings": [oma("Two", "./b", 2)]})
        assert set(changes(found).values()) == {"added", "removed"}

    def test_pairs_of_name_and_value_go_by_their_name(self):
        found = of(
            {"settings": [{"name": "a", "value": "1"}]}, {"settings": [{"name": "b", "value": "1"}]}
        )
        assert changes(found) == {"settings[a]": "removed", "settings[b]": "added"}

    def test_the_order_of_sets_is_no_difference_but_that_of_servers_is(self):
        assert of({"apps": ["a", "b"]}, {"apps": ["b", "a"]}).is_empty
        assert not of({"dnsServers": ["a", "b"]}, {"dnsServers": ["b", "a"]}).is_empty

    def test_two_secrets_differ_and_are_not_shown(self):
        before, after = (f"{SEALED_PREFIX}{letter * 8}" for letter in "ab")
        (one,) = of({"key": before}, {"key": after}).settings
        assert one.change == Change.CHANGED
        assert one.looks_equal
        assert one.before is not None and one.before.values == (SHOWN_INSTEAD,)
        assert line_groups(one) == []


class TestScripts:
    def script(self, text: str) -> dict[str, Any]:
        return {"scriptContent": base64.b64encode(text.encode()).decode()}

    def changed(self, before: str, after: str) -> Difference:
        (one,) = of(self.script(before), self.script(after)).settings
        return one

    def test_only_the_changed_lines_and_some_around_are_given(self):
        text = [f"line {number}" for number in range(1, 41)]
        after = [*text[:19], "line twenty", *text[20:]]
        (group,) = line_groups(self.changed("\n".join(text), "\n".join(after)))
        assert [(line.before, line.after, line.change.value) for line in group[2:6]] == [
            (19, 19, "unchanged"),
            (20, None, "removed"),
            (None, 20, "added"),
            (21, 21, "unchanged"),
        ]
        assert len(group) == 8

    def test_other_line_ends_are_a_change_that_cannot_be_seen(self):
        one = self.changed("a\nb\n", "a\r\nb\r\n")
        assert one.change == Change.CHANGED
        assert one.looks_equal

    def test_a_text_of_very_many_lines_is_not_compared_by_line(self):
        assert line_groups(self.changed("a\n" * 5000, "b\n" * 5000)) == []


class TestFacts:
    def test_name_description_and_scope_tags(self):
        before = Side({"name": "A", "description": "x", "roleScopeTagIds": ["0"]})
        after = Side({"name": "B", "roleScopeTagIds": ["3", "0"]}, tags={"3": "North"})
        found = {one.setting.label: one for one in compare(before, after).facts}
        assert {label: one.change.value for label, one in found.items()} == {
            "Name": "changed",
            "Description": "removed",
            "Scope tags": "changed",
        }
        assert found["Scope tags"].setting.values == ("Default", "North")

    def test_what_the_service_moves_by_itself_is_nothing(self):
        before = {"id": "1", "lastModifiedDateTime": "2026-01-01T00:00:00Z", "version": 1}
        after = {"id": "1", "lastModifiedDateTime": "2026-02-01T00:00:00Z", "version": 2}
        assert of(before, after).is_empty


class TestAssignments:
    def differences(self, before: list[Any], after: list[Any]) -> list[tuple[str, list[str]]]:
        found = compare(Side({}, before), Side({}, after)).assignments
        return [(one.change.value, [detail.setting.key for detail in one.details]) for one in found]

    def test_matched_by_target_in_any_order(self):
        one, two = to_group(graph_id(1)), to_all_devices()
        assert self.differences([one, two], [two, one]) == [("unchanged", [])] * 2

    def test_a_filter_an_intent_and_an_exclusion_are_changes_of_one_assignment(self):
        group = graph_id(1)
        filtered = to_group(group, filter_id=graph_id(9))
        assert self.differences([to_group(group)], [filtered]) == [
            ("changed", ["filterId", "filterMode"])
        ]
        assert self.differences([to_group(group)], [to_group(group, excluded=True)]) == [
            ("changed", ["included"])
        ]
        required, available = (
            to_group(group) | {"intent": intent} for intent in ("required", "available")
        )
        assert self.differences([required], [available]) == [("changed", ["intent"])]

    def test_settings_and_schedules_are_compared_member_by_member(self):
        def scheduled(interval: int) -> dict[str, Any]:
            schedule = {"@odata.type": "#x.daily", "interval": interval, "useUtc": False}
            return to_all_devices() | {"runSchedule": schedule, "runRemediationScript": True}

        assert self.differences([scheduled(1)], [scheduled(2)]) == [
            ("changed", ["runSchedule/interval"])
        ]

    def test_added_and_removed(self):
        found = self.differences([to_group(graph_id(1))], [to_group(graph_id(2))])
        assert found == [("removed", []), ("added", [])]


class TestAcrossTenants:
    def side(self, group: str, tag: str, name: str | None = "Pilot") -> Side:
        return Side(
            {"excludeGroups": [group], "roleScopeTagIds": [tag]},
            [to_group(group)],
            names={group: name} if name else {},
            tags={tag: "North"},
        )

    def test_what_is_called_the_same_is_the_same(self):
        left, right = self.side(graph_id(1), "4"), self.side(graph_id(2), "7")
        assert compare(left, right, across=True).is_empty
        assert not compare(left, right).is_empty

    def test_an_id_without_a_name_is_only_itself(self):
        left, right = self.side(graph_id(1), "4"), self.side(graph_id(2), "4", name=None)
        found = compare(left, right, across=True)
        assert changes(found) == {"excludeGroups": "changed"}
        assert [one.change.value for one in found.assignments] == ["removed", "added"]


words = st.text("abcdefgh", min_size=1, max_size=5)
leaf = st.booleans() | st.integers(0, 9) | words
entry = st.fixed_dictionaries({"displayName": words, "first": leaf, "second": leaf})
unnamed = st.fixed_dictionaries({"first": leaf, "second": leaf})
contents = st.dictionaries(
    st.sampled_from(["alpha", "beta", "gamma", "delta"]),
    leaf
    | st.lists(words, max_size=4)
    | st.lists(entry, max_size=4)
    | st.lists(unnamed, max_size=4)
    | st.fixed_dictionaries({"inner": leaf, "more": st.lists(entry, max_size=3)}),
    max_size=4,
)
groups = st.lists(st.builds(rule, words, st.sampled_from("01"), words), min_size=1, max_size=4).map(
    lambda entries: rules(*entries)
)
policies = contents | groups


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same with members and entries in another order."""
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        return {key: shuffled(member, chance) for key, member in items}
    if isinstance(value, list):
        members = [shuffled(member, chance) for member in value]
        chance.shuffle(members)
        return members
    return value


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [at for key, member in value.items() for at in leaves(member, (*path, key))]
    if isinstance(value, list) and any(isinstance(member, dict) for member in value):
        return [at for i, member in enumerate(value) for at in leaves(member, (*path, i))]
    return [path]


def can_change(path: tuple[Any, ...]) -> bool:
    """What names a definition or type says which setting it is, not what it is set to."""
    return path[-1] not in {"settingDefinitionId", "@odata.type", "platforms", "id", "children"}


def with_change(content: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(content)
    owner: Any = changed
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = "something else"
    return changed


@given(policies)
@settings(max_examples=200)
def test_nothing_differs_from_itself(content):
    assert of(content, content).is_empty


@given(policies, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_order_is_noise(content, chance):
    assert of(content, shuffled(content, chance)).is_empty


@given(policies, st.data())
@settings(max_examples=300)
def test_one_changed_value_is_one_changed_setting(content, data):
    paths = [path for path in leaves(content) if can_change(path)]
    if not paths:
        return
    found = of(content, with_change(content, data.draw(st.sampled_from(paths))))
    changed = [one for one in found.settings if one.change != Change.UNCHANGED]
    assert [one.change for one in changed] in ([Change.CHANGED], [Change.ADDED])
    if changed[0].change == Change.ADDED:  # an empty list became a value
        assert not [
            one for one in of(content, {}).settings if one.setting.key == changed[0].setting.key
        ]


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "value", "settings", "omaUri", "target", "groupId", "a"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=15,
)
odd_objects = st.dictionaries(
    st.sampled_from(["settings", "omaSettings", "roleScopeTagIds", "templateReference", "a"]), odd
)


@given(odd_objects, odd_objects, st.lists(odd, max_size=3), st.lists(odd, max_size=3))
@settings(max_examples=300)
def test_nothing_is_too_odd_and_every_setting_is_there_once(before, after, first, second):
    found = compare(Side(before, first), Side(after, second), across=True)
    for side in ("before", "after"):
        keys = [getattr(one, side).key for one in found.settings if getattr(one, side)]
        assert len(keys) == len(set(keys))
    for one in found.settings:
        line_groups(one)


def real_series() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Neighbouring versions of the same real object."""
    found = []
    for folder in ("open-intune-baseline-history", "ces2026-intunecd-history"):
        series = defaultdict(list)
        for one in read_folder(Path(str(BASELINES)) / folder).objects:
            series[one.file.rpartition("__")[0]].append(one)
        for name, versions in series.items():
            versions.sort(key=lambda one: one.file)
            pairs = itertools.pairwise(versions)
            found += [(name, was.content, now.content) for was, now in pairs]
    return found


@pytest.mark.baselines
@pytest.mark.skipif(not BASELINES, reason="OPSAPP_TEST_BASELINES is not set")
class TestRealPolicies:
    def test_versions_of_one_policy_differ_in_few_settings(self):
        pairs = real_series()
        assert len(pairs) > 30
        changed = 0
        for name, before, after in pairs:
            count = of(before, after).count("settings")
            differing = count.total() - count[Change.UNCHANGED]
            assert differing <= max(12, count.total() // 2), (name, count)
            changed += bool(differing)
        assert changed > 10

    def test_no_object_differs_from_itself_in_another_order(self):
        chance = random.Random(4)
        folders = [folder for folder in Path(str(BASELINES)).iterdir() if folder.is_dir()]
        for folder in folders:
            for one in read_folder(folder).objects:
                again = shuffled(one.content, chance)
                assert of(one.content, one.content).is_empty, one.file
                assert of(one.content, again).is_empty, one.file
