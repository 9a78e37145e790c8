from datetime import time
from typing import Any

from wtforms import IntegerField, SelectField, StringField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from opsapp.forms.base import Form
from opsapp.models import BackupSchedule, Frequency
from opsapp.services.names import MAX_NAME
from opsapp.services.schedule_plan import MOST_DAYS, MOST_KEPT, WEEKDAYS, Plan

FREQUENCIES = {
    Frequency.HOURLY: "Every hour",
    Frequency.DAILY: "Every day",
    Frequency.WEEKLY: "Every week",
    Frequency.MONTHLY: "Every month",
}


class ScheduleForm(Form):
    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=MAX_NAME)],
        render_kw={"autocomplete": "off"},
    )
    frequency = SelectField(
        "How often",
        [InputRequired("Choose how often.")],
        choices={frequency.value: words for frequency, words in FREQUENCIES.items()},
        default="daily",
    )
    at = TimeField(
        "At",
        [InputRequired("Enter a time.")],
        default=time(2, 0),
        description="In the time zone of the tenant. Every hour: only the minute counts.",
    )
    weekday = SelectField(
        "Day of the week",
        [InputRequired("Choose a day.")],
        choices={str(number): name for number, name in enumerate(WEEKDAYS)},
        default="0",
        description="For every week.",
    )
    monthday = IntegerField(
        "Day of the month",
        [InputRequired("Enter a day."), NumberRange(1, 31, "Enter a day from 1 to 31.")],
        default=1,
        description="For every month. A day that a month does not have is its last one.",
    )
    keep_count = IntegerField(
        "Keep the newest",
        [Optional(), NumberRange(1, MOST_KEPT, f"Enter 1 to {MOST_KEPT:,}.")],
        description="How many complete sets of this schedule stay. Empty: all.",
    )
    keep_days = IntegerField(
        "Keep for days",
        [Optional(), NumberRange(1, MOST_DAYS, f"Enter 1 to {MOST_DAYS:,}.")],
        description="Older complete sets are deleted, never the newest one. Empty: for ever.",
    )

    @classmethod
    def showing(cls, schedule: BackupSchedule) -> "ScheduleForm":
        values: dict[str, Any] = {
            name: getattr(schedule, name)
            for name in ("name", "monthday", "keep_count", "keep_days")
        }
        values |= {"frequency": schedule.frequency.value, "weekday": str(schedule.weekday)}
        return cls(formdata=None, data=values | {"at": time(schedule.hour, schedule.minute)})

    def plan(self, collections: list[str]) -> Plan:
        at = self.at.data or time()
        return Plan(
            self.name.data or "",
            Frequency(self.frequency.data),
            at.minute,
            at.hour,
            int(self.weekday.data or 0),
            self.monthday.data or 1,
            collections or None,
            self.keep_count.data,
            self.keep_days.data,
        )
