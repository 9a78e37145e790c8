"""Numbers, moments and durations in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsapp.presenters import numbers, run_rows, times

DASH = "\N{EN DASH}"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-23T12:00:00Z", "2026-11-23T12:00:00.0000000Z"])
def test_a_moment_in_text(text):
    assert times.parsed(text) == NOON


@pytest.mark.parametrize("text", ["", None, "soon", {}, "9999-99-99"])
def test_what_is_no_moment_is_none(text):
    assert times.parsed(text) is None


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (999, "999"), (100_000, "100,000"), (1.25, "1.2"), (None, DASH)]
)
def test_number(value, words):
    assert numbers.number(value) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, DASH), (7, "7"), (1000, "1,000"), (1001, "1,000+"), (9999, "1,000+")],
)
def test_a_capped_count_does_not_pretend_to_be_exact(count, words):
    assert numbers.capped(count) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 policies"), (1, "1 policy"), (1200, "1,200 policies")]
)
def test_plural(count, words):
    assert numbers.plural(count, "policy", "policies") == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, DASH),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (131_072, "128 KiB"),
        (5 * 1024**2, "5.0 MiB"),
        (3 * 1024**5, "3072 TiB"),
    ],
)
def test_file_size(size, words):
    assert numbers.file_size(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (4.9, "just now"),
        (12, "12 s ago"),
        (200, "3 min ago"),
        (2 * 3600 + 60, "2 h ago"),
        (25 * 3600, "1 day ago"),
        (3 * 86400, "3 days ago"),
        (-300, "in 5 min"),
        (40 * 86400, "14 Oct 2026"),
    ],
)
def test_relative(seconds, words):
    assert times.relative(NOON - timedelta(seconds=seconds), NOON) == words


def test_a_naive_moment_is_utc():
    assert times.relative(NOON.replace(tzinfo=None), NOON) == "just now"
    assert times.iso(NOON.replace(tzinfo=None)) == "2026-11-23T12:00:00Z"


def test_absolute_is_in_the_zone_asked_for_and_names_it():
    assert times.absolute(NOON, ZoneInfo("Europe/Berlin")) == "23 Nov 2026, 13:00:00 CET"
    assert times.utc(NOON.astimezone(ZoneInfo("Asia/Tokyo"))) == "2026-11-23 12:00:00 UTC"


def test_a_moment_that_never_was():
    assert times.relative(None) == times.absolute(None) == times.utc(None) == "never"
    assert times.iso(None) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, DASH),
        (0.84, "0.8 s"),
        (9.96, "10 s"),
        (42, "42 s"),
        (59.99, "59 s"),
        (185, "3 min 05 s"),
        (7500, "2 h 05 min"),
        (3 * 86400 + 4 * 3600, "3 d 4 h"),
        (-3, "0.0 s"),
        (timedelta(minutes=1), "1 min 00 s"),
    ],
)
def test_duration(seconds, words):
    assert times.duration(seconds) == words


@given(st.floats(min_value=0, max_value=1e9))
def test_a_duration_never_shows_sixty_of_anything(seconds):
    words = times.duration(seconds).split()
    for amount, unit in zip(words[::2], words[1::2], strict=True):
        assert unit == "d" or float(amount) < 60


@pytest.mark.parametrize(
    ("value", "words"), [(None, ""), (0, "0 ms"), (340, "340 ms"), (34_120, "34 s")]
)
def test_milliseconds(value, words):
    assert times.milliseconds(value) == words


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((0, 0, 0), "All calm: nothing is running and nothing needs attention."),
        ((2, 14, 0), "2 active; 14 runs of the last 30 days need attention."),
        ((0, 1, 0), "Nothing is running; 1 run of the last 30 days needs attention."),
    ],
)
def test_the_sentence_about_all_runs(figures, words):
    assert run_rows.answer(*figures) == words
