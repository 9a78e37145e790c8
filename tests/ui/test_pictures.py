"""Bars, sparklines, icons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsapp.presenters.bars import LEAST_WIDTH, items_of, spark_points
from opsapp.presenters.icons import icon

COUNTS = st.integers(min_value=0, max_value=10**7)


@given(
    changed=COUNTS,
    unchanged=COUNTS,
    failed=COUNTS,
    skipped=COUNTS,
    rest=COUNTS,
)
def test_a_bar_fits_and_hides_nothing(changed, unchanged, failed, skipped, rest):
    counts = {
        "succeeded": changed + unchanged,
        "unchanged": unchanged,
        "failed": failed,
        "skipped": skipped,
    }
    items = items_of(counts | {"total": sum((changed, unchanged, failed, skipped, rest))})

    shown = {part.key: part.count for part in items.segments}
    given_counts = {
        "changed": changed,
        "unchanged": unchanged,
        "failed": failed,
        "skipped": skipped,
    }
    assert shown == {key: count for key, count in given_counts.items() if count}
    position = 0.0
    for part in items.segments:
        assert part.x == pytest.approx(position, abs=0.02)
        assert part.width >= LEAST_WIDTH - 0.01
        position += part.width
    assert position <= 100.05


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (None, "No items yet"),
        ({}, "No items yet"),
        ({"total": 0}, "No items"),
        ({"total": 453}, "0 ok / 453"),
        (
            {"total": 453, "succeeded": 412, "unchanged": 380, "failed": 37, "skipped": 4},
            "412 ok · 37 failed · 4 skipped / 453",
        ),
        ({"succeeded": 99_999, "failed": 1, "total": 100_000}, "99,999 ok · 1 failed / 100,000"),
        ({"succeeded": 12}, "12 ok"),
    ],
)
def test_a_bar_in_words(counts, text):
    assert items_of(counts).text == text


def test_unchanged_is_never_more_than_what_succeeded():
    assert items_of({"succeeded": 3, "unchanged": 9}).unchanged == 3


@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=60))
def test_a_sparkline_stays_in_its_picture(values):
    points = [tuple(map(float, pair.split(","))) for pair in spark_points(values).split()]

    assert len(points) == len(values)
    assert all(0 <= x <= 96 and 0 <= y <= 24 for x, y in points)


def test_no_values_no_line():
    assert spark_points([]) == ""


def test_an_icon_is_decoration_unless_it_has_a_label():
    assert 'aria-hidden="true"' in icon("clock")
    assert 'aria-label="Waiting &lt;now&gt;"' in icon("clock", label="Waiting <now>")
    assert "aria-hidden" not in icon("clock", label="Waiting")


def test_an_unknown_icon_is_a_mistake_to_notice():
    with pytest.raises(LookupError):
        icon("no-such-icon")
