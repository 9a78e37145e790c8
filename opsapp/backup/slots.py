"""When a schedule is due: wall-clock times in a time zone as moments in UTC. Pure.

A wall time that the clocks skip is due at the first moment after it; one that they show twice is
due the first time. Hourly means each real hour: the hour that is shown twice is two hours.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from opsapp.models import BackupSchedule, Frequency

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
MOST_COUNTED = 10_000  # slots that passed unseen: more than a year of hours


@dataclass(frozen=True)
class Recurrence:
    """When to be due; ``weekday`` 0 is Monday, a day that a month does not have its last one."""

    frequency: Frequency
    minute: int = 0
    hour: int = 0
    weekday: int = 0
    monthday: int = 1

    @classmethod
    def of(cls, schedule: BackupSchedule) -> "Recurrence":
        return cls(
            schedule.frequency,
            schedule.minute,
            schedule.hour,
            schedule.weekday,
            schedule.monthday,
        )


def next_slot(recurrence: Recurrence, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment after ``after`` at which it is due, in UTC."""
    if recurrence.frequency == Frequency.HOURLY:
        return _next_hourly(recurrence.minute, zone, after)
    wall = time(recurrence.hour, recurrence.minute)
    days = _days(recurrence, after.astimezone(zone).date() - _DAY)
    moments = (moment_of(datetime.combine(day, wall), zone) for day in days)
    return next(moment for moment in moments if moment > after)


def slots_until(
    recurrence: Recurrence, zone: ZoneInfo, first: datetime, now: datetime
) -> list[datetime]:
    """``first`` and all that follow until ``now``, in order; after a very long time the first."""
    found: list[datetime] = []
    slot = first
    while slot <= now and len(found) < MOST_COUNTED:
        found.append(slot)
        slot = next_slot(recurrence, zone, slot)
    return found


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """When clocks in the zone show ``wall`` first, or first show a later time, in UTC."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(before, moment, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks were put forward: the first moment with the offset of ``after``."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _next_hourly(minute: int, zone: ZoneInfo, after: datetime) -> datetime:
    moment = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    # Where clocks move by half an hour the first guess may show another minute: look on from there.
    while (shown := moment.astimezone(zone).minute) != minute:
        moment += timedelta(minutes=(minute - shown) % 60)
    return moment


def _days(recurrence: Recurrence, first: date) -> Iterator[date]:
    day = first
    while True:
        if _is_due_on(recurrence, day):
            yield day
        day += _DAY


def _is_due_on(recurrence: Recurrence, day: date) -> bool:
    if recurrence.frequency == Frequency.WEEKLY:
        return day.weekday() == recurrence.weekday
    if recurrence.frequency == Frequency.MONTHLY:
        _, last = calendar.monthrange(day.year, day.month)
        return day.day == min(recurrence.monthday, last)
    return True
