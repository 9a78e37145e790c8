"""Restore: sends what was previewed and confirmed, and proves what came of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opsapp.operations.base import InvalidInputs, Operation, RunContext
from opsapp.operations.restore_start import begin
from opsapp.operations.restore_writer import Writer


class RestoreExecute(Operation):
    type = "restore.execute"
    label = "Restore"
    permission = "restores.execute"
    timeout = timedelta(hours=12)
    resumable = True
    attempts = 10  # in a row without coming further: half a restore is worse than a late one
    writes = True
    item_noun = "objects"
    instead = "Preview the restore again, and confirm it: that starts it."

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``restore``: our id of it."""
        if set(raw) != {"restore"}:
            raise InvalidInputs("A restore takes one input: “restore”.")
        try:
            return {"restore": int(raw["restore"])}
        except (TypeError, ValueError):
            raise InvalidInputs("“restore” is the id of a restore.") from None

    def perform(self, ctx: RunContext) -> None:
        restore_id = ctx.inputs["restore"]
        begin(ctx, restore_id)
        Writer(ctx, restore_id).run()
