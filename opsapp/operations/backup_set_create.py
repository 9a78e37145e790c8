"""Back up: reads the tenant, or chosen policy types of it, into a new backup set."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opsapp.operations.backup_making import MOST_NAME, MOST_NOTE, NewSet, make_set
from opsapp.operations.base import InvalidInputs, Operation, RunContext
from opsapp.operations.tenant_reading import clean_types, is_yes


class BackupSetCreate(Operation):
    type = "backup_set.create"
    label = "Back up"
    permission = "backups.create"
    timeout = timedelta(hours=2)
    resumable = True
    by_item = True
    item_noun = "objects"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``name``; ``note``; ``types``: policy type keys, none means all.

        ``keep_open``: the set stays open for more policies. ``full``: every object is read whole,
        also where the list tells that nothing changed.
        """
        unknown = set(raw) - {"name", "note", "types", "keep_open", "full"}
        if unknown:
            raise InvalidInputs(f"Unknown input: {', '.join(sorted(unknown))}.")
        name, note = (str(raw.get(key) or "").strip() for key in ("name", "note"))
        if not 1 <= len(name) <= MOST_NAME:
            raise InvalidInputs(f"Enter a name of 1 to {MOST_NAME} characters.", "name")
        if len(note) > MOST_NOTE:
            raise InvalidInputs(f"A note has at most {MOST_NOTE:,} characters.", "note")
        types = clean_types(raw)
        clean: dict[str, Any] = {"name": name}
        clean |= {"note": note} if note else {}
        clean |= {"types": types} if types else {}
        return clean | {key: True for key in ("keep_open", "full") if is_yes(raw, key)}

    def perform(self, ctx: RunContext) -> None:
        make_set(ctx, NewSet(**ctx.inputs))
