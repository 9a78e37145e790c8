"""Scheduled backup: what the tick starts when a schedule is due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.models import BackupSlot, OperationRun
from opsapp.operations.backup_scheduling import (
    ScheduleGone,
    clean_moment,
    clean_schedule,
    make_scheduled_set,
)
from opsapp.operations.base import InvalidInputs, Operation, RunContext


class BackupScheduleScheduled(Operation):
    type = "backup_schedule.scheduled"
    label = "Scheduled backup"
    permission = "schedules.manage"
    timeout = timedelta(hours=2)
    resumable = True
    by_item = True
    item_noun = "objects"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``schedule``: our id; ``scheduled_for``: the slot, a moment with an offset from UTC."""
        clean = clean_schedule(raw, "scheduled_for")
        return clean | {"scheduled_for": clean_moment(clean["scheduled_for"])}

    def perform(self, ctx: RunContext) -> None:
        slot = datetime.fromisoformat(ctx.inputs["scheduled_for"])
        with ctx.step() as step:
            _check_slot(step.session, ctx, slot)
        make_scheduled_set(ctx, slot)


def _check_slot(session: Session, ctx: RunContext, slot_at: datetime) -> None:
    """A slot runs once: in the run that was made for it, or in a retry of that one."""
    run = session.get_one(OperationRun, ctx.run_id)
    slot = session.scalar(
        sa.select(BackupSlot).where(
            BackupSlot.schedule_id == ctx.inputs["schedule"], BackupSlot.slot_at == slot_at
        )
    )
    if slot is None:
        raise ScheduleGone
    if slot.run_id != run.id and run.retry_of_id is None:
        raise InvalidInputs("That time of the schedule has had its run. Use “Retry”.")
