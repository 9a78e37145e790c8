"""JSON as text that can be folded."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsapp.presenters import json_lines
from opsapp.presenters.json_lines import Fold

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=25,
)


def whole(parts) -> str:
    return "".join(
        part if isinstance(part, str) else f"{part.head}\n{whole(part.parts)}" for part in parts
    )


def folds(parts, depth=1):
    for part in parts:
        if isinstance(part, Fold):
            yield depth, part
            yield from folds(part.parts, depth + 1)


@given(DOCUMENTS)
def test_no_character_is_lost(data):
    shown = json_lines.json_lines(data)
    text = json.dumps(data, indent=2, ensure_ascii=False)
    assert whole(shown.parts) == text
    for depth, fold in folds(shown.parts):
        assert depth <= json_lines.DEEPEST_FOLD
        assert text.split("\n")[fold.number] == fold.head
        assert whole(fold.parts).count("\n") == fold.lines
        assert fold.head[-1] in "{["


def settings(count):
    return {"settings": [{"id": str(number), "value": {"x": 1}} for number in range(count)]}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (settings(5), 6),
        (settings(json_lines.MOST_FOLDS), 1),  # too many for the second level
        ([{"a": 1}] * (json_lines.MOST_FOLDS + 1), 0),
        ({"a": {"text": "x" * json_lines.LARGEST_FOLDED}}, 0),
        ([], 0),
        ("text", 0),
    ],
)
def test_there_are_never_many_folds(data, expected):
    assert len(list(folds(json_lines.json_lines(data).parts))) == expected


def test_a_large_document_is_plain_text_and_quick():
    data = settings(16_000)
    began = time.perf_counter()
    shown = json_lines.json_lines(data)
    assert time.perf_counter() - began < 2
    assert shown.size > 1024 * 1024
    assert len(shown.parts) == 1
