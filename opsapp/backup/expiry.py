"""Which sets of a schedule are old enough to go: by number, by age, never one that is needed."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.audit import Actor, record
from opsapp.models import BackupSchedule, BackupSet, RestoreRun, RestoreStatus

ENDED = (
    RestoreStatus.COMPLETED,
    RestoreStatus.PARTIAL,
    RestoreStatus.FAILED,
    RestoreStatus.CANCELLED,
)


def used_by(session: Session, set_id: int) -> int | None:
    """The restore that has not ended and reads from the set, or captured into it; None if none."""
    return session.scalar(
        sa.select(RestoreRun.id)
        .where(
            sa.or_(RestoreRun.backup_set_id == set_id, RestoreRun.capture_id == set_id),
            RestoreRun.status.not_in(ENDED),
        )
        .order_by(RestoreRun.id)
        .limit(1)
    )


def expire(session: Session, schedule: BackupSchedule, actor: Actor, now: datetime) -> int:
    """Deletes the complete sets that the schedule no longer keeps; returns how many.

    The newest complete one stays whatever its age, and one that a restore uses that has not ended.
    """
    query = sa.select(BackupSet).where(
        BackupSet.schedule_id == schedule.id, BackupSet.completed_at.is_not(None)
    )
    newest_first = session.scalars(query.order_by(BackupSet.id.desc())).all()
    gone = 0
    for place, backup_set in enumerate(newest_first[1:], start=2):
        if not _is_due(schedule, place, backup_set, now):
            continue
        if used_by(session, backup_set.id) is not None:
            continue
        data = {"name": backup_set.name, "items": backup_set.item_count}
        subject = f"#{backup_set.id} {backup_set.name}"
        record(session, actor, "backup.expired", subject, tenant=schedule.tenant, data=data)
        session.delete(backup_set)
        gone += 1
    session.flush()
    return gone


def _is_due(schedule: BackupSchedule, place: int, backup_set: BackupSet, now: datetime) -> bool:
    if schedule.keep_count is not None and place > schedule.keep_count:
        return True
    if schedule.keep_days is None:
        return False
    return backup_set.created_at < now - timedelta(days=schedule.keep_days)
