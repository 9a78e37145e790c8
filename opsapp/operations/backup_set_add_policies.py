"""Add to a backup set: reads chosen policies whole and puts them into an open set."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opsapp.backup import completeness, contents
from opsapp.models import OperationRun
from opsapp.operations.backup_making import SET
from opsapp.operations.base import InvalidInputs, Operation, RunContext
from opsapp.operations.object_capture import capture_chosen, clean_policies
from opsapp.operations.readability import make_readable


class BackupSetAddPolicies(Operation):
    type = "backup_set.add_policies"
    label = "Add to backup set"
    permission = "backups.create"
    timeout = timedelta(minutes=30)
    resumable = True
    by_item = True
    item_noun = "policies"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``set``: our id of an open one; ``policies``: our ids, a list or joined by commas."""
        unknown = set(raw) - {"set", "policies"}
        if unknown:
            raise InvalidInputs(f"Unknown input: {', '.join(sorted(unknown))}.")
        try:
            set_id = int(raw.get("set") or "")
        except (TypeError, ValueError):
            raise InvalidInputs("“set” is the id of a backup set.") from None
        return {"set": set_id, "policies": clean_policies(raw)}

    def perform(self, ctx: RunContext) -> None:
        set_id = ctx.inputs["set"]
        with ctx.step() as step:
            found = contents.open_set(step.session, set_id)
            if found.tenant_id != ctx.tenant.id:
                raise InvalidInputs("The backup set is another tenant's.")
            run = step.session.get_one(OperationRun, ctx.run_id)
            run.context = {**run.context, SET: set_id}

        def keep(key: str) -> None:
            with ctx.step() as step:
                read = completeness.read_in_run(ctx.run_id, key)
                contents.add_read_by(step.session, set_id, read)
                completeness.note_added(step.session, set_id, key)

        capture_chosen(ctx, keep)
        make_readable(ctx)
        with ctx.step() as step:
            contents.keep_groups(step.session, set_id)
