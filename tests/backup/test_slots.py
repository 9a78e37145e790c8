"""When schedules are due, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsapp.backup.slots import Recurrence, moment_of, next_slot, slots_until
from opsapp.models import Frequency

ZONES = (
    "UTC",
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Cairo",
)
HOWE = "10-03 02:09, 10-04 02:30, 10-05 02:09"
zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.integers(0, 19 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
recurrences = st.builds(
    Recurrence,
    st.sampled_from(Frequency),
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(0, 6),
    st.integers(1, 31),
)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def shown(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def slots(recurrence: Recurrence, zone: str, after: str, count: int) -> list[str]:
    moment, found = at(after, zone), []
    for _ in range(count):
        moment = next_slot(recurrence, ZoneInfo(zone), moment)
        found.append(shown(moment, zone))
    return found


@pytest.mark.parametrize(
    ("zone", "after", "wall", "expected"),
    [
        ("Europe/Berlin", "2026-03-27 12:00", (2, 30), "03-28 02:30, 03-29 03:00, 03-30 02:30"),
        ("America/New_York", "2026-03-06 12:00", (2, 0), "03-07 02:00, 03-08 03:00, 03-09 02:00"),
        ("Africa/Cairo", "2026-04-22 12:00", (0, 15), "04-23 00:15, 04-24 01:00, 04-25 00:15"),
        ("Australia/Lord_Howe", "2026-10-02 12:00", (2, 9), HOWE),
        ("Europe/Berlin", "2026-10-24 12:00", (2, 30), "10-25 02:30, 10-26 02:30, 10-27 02:30"),
    ],
)  # fmt: skip
def test_daily_when_the_clocks_change(
    zone: str, after: str, wall: tuple[int, int], expected: str
) -> None:
    hour, minute = wall
    found = slots(Recurrence(Frequency.DAILY, minute, hour), zone, after, 3)
    assert ", ".join(text[5:] for text in found) == expected


def test_a_time_shown_twice_is_due_the_first_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert moment_of(datetime.fromisoformat("2026-10-25 02:30"), berlin) == at("2026-10-25 00:30")


def test_hourly_runs_in_both_of_the_hours_shown_twice() -> None:
    found = slots(Recurrence(Frequency.HOURLY, 30), "Europe/Berlin", "2026-10-25 01:00", 4)
    assert [text[-5:] for text in found] == ["01:30", "02:30", "02:30", "03:30"]


def test_hourly_leaves_out_the_hour_that_does_not_exist() -> None:
    found = slots(Recurrence(Frequency.HOURLY, 30), "Europe/Berlin", "2026-03-29 01:00", 3)
    assert [text[-5:] for text in found] == ["01:30", "03:30", "04:30"]


def test_a_day_that_does_not_exist_falls_together_with_the_next() -> None:
    found = slots(Recurrence(Frequency.DAILY, 0, 0), "Pacific/Apia", "2011-12-28 12:00", 3)
    assert found == ["2011-12-29 00:00", "2011-12-31 00:00", "2012-01-01 00:00"]


def test_the_last_day_stands_for_one_that_a_month_does_not_have() -> None:
    found = slots(Recurrence(Frequency.MONTHLY, 0, 3, monthday=31), "UTC", "2026-01-31 04:00", 3)
    assert found == ["2026-02-28 03:00", "2026-03-31 03:00", "2026-04-30 03:00"]


def test_weekly_is_that_day_of_the_week() -> None:
    found = slots(Recurrence(Frequency.WEEKLY, 0, 3, weekday=6), "UTC", "2026-11-24 00:00", 2)
    assert found == ["2026-11-29 03:00", "2026-12-06 03:00"]


@given(recurrences, zones, moments)
def test_the_next_slot_lies_ahead_and_none_lies_between(
    recurrence: Recurrence, zone: ZoneInfo, after: datetime
) -> None:
    slot = next_slot(recurrence, zone, after)
    assert slot > after
    assert slot.tzinfo == UTC
    assert next_slot(recurrence, zone, slot - timedelta(seconds=1)) == slot
    assert next_slot(recurrence, zone, after + (slot - after) / 2) == slot


@given(recurrences, zones, moments)
def test_slots_are_rightly_spaced(recurrence: Recurrence, zone: ZoneInfo, after: datetime) -> None:
    longest = {
        Frequency.HOURLY: timedelta(minutes=90),  # half an hour more at Lord Howe
        Frequency.DAILY: timedelta(hours=49),  # Samoa had no 30 December 2011
        Frequency.WEEKLY: timedelta(days=8, hours=1),
        Frequency.MONTHLY: timedelta(days=32, hours=1),
    }[recurrence.frequency]
    found = []
    for _ in range(30):
        after = next_slot(recurrence, zone, after)
        found.append(after)
    for one, two in pairwise(found):
        assert timedelta() < two - one <= longest


@given(zones, moments, st.integers(0, 59), st.integers(0, 23))
def test_daily_is_once_a_day_at_that_time_or_just_after(
    zone: ZoneInfo, after: datetime, minute: int, hour: int
) -> None:
    slot = next_slot(Recurrence(Frequency.DAILY, minute, hour), zone, after)
    local = slot.astimezone(zone)
    second_before = (slot - timedelta(seconds=1)).astimezone(zone)
    is_after_a_gap = local.utcoffset() != second_before.utcoffset()
    assert (local.hour, local.minute) == (hour, minute) or is_after_a_gap


def test_slots_that_passed_are_listed_in_order() -> None:
    hourly = Recurrence(Frequency.HOURLY, 0)
    first = at("2026-11-24 01:00")
    found = slots_until(hourly, ZoneInfo("UTC"), first, at("2026-11-24 04:59"))
    assert [moment.hour for moment in found] == [1, 2, 3, 4]
    assert slots_until(hourly, ZoneInfo("UTC"), first, at("2026-11-24 00:59")) == []
