"""Sync inventory: reads a tenant's configuration objects and keeps what changed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from opsapp.config import current_settings
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.inventory.failure import ReadFailure
from opsapp.inventory.listing import FirstPage, first_pages
from opsapp.inventory.sealing import Sealer
from opsapp.models import CollectionState
from opsapp.operations.base import Expected, InvalidInputs, Operation, RunContext
from opsapp.operations.collection_sync import (
    CollectionSync,
    Scope,
    is_full_read_due,
    tries_more,
)
from opsapp.operations.readability import make_readable
from opsapp.operations.reading_turn import COLLECTION

# Each collection is tried with all patience; when some in a row got no answer, none will.
UNANSWERED = frozenset({"graph.unavailable", "graph.timeout"})
ENOUGH_UNANSWERED = 2
NOT_ATTEMPTED = ReadFailure(
    "graph.unavailable", "Not attempted: Microsoft Graph did not answer for those before it."
)
# Lists begun in one exchange; their first pages are in memory together.
LISTS_AT_ONCE = 14


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
        types = raw.get("types") or []
        if isinstance(types, str):
            types = [part.strip() for part in types.split(",") if part.strip()]
        strange = [key for key in types if key not in CATALOGUE]
        if strange:
            raise InvalidInputs(f"Unknown policy type: {', '.join(map(str, strange))}.")
        chosen = {"types": sorted(set(types))} if types else {}
        return chosen | ({"full": True} if _is_yes(raw.get("full")) else {})

    def perform(self, ctx: RunContext) -> None:
        scopes = _scopes(ctx)
        for key in scopes:
            ctx.expect(key, [Expected(COLLECTION, key, CATALOGUE[key].label)])
        with ctx.step() as step:
            sealer = Sealer.of_installation(step.session, current_settings())
        unanswered = 0
        for key, first_page in _begun(ctx, [key for key in scopes if not ctx.is_done(key)]):
            ctx.checkpoint()
            collection = CollectionSync(ctx, CATALOGUE[key], scopes[key], sealer, first_page)
            if unanswered >= ENOUGH_UNANSWERED:
                collection.give_up(NOT_ATTEMPTED)
                continue
            failure = collection.run()
            is_unanswered = failure is not None and failure.reason_code in UNANSWERED
            unanswered = unanswered + 1 if is_unanswered else 0
        if unanswered < ENOUGH_UNANSWERED:
            make_readable(ctx)


def _is_yes(value: Any) -> bool:
    """From a form, a shell or a program. Raises InvalidInputs."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if value is None or isinstance(value, bool):
        return bool(value)
    if str(value).lower() not in words:
        raise InvalidInputs(f"“full” is yes or no, not {value!r}.")
    return words[str(value).lower()]


def _begun(ctx: RunContext, keys: Sequence[str]) -> Iterator[tuple[str, FirstPage | None]]:
    """Each collection with the first page of its list, some lists begun at a time."""
    # Dealt out like cards: Conditional Access takes one request a second, so each of its lists
    # comes with others that are read meanwhile.
    waves = math.ceil(len(keys) / LISTS_AT_ONCE)
    for start in range(waves):
        some = keys[start::waves]
        pages = _first_pages(ctx, some)
        for key in some:
            yield key, pages.pop(key, None)


def _first_pages(ctx: RunContext, keys: Sequence[str]) -> dict[str, FirstPage]:
    states = _states(ctx.tenant.id)
    wanted = []
    for key in keys:
        state = states.get(key)
        if state is not None and state.excluded_at is not None:
            continue
        full = bool(ctx.inputs.get("full")) or is_full_read_due(state)
        listed = state.listed_assignments if state is not None else None
        wanted.append((CATALOGUE[key], tries_more(CATALOGUE[key], listed, in_full=full)))
    return first_pages(ctx.graph, wanted) if len(wanted) > 1 else {}


def _states(tenant_id: int) -> dict[str, CollectionState]:
    query = sa.select(CollectionState).where(CollectionState.tenant_id == tenant_id)
    return {state.collection: state for state in db.session.scalars(query)}


def _scopes(ctx: RunContext) -> dict[str, Scope]:
    """What to read of which collection: everything, or what a retry was started for."""
    if ctx.selection is None:
        whole = Scope(in_full=bool(ctx.inputs.get("full")))
        return dict.fromkeys(ctx.inputs.get("types") or CATALOGUE, whole)
    chosen: dict[str, set[str]] = {}
    listed = set()
    for item in ctx.selection:
        key = item.key if item.kind == COLLECTION else item.kind
        chosen.setdefault(key, set()).add(item.key)
        if item.kind == COLLECTION:
            listed.add(key)
    strange = sorted(chosen.keys() - CATALOGUE.keys())
    if strange:
        raise InvalidInputs(f"This version does not read any more: {', '.join(strange)}.")
    return {
        key: Scope(done=ctx.done_before(key), is_item=True)
        if key in listed
        else Scope(only=frozenset(keys), in_full=True)
        for key, keys in sorted(chosen.items())
    }
