"""What a person decides of a schedule, and what makes sense of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import Frequency
from opsapp.refusals import Refused
from opsapp.services.names import checked_name

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_KEPT = 10_000
MOST_DAYS = 3650
_LIMITS = {
    "minute": (0, 59, "Enter a minute from 0 to 59."),
    "hour": (0, 23, "Enter an hour from 0 to 23."),
    "weekday": (0, 6, "Choose a day of the week."),
    "monthday": (1, 31, "Enter a day from 1 to 31."),
    "keep_count": (1, MOST_KEPT, f"Keep 1 to {MOST_KEPT:,} sets, or leave it empty."),
    "keep_days": (1, MOST_DAYS, f"Keep sets for 1 to {MOST_DAYS:,} days, or leave it empty."),
}


@dataclass(frozen=True)
class Plan:
    """What a person decides of a schedule; see BackupSchedule."""

    name: str
    frequency: Frequency
    minute: int = 0
    hour: int = 0
    weekday: int = 0
    monthday: int = 1
    collections: Sequence[str] | None = None
    keep_count: int | None = None
    keep_days: int | None = None


def checked(plan: Plan) -> Plan:
    """As it is stored. Raises Refused for what makes no sense, at its field."""
    name = checked_name(plan.name)
    for field, (least, most, message) in _LIMITS.items():
        value = getattr(plan, field)
        if value is not None and not least <= value <= most:
            raise Refused(message, field)
    strange = [key for key in plan.collections or () if key not in CATALOGUE]
    if strange:
        raise Refused(f"Unknown policy type: {', '.join(strange)}.", "collections")
    chosen = sorted(set(plan.collections)) if plan.collections else None
    return Plan(**{**asdict(plan), "name": name, "collections": chosen})
