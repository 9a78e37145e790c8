"""Capture policies now: reads chosen policies whole, whatever the lists tell."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opsapp.operations.base import InvalidInputs, Operation, RunContext
from opsapp.operations.object_capture import capture_chosen, clean_policies
from opsapp.operations.readability import make_readable


class PolicyCaptureSnapshot(Operation):
    type = "policy.capture_snapshot"
    label = "Capture policies"
    timeout = timedelta(minutes=30)
    resumable = True
    by_item = True
    item_noun = "policies"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``policies``: our ids of them, a list or joined by commas; at least one."""
        unknown = set(raw) - {"policies"}
        if unknown:
            raise InvalidInputs(f"Unknown input: {', '.join(sorted(unknown))}.")
        return {"policies": clean_policies(raw)}

    def perform(self, ctx: RunContext) -> None:
        capture_chosen(ctx)
        make_readable(ctx)
