"""What makes two runs the same work: tenant, type and inputs, and nothing else."""

import hashlib
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsapp.runs.identity import run_identity_hash

# Few words, many of them pieces of the encoding itself: they meet often, and would collide.
words = st.text(alphabet='a1,:"[]{}\\ é', max_size=3)
scalars = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.0, 1.0, 1.5]) | words
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
inputs_of_runs = st.dictionaries(words, json_values, max_size=3)
identities = st.tuples(st.integers(1, 3), words, inputs_of_runs)


def turned_round(value: Any) -> Any:
    """The same, with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: turned_round(value[key]) for key in reversed(value)}
    return [turned_round(one) for one in value] if isinstance(value, list) else value


def meaning(value: Any) -> Any:
    """What JSON tells apart, without going through JSON: types matter, order of keys does not."""
    if isinstance(value, dict):
        return frozenset((key, meaning(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        return tuple(meaning(one) for one in value)
    return type(value).__name__, repr(value)


@given(st.integers(), words, inputs_of_runs)
def test_the_order_of_keys_is_no_difference(tenant: int, kind: str, inputs: dict) -> None:
    assert run_identity_hash(tenant, kind, inputs) == run_identity_hash(
        tenant, kind, turned_round(inputs)
    )


@given(identities, identities)
def test_equal_hashes_mean_equal_work(first: tuple, second: tuple) -> None:
    is_same = meaning(first) == meaning(second)
    assert (run_identity_hash(*first) == run_identity_hash(*second)) == is_same


@given(inputs_of_runs, inputs_of_runs)
def test_different_inputs_are_different_work(first: dict, second: dict) -> None:
    is_same = meaning(first) == meaning(second)
    assert (run_identity_hash(1, "t", first) == run_identity_hash(1, "t", second)) == is_same


@pytest.mark.parametrize(
    "lookalikes",
    [
        [1, "1", True, 1.0, [1], {"1": None}],
        [0, "0", False, None, "null", "", [], {}, [[]], [None]],
        [["a", "b"], ["a,b"], ['a","b'], [["a"], "b"], [["a", "b"]], ["ab"], ["b", "a"]],
        [{"a": {"b": 1}}, {"a": 1, "b": 1}, {"a": "b:1"}, {"a": '{"b":1}'}],
        ["é", "e\u0301", "\\u00e9", "\udce9"],
    ],
)
def test_lookalikes_are_told_apart(lookalikes: list[Any]) -> None:
    hashes = [run_identity_hash(1, "t", {"x": value}) for value in lookalikes]
    assert len(set(hashes)) == len(lookalikes)


def test_the_parts_do_not_run_into_each_other() -> None:
    parts = itertools.product((1, 11), ("1a", "a", "1", '1,"a'), ({}, {"a": "a"}))
    hashes = [run_identity_hash(*each) for each in parts]
    assert len(set(hashes)) == len(hashes)


def test_the_encoding_stays_as_it_is() -> None:
    """Another value would let active runs of before an upgrade be started twice after it."""
    known = run_identity_hash(7, "inventory.sync", {"types": ["b", "ä"], "deep": {"y": 1, "x": 0}})
    text = '[1,7,"inventory.sync",{"deep":{"x":0,"y":1},"types":["b","ä"]}]'
    assert known == hashlib.sha256(text.encode()).hexdigest()
