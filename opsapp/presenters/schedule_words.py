"""Schedules in words: when they are due, and how the last backup went."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from opsapp.models import BackupSchedule, BackupSlot, Frequency, SlotState
from opsapp.presenters.numbers import plural
from opsapp.services.schedule_lines import Line
from opsapp.services.schedule_plan import WEEKDAYS


def when(schedule: BackupSchedule) -> str:
    """``Every Monday at 02:00``; the clocks are those of the tenant's time zone."""
    clock = f"{schedule.hour:02}:{schedule.minute:02}"
    match schedule.frequency:
        case Frequency.HOURLY:
            return f"Every hour at minute {schedule.minute}"
        case Frequency.DAILY:
            return f"Every day at {clock}"
        case Frequency.WEEKLY:
            return f"Every {WEEKDAYS[schedule.weekday]} at {clock}"
        case _:
            return f"Every month on day {schedule.monthday} at {clock}"


def keeps(schedule: BackupSchedule) -> str:
    """Which complete sets stay."""
    parts = []
    if schedule.keep_count is not None:
        parts.append(f"the newest {plural(schedule.keep_count, 'set')}")
    if schedule.keep_days is not None:
        parts.append(f"{plural(schedule.keep_days, 'day')}")
    return f"Keeps {', at most '.join(parts)}" if parts else "Keeps every set"


def local(moment: datetime | None, zone: str) -> str:
    """``Tue 24 Nov 2026, 02:00`` as clocks in the tenant's zone show it."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M}" if moment else ""


def result_of(line: Line, slot: BackupSlot | None) -> str:
    """A key of the table of states: of the slot itself, or how its run stands."""
    if slot is None:
        return ""
    run = line.runs.get(slot.run_id or 0)
    if slot.state != SlotState.STARTED or run is None:
        return slot.state.value
    return (run.outcome if run.completed_at else run.status).value


def sentence(lines: list[Line], zone: str) -> str:
    if not lines:
        return "No backup is made by itself."
    due = [line.schedule.next_slot_at for line in lines if line.schedule.next_slot_at]
    paused = len(lines) - len(due)
    following = f"the next is due {local(min(due), zone)}" if due else "none is due"
    rest = f"; {paused:,} paused" if paused else ""
    return f"{plural(len(lines), 'schedule')}, {following} ({zone}){rest}."


def as_data(line: Line) -> dict[str, Any]:
    schedule = line.schedule
    return {
        "id": schedule.id,
        "tenant": schedule.tenant.slug,
        "name": schedule.name,
        "when": when(schedule),
        "timezone": schedule.tenant.timezone,
        "frequency": schedule.frequency,
        "minute": schedule.minute,
        "hour": schedule.hour,
        "weekday": schedule.weekday,
        "monthday": schedule.monthday,
        "types": schedule.collections,
        "keep_count": schedule.keep_count,
        "keep_days": schedule.keep_days,
        "paused_at": schedule.paused_at,
        "paused_by": schedule.paused_by,
        "next_slot_at": schedule.next_slot_at,
        "last_slot_at": line.last.slot_at if line.last else None,
        "last_result": result_of(line, line.last) or None,
        "last_run_id": line.last.run_id if line.last else None,
        "missed": len(line.missed),
        "sets": line.sets,
    }


def slot_as_data(line: Line, slot: BackupSlot) -> dict[str, Any]:
    return {
        "slot_at": slot.slot_at,
        "state": slot.state,
        "result": result_of(line, slot),
        "run_id": slot.run_id,
        "note": slot.note,
    }
