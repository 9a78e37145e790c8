"""Scheduled backup, again: the backup of a slot whose run failed, or was never started."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from opsapp.operations.backup_scheduling import clean_moment, clean_schedule, make_scheduled_set
from opsapp.operations.base import Operation, RunContext


class BackupScheduleRetry(Operation):
    type = "backup_schedule.retry"
    label = "Scheduled backup, again"
    permission = "backups.create"
    timeout = timedelta(hours=2)
    resumable = True
    by_item = True
    item_noun = "objects"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``schedule``: our id; ``scheduled_for``: the slot; ``nonce``: a run for each click."""
        clean = clean_schedule(raw, "scheduled_for", "nonce")
        return clean | {"scheduled_for": clean_moment(clean["scheduled_for"])}

    def perform(self, ctx: RunContext) -> None:
        slot = datetime.fromisoformat(ctx.inputs["scheduled_for"])
        make_scheduled_set(ctx, slot, " (again)")
