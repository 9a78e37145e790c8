"""Scheduled backup, now: what a schedule would back up, when somebody asks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opsapp.models import OperationRun
from opsapp.operations.backup_scheduling import clean_schedule, make_scheduled_set
from opsapp.operations.base import Operation, RunContext


class BackupScheduleRunNow(Operation):
    type = "backup_schedule.run_now"
    label = "Scheduled backup, run now"
    permission = "backups.create"
    timeout = timedelta(hours=2)
    resumable = True
    by_item = True
    item_noun = "objects"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``schedule``: our id; ``nonce``: makes each click a run of its own."""
        return clean_schedule(raw, "nonce")

    def perform(self, ctx: RunContext) -> None:
        with ctx.step() as step:
            asked_at = step.session.get_one(OperationRun, ctx.run_id).created_at
        make_scheduled_set(ctx, asked_at, " (run now)")
