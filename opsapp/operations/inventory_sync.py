"""Sync inventory: reads a tenant's configuration objects and keeps what changed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opsapp.intune.catalogue import CATALOGUE
from opsapp.operations.base import InvalidInputs, Operation, RunContext
from opsapp.operations.collection_sync import Scope
from opsapp.operations.readability import make_readable
from opsapp.operations.tenant_reading import (
    chosen_by_type,
    clean_types,
    is_yes,
    read_collections,
)


class InventorySync(Operation):
    type = "inventory.sync"
    label = "Sync inventory"
    timeout = timedelta(hours=2)
    resumable = True
    by_item = True
    item_noun = "objects"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``types``: policy type keys (a list, or joined by commas); none means all.

        ``full``: every object is read whole, also where the list tells that nothing changed.
        """
        unknown = set(raw) - {"types", "full"}
        if unknown:
            raise InvalidInputs(f"Unknown input: {', '.join(sorted(unknown))}.")
        types = clean_types(raw)
        chosen = {"types": types} if types else {}
        return chosen | ({"full": True} if is_yes(raw, "full") else {})

    def perform(self, ctx: RunContext) -> None:
        if read_collections(ctx, _scopes(ctx)):
            make_readable(ctx)


def _scopes(ctx: RunContext) -> dict[str, Scope]:
    """What to read of which collection: everything, or what a retry was started for."""
    chosen = chosen_by_type(ctx)
    if chosen is None:
        whole = Scope(in_full=bool(ctx.inputs.get("full")))
        return dict.fromkeys(ctx.inputs.get("types") or CATALOGUE, whole)
    return {
        key: Scope(done=ctx.done_before(key), is_item=True)
        if wanted.is_list
        else Scope(only=wanted.keys, in_full=True)
        for key, wanted in chosen.items()
    }
