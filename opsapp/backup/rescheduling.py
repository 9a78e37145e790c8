"""The next slot of a schedule, after its times or its clocks were changed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.backup.slots import Recurrence, next_slot
from opsapp.database import utcnow
from opsapp.models import BackupSchedule, Tenant


def reschedule(session: Session, schedule: BackupSchedule, now: datetime) -> None:
    """Sets the next slot after ``now``; none while the schedule is paused."""
    if schedule.paused_at is not None:
        schedule.next_slot_at = None
        return
    zone = ZoneInfo(schedule.tenant.timezone)
    schedule.next_slot_at = next_slot(Recurrence.of(schedule), zone, now)
    session.flush()


def reschedule_all(session: Session, tenant: Tenant) -> None:
    """After the tenant's clocks were changed to another time zone."""
    now = utcnow()
    query = sa.select(BackupSchedule).where(BackupSchedule.tenant_id == tenant.id)
    for schedule in session.scalars(query):
        reschedule(session, schedule, now)
