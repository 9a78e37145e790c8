"""What the operations of a backup schedule share: the set they make, and what they then delete."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from opsapp.audit import Actor
from opsapp.backup.expiry import expire
from opsapp.database import utcnow
from opsapp.models import BackupOrigin, BackupSchedule, BackupSet, Tenant
from opsapp.operations.backup_making import MOST_NAME, NewSet, make_set
from opsapp.operations.base import InvalidInputs, RunContext
from opsapp.refusals import Refused


class ScheduleGone(Refused):
    """The schedule was deleted before its run began."""

    def __init__(self) -> None:
        self.item_message = "The schedule was deleted."
        super().__init__(self.item_message, reason_code="run.precondition_failed")


def clean_schedule(raw: Mapping[str, Any], *others: str) -> dict[str, Any]:
    """``schedule`` as a number and the texts named in ``others``, all of them needed."""
    unknown = set(raw) - {"schedule", *others}
    if unknown:
        raise InvalidInputs(f"Unknown input: {', '.join(sorted(unknown))}.")
    try:
        schedule_id = int(raw.get("schedule") or "")
    except (TypeError, ValueError):
        raise InvalidInputs("“schedule” is the id of a schedule.") from None
    texts = {name: str(raw.get(name) or "").strip()[:64] for name in others}
    missing = [name for name, text in texts.items() if not text]
    if missing:
        raise InvalidInputs(f"Missing input: {', '.join(missing)}.")
    return {"schedule": schedule_id, **texts}


def clean_moment(text: str) -> str:
    """A moment in UTC as inputs hold it. Raises InvalidInputs."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputs("“scheduled_for” is a moment such as 2026-01-31T02:00Z.") from None
    if moment.tzinfo is None:
        raise InvalidInputs("“scheduled_for” needs an offset from UTC, such as Z.")
    return moment.astimezone(UTC).isoformat()


def make_scheduled_set(ctx: RunContext, moment: datetime, remark: str = "") -> None:
    """A set named after the schedule and the moment in the tenant's zone; then deletes old ones."""
    with ctx.step() as step:
        schedule = step.session.get(BackupSchedule, ctx.inputs["schedule"])
        if schedule is None or schedule.tenant_id != ctx.tenant.id:
            raise ScheduleGone
        schedule_id, name, types = schedule.id, schedule.name, schedule.collections
    new = NewSet(
        name=name_of_set(name, moment, ctx.tenant, remark),
        types=types,
        origin=BackupOrigin.SCHEDULE,
        schedule_id=schedule_id,
    )
    set_id = make_set(ctx, new)
    with ctx.step() as step:
        schedule = step.session.get(BackupSchedule, schedule_id)
        is_complete = step.session.get_one(BackupSet, set_id).completed_at is not None
        if schedule is not None and is_complete:
            expire(step.session, schedule, Actor(initiator_of(schedule)), utcnow())


def name_of_set(name: str, moment: datetime, tenant: Tenant, remark: str) -> str:
    local = moment.astimezone(ZoneInfo(tenant.timezone))
    when = f", {local:%Y-%m-%d %H:%M}{remark}"
    return name[: MOST_NAME - len(when)] + when


def initiator_of(schedule: BackupSchedule) -> str:
    """As the ledger and the audit trail call it."""
    return f"Schedule: {schedule.name}"
