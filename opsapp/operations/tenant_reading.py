"""Reading the policy types of a tenant one after the other, for every operation that does so."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from opsapp.config import current_settings
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.inventory.failure import ReadFailure
from opsapp.inventory.listing import FirstPage, first_pages
from opsapp.inventory.sealing import Sealer
from opsapp.models import CollectionState
from opsapp.operations.base import Expected, InvalidInputs, RunContext
from opsapp.operations.collection_sync import (
    CollectionSync,
    Scope,
    is_full_read_due,
    tries_more,
)
from opsapp.operations.reading_turn import COLLECTION

# Each collection is tried with all patience; when some in a row got no answer, none will.
UNANSWERED = frozenset({"graph.unavailable", "graph.timeout"})
ENOUGH_UNANSWERED = 2
NOT_ATTEMPTED = ReadFailure(
    "graph.unavailable", "Not attempted: Microsoft Graph did not answer for those before it."
)
# Lists begun in one exchange; their first pages are in memory together.
LISTS_AT_ONCE = 14


def clean_types(raw: Mapping[str, Any]) -> list[str]:
    """The ``types`` of a run's inputs: policy type keys, a list or joined by commas, sorted.

    None means all. Raises InvalidInputs.
    """
    types = raw.get("types") or []
    if isinstance(types, str):
        types = [part.strip() for part in types.split(",") if part.strip()]
    strange = [key for key in types if key not in CATALOGUE]
    if strange:
        raise InvalidInputs(f"Unknown policy type: {', '.join(map(str, strange))}.")
    return sorted(set(types))


def is_yes(raw: Mapping[str, Any], name: str) -> bool:
    """An input from a form, a shell or a program. Raises InvalidInputs."""
    value = raw.get(name)
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if value is None or isinstance(value, bool):
        return bool(value)
    if str(value).lower() not in words:
        raise InvalidInputs(f"“{name}” is yes or no, not {value!r}.")
    return words[str(value).lower()]


def read_collections(
    ctx: RunContext, scopes: Mapping[str, Scope], on_read: Callable[[str], None] | None = None
) -> bool:
    """Reads each policy type as its scope says; False when Microsoft Graph did not answer at last.

    ``on_read`` is called with each type that was tried; after an interruption also with those that
    were read before it.
    """
    for key in scopes:
        ctx.expect(key, [Expected(COLLECTION, key, CATALOGUE[key].label)])
    with ctx.step() as step:
        sealer = Sealer.of_installation(step.session, current_settings())
    done = [key for key in scopes if ctx.is_done(key)]
    if on_read is not None:
        for key in done:
            on_read(key)
    unanswered = 0
    for key, first_page in _begun(ctx, {key: scopes[key] for key in scopes if key not in done}):
        ctx.checkpoint()
        collection = CollectionSync(ctx, CATALOGUE[key], scopes[key], sealer, first_page)
        if unanswered >= ENOUGH_UNANSWERED:
            collection.give_up(NOT_ATTEMPTED)
        else:
            failure = collection.run()
            is_unanswered = failure is not None and failure.reason_code in UNANSWERED
            unanswered = unanswered + 1 if is_unanswered else 0
        if on_read is not None:
            on_read(key)
    return unanswered < ENOUGH_UNANSWERED


def _begun(ctx: RunContext, scopes: Mapping[str, Scope]) -> Iterator[tuple[str, FirstPage | None]]:
    """Each collection with the first page of its list, some lists begun at a time."""
    # Dealt out like cards: Conditional Access takes one request a second, so each of its lists
    # comes with others that are read meanwhile.
    keys = list(scopes)
    waves = math.ceil(len(keys) / LISTS_AT_ONCE)
    for start in range(waves):
        some = keys[start::waves]
        pages = _first_pages(ctx, {key: scopes[key] for key in some})
        for key in some:
            yield key, pages.pop(key, None)


def _first_pages(ctx: RunContext, scopes: Mapping[str, Scope]) -> dict[str, FirstPage]:
    states = _states(ctx.tenant.id)
    wanted = []
    for key, scope in scopes.items():
        state = states.get(key)
        if state is not None and state.excluded_at is not None:
            continue
        full = scope.in_full or is_full_read_due(state)
        listed = state.listed_assignments if state is not None else None
        wanted.append((CATALOGUE[key], tries_more(CATALOGUE[key], listed, in_full=full)))
    return first_pages(ctx.graph, wanted) if len(wanted) > 1 else {}


def _states(tenant_id: int) -> dict[str, CollectionState]:
    query = sa.select(CollectionState).where(CollectionState.tenant_id == tenant_id)
    return {state.collection: state for state in db.session.scalars(query)}


@dataclass(frozen=True)
class Chosen:
    """What of a policy type a retry was started for; ``is_list``: its list could not be read."""

    keys: frozenset[str]
    is_list: bool


def chosen_by_type(ctx: RunContext) -> dict[str, Chosen] | None:
    """What a retry was started for, by policy type; None when the run does everything.

    Raises InvalidInputs for a type that this version does not know any more.
    """
    if ctx.selection is None:
        return None
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
    return {key: Chosen(frozenset(keys), key in listed) for key, keys in sorted(chosen.items())}
