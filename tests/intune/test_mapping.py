"""What in the target stands for what a restore names: suggested only where it is clear."""

import time

import pytest

from opsapp.intune.restore.mapping import Suggestion, Thing, lasting_id, suggest

GUID = "7101093a-42e0-5150-8d69-a78ac5007c4e"
OTHER = "8101093a-42e0-5150-8d69-a78ac5007c4e"
GROUP_WORDS = ("group", "groups")


def group(key: str, name: str = "", nickname: str = "", rule: str = "") -> Thing:
    return Thing(key, name, nickname, rule)


def suggested(sources: list[Thing], targets: list[Thing], **more: object) -> dict[str, Suggestion]:
    return suggest("groups", sources, targets, words=GROUP_WORDS, **more)  # type: ignore[arg-type]


def one(source: Thing, *targets: Thing, **more: object) -> tuple[str | None, str, str]:
    found = suggested([source], list(targets), **more)[source.id]
    return found.target.id if found.target else None, found.origin, found.note


def test_the_same_id_comes_before_the_name():
    assert one(group(GUID, "Sales"), group("b", "Sales"), group(GUID, "Sold")) == (GUID, "id", "")


@pytest.mark.parametrize(
    ("target", "origin"),
    [
        (group("t", "Sales", "other", "other"), "name"),
        (group("t", "Sold", "sales", "other"), "mail_nickname"),
        (group("t", "Sold", "other", '(user.city -eq "Oslo")'), "rule"),
    ],
)
def test_name_nickname_and_rule_in_this_order(target, origin):
    source = group("s", "Sales", "sales", '(user.city -eq "Oslo")')
    assert one(source, target) == ("t", origin, "")


def test_the_name_comes_before_the_nickname():
    source = group("s", "Sales", "sales")
    assert one(source, group("a", "Old", "sales"), group("b", "Sales", "x")) == ("b", "name", "")


@pytest.mark.parametrize("name", ["Sales ", " Sales", "sales", "SALES", "Sa les", "Sa\u00adles"])
def test_a_name_counts_exactly(name):
    assert one(group("s", "Sales"), group("t", name)) == (None, "", "No group of this name.")


def test_names_that_differ_in_a_blank_are_two():
    found = suggested(
        [group("1", "Sales"), group("2", "Sales ")], [group("a", "Sales "), group("b", "Sales")]
    )
    assert {key: each.target.id for key, each in found.items() if each.target} == {
        "1": "b",
        "2": "a",
    }


def test_several_of_a_name_are_never_guessed():
    source = group("s", "Sales", "sales")
    targets = [group("a", "Sales", "sales"), group("b", "Sales"), group("c", "Sales")]
    assert one(source, *targets) == (None, "", "3 groups of this name.")


def test_several_sources_of_a_name_are_never_guessed():
    found = suggested([group("1", "Sales"), group("2", "Sales")], [group("a", "Sales")])
    note = "2 groups of this name in the source, one in the target."
    assert [(each.target, each.note) for each in found.values()] == [(None, note)] * 2


def test_a_namesake_that_nothing_names_makes_a_source_unclear():
    source = group("1", "Sales")
    assert one(source, group("a", "Sales"), namesakes={"Sales": 2})[0] is None
    assert one(source, group("a", "Sales"), namesakes={"Sales": 1})[0] == "a"


def test_the_same_rule_twice_is_unclear():
    source = group("s", "Sales", rule="(true)")
    note = "2 groups with this membership rule."
    assert one(source, group("a", "A", rule="(true)"), group("b", "B", rule="(true)")) == (
        None,
        "",
        note,
    )


def test_a_target_is_given_once():
    sources = [group("1", "Sales", "sales"), group("2", "Sales ", "sales2")]
    found = suggested(sources, [group("a", "Sales", "sales2")])
    assert found["1"].target is not None
    assert found["2"] == Suggestion(note="No group of this name.")


def test_groups_without_nickname_or_rule_have_nothing_in_common():
    assert one(group("s", "Sales"), group("t", "Sold"))[0] is None


def test_an_unknown_name_says_so():
    assert one(group("s"), group("t", "Sold"))[2] == "The name of this group is not known."


def test_filters_of_one_name_are_told_apart_by_platform():
    source = Thing("s", "Corporate", sort=("", "windows10AndLater"))
    targets = [
        Thing("a", "Corporate", sort=("", "iOS")),
        Thing("b", "Corporate", sort=("", "windows10AndLater")),
    ]
    words = ("assignment filter", "assignment filters")
    found = suggest("assignmentFilters", [source], targets, words=words)["s"]
    assert found.target == targets[1]


@pytest.mark.parametrize(
    ("kind", "graph_id", "same_tenant", "lasting"),
    [
        ("groups", GUID.upper(), False, GUID),
        ("roleScopeTags", "3", False, ""),
        ("roleScopeTags", "3", True, "3"),
        ("authenticationContextClassReferences", "c7", False, "c7"),
        ("deviceEnrollmentConfigurations", f"{GUID}_DefaultLimit", False, "Limit"),
        ("deviceEnrollmentConfigurations", f"{GUID}_Windows10EspXyz", False, ""),
    ],
)
def test_which_ids_mean_the_same_in_another_tenant(kind, graph_id, same_tenant, lasting):
    assert lasting_id(kind, graph_id, same_tenant=same_tenant) == lasting


def test_defaults_of_two_tenants_are_the_same_by_nature():
    source = Thing(f"{GUID}_DefaultLimit", "All users and all devices")
    targets = [
        Thing(f"{OTHER}_DefaultLimit", "All users and all devices"),
        Thing(f"{OTHER}_DefaultWindowsHelloForBusiness", "All users and all devices"),
    ]
    words = ("enrollment configuration", "enrollment configurations")
    found = suggest("deviceEnrollmentConfigurations", [source], targets, words=words)
    assert found[source.id] == Suggestion(targets[0], "id")


def test_200_groups_against_10000_take_no_time():
    targets = [group(f"t{n}", f"Group {n}", f"group{n}", f"(rule {n})") for n in range(10_000)]
    sources = [group(f"s{n}", f"Group {n * 7}", f"group{n * 7}") for n in range(200)]
    start = time.process_time()
    found = suggested(sources, targets)
    assert time.process_time() - start < 1
    assert all(each.origin == "name" for each in found.values())
