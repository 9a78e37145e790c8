"""The answer of a comparison, and why a change cannot be seen."""

import pytest

from opsapp.intune.diff import Side, compare
from opsapp.presenters import policy_diff
from tests.support.inventory_rows import to_all_devices


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (Side({"a": 1}), Side({"a": 1}), "Nothing differs that is part of the policy."),
        (Side({"a": 1}), Side({"a": 2}), "1 setting changed."),
        (
            Side({"a": 1, "b": 1, "c": 1}),
            Side({"a": 2, "b": 2, "d": 1}),
            "2 settings changed, 1 added, 1 removed.",
        ),
        (
            Side({"name": "A"}),
            Side({"name": "B", "description": "x", "platforms": "macOS"}),
            "Settings unchanged; name, description and platform changed.",
        ),
        (
            Side({"a": 1}, [to_all_devices()]),
            Side({"a": 2}, [to_all_devices()]),
            "1 setting changed; assignments unchanged.",
        ),
        (Side({}, [to_all_devices()]), Side({}), "Settings unchanged; 1 assignment removed."),
    ],
)
def test_the_answer(before, after, words):
    assert policy_diff.sentence(compare(before, after)) == words


def test_sections_with_changes_come_first():
    before = {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1}}
    after = {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 1}}
    sections = policy_diff.sections_of(compare(Side(before), Side(after)).settings)
    assert [(section.title, section.changed) for section in sections] == [
        ("B", 1),
        ("A", 0),
        ("C", 0),
    ]


def test_a_change_that_cannot_be_seen_says_why():
    def note(before, after):
        (one,) = compare(Side(before), Side(after)).settings
        return policy_diff.row_of(one)["note"]

    assert "secret is another" in note({"password": "a"}, {"password": "b"})
    assert "stored differently" in note({"a": "1"}, {"a": 1})
    assert note({"a": 1}, {"a": 2}) == ""
