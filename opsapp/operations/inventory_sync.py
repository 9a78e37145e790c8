"""Sync inventory: reads a tenant's configuration objects and keeps what changed."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from opsapp.database import utcnow
from opsapp.intune.catalogue import CATALOGUE, PolicyType
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.inventory.reader import (
    Listed,
    Outcome,
    ReadObject,
    Unreadable,
    list_collection,
    read_objects,
)
from opsapp.inventory.store import CollectionStore, Prepared, prepare
from opsapp.inventory.turns import is_taken, locked_state
from opsapp.models import (
    CollectionState,
    Completeness,
    ItemResult,
)
from opsapp.operations.base import (
    Expected,
    InvalidInputs,
    Item,
    Operation,
    Park,
    RunContext,
    Step,
    milliseconds_since,
    park_if_told_to_wait,
)

COLLECTION = "collection"
TURN_POLL_SECONDS = 1.0
OBJECTS_AT_ONCE = 100  # read and kept together: what is in flight when somebody cancels

# Each collection is tried with all patience; when some in a row got no answer, none will.
UNANSWERED = frozenset({"graph.unavailable", "graph.timeout"})
ENOUGH_UNANSWERED = 2
NOT_ATTEMPTED = ReadFailure(
    "graph.unavailable", "Not attempted: Microsoft Graph did not answer for those before it."
)


GONE = "It no longer exists in the tenant."


class InventorySync(Operation):
    type = "inventory.sync"
    label = "Sync inventory"
    timeout = timedelta(hours=2)
    resumable = True
    by_item = True
    item_noun = "objects"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``types``: policy type keys (a list, or joined by commas); none means all."""
        unknown = set(raw) - {"types"}
        if unknown:
            raise InvalidInputs(f"Unknown input: {', '.join(sorted(unknown))}.")
        types = raw.get("types") or []
        if isinstance(types, str):
            types = [part.strip() for part in types.split(",") if part.strip()]
        strange = [key for key in types if key not in CATALOGUE]
        if strange:
            raise InvalidInputs(f"Unknown policy type: {', '.join(map(str, strange))}.")
        return {"types": sorted(set(types))} if types else {}

    def perform(self, ctx: RunContext) -> None:
        scopes = _scopes(ctx)
        for key in scopes:
            ctx.expect(key, [Expected(COLLECTION, key, CATALOGUE[key].label)])
        unanswered = 0
        for key, scope in scopes.items():
            ctx.checkpoint()
            if ctx.is_done(key):
                continue
            collection = CollectionSync(ctx, CATALOGUE[key], scope)
            if unanswered >= ENOUGH_UNANSWERED:
                collection.give_up(NOT_ATTEMPTED)
                continue
            failure = collection.run()
            is_unanswered = failure is not None and failure.reason_code in UNANSWERED
            unanswered = unanswered + 1 if is_unanswered else 0


@dataclass(frozen=True)
class Scope:
    """Which objects of a collection to read: all of them, but for those already ``done``; or some.

    ``is_item``: that the collection itself is read to its end is an item of the run.
    """

    only: frozenset[str] | None = None
    done: frozenset[str] = frozenset()
    is_item: bool = False

    def wants(self, key: str) -> bool:
        return key not in self.done if self.only is None else key in self.only


def _scopes(ctx: RunContext) -> dict[str, Scope]:
    """What to read of which collection: everything, or what a retry was started for."""
    if ctx.selection is None:
        return {key: Scope() for key in ctx.inputs.get("types") or list(CATALOGUE)}
    chosen: dict[str, set[str]] = {}
    whole = set()
    for item in ctx.selection:
        key = item.key if item.kind == COLLECTION else item.kind
        chosen.setdefault(key, set()).add(item.key)
        if item.kind == COLLECTION:
            whole.add(key)
    strange = sorted(chosen.keys() - CATALOGUE.keys())
    if strange:
        raise InvalidInputs(f"This version does not read any more: {', '.join(strange)}.")
    return {
        key: Scope(done=ctx.done_before(key), is_item=True)
        if key in whole
        else Scope(only=frozenset(keys))
        for key, keys in sorted(chosen.items())
    }


class CollectionSync:
    """One collection within a sync: listed, read, stored, and its completeness recorded."""

    def __init__(self, ctx: RunContext, policy_type: PolicyType, scope: Scope) -> None:
        self._ctx = ctx
        self._policy_type = policy_type
        self._scope = scope
        self._begin()

    def _begin(self) -> None:
        self._started_at = utcnow()
        self._clock_at_start = time.monotonic()
        self._store = CollectionStore(
            self._ctx.tenant.id, self._policy_type, self._ctx.run_id, self._started_at
        )
        self._seen: set[str] = set()
        self._wanted: set[str] = set()
        self._part_began = self._clock_at_start

    def run(self) -> ReadFailure | None:
        """What kept it from being read to its end; None when nothing did."""
        if not self._take_turn():
            self._skip()
            return None
        try:
            for page in list_collection(self._ctx.graph, self._policy_type):
                self._read(page)
        except (Park, SQLAlchemyError):
            raise
        except Exception as error:
            if is_hopeless(error):
                raise
            park_if_told_to_wait(error)
            failure = ReadFailure.of(error)
            self.give_up(failure)
            return failure
        self._complete()
        return None

    def _take_turn(self) -> bool:
        """Waits while another run reads the collection; False when it is not to be read."""
        told = False
        while True:
            with self._ctx.step() as step:
                state = locked_state(step.session, self._ctx.tenant.id, self._policy_type.key)
                if state.excluded_at is not None:
                    return False
                if not is_taken(step.session, state, self._ctx.run_id):
                    state.reading_run_id = self._ctx.run_id
                    self._begin()  # what happened while we waited is not ours
                    state.attempted_at = self._started_at
                    return True
                other = state.reading_run_id
            if not told:
                self._ctx.event("waiting", f"Run {other} reads {self._policy_type.label} now.")
                told = True
            self._ctx.wait(TURN_POLL_SECONDS)

    def _skip(self) -> None:
        with self._ctx.step() as step:
            step.record(
                Item(
                    COLLECTION,
                    self._policy_type.key,
                    ItemResult.SKIPPED,
                    self._policy_type.label,
                    "item.skipped_excluded",
                    "Excluded for this tenant.",
                )
            )
            step.mark_done(self._policy_type.key)

    def _read(self, page: Sequence[Listed]) -> None:
        """A listing that changes while it is paged may show an object twice: it is read once."""
        fresh = [one for one in page if one.key not in self._seen]
        self._seen |= {one.key for one in fresh}
        wanted = [one for one in fresh if self._scope.wants(one.key)]
        self._wanted |= {one.key for one in wanted}
        key = self._policy_type.key
        self._ctx.expect(key, [Expected(key, one.key, one.name) for one in wanted])
        parts = [wanted[n : n + OBJECTS_AT_ONCE] for n in range(0, len(wanted), OBJECTS_AT_ONCE)]
        with self._ctx.step() as step:
            self._store.note_unread(
                step.session, [one.key for one in fresh if one.key not in self._wanted]
            )
            step.set_total(key, len(self._wanted))
            step.set_in_flight(len(parts[0]) if parts else 0)
        for part, following in zip_longest(parts, parts[1:], fillvalue=()):
            self._part_began = time.monotonic()
            self._keep(read_objects(self._ctx.graph, self._policy_type, part), len(following))
            self._ctx.checkpoint()

    def _keep(self, outcomes: Sequence[Outcome], in_flight: int) -> None:
        """``in_flight`` objects are read next."""
        prepared, unreadable = [], [o for o in outcomes if isinstance(o, Unreadable)]
        for outcome in outcomes:
            if isinstance(outcome, ReadObject):
                try:
                    prepared.append(prepare(self._policy_type, outcome))
                except Exception as error:  # noqa: BLE001 - one bad object never loses the others
                    failure = ReadFailure.of(error)
                    unreadable.append(Unreadable(outcome.graph_id, "", failure))
        with self._ctx.step() as step:
            self._record_stored(step, prepared)
            self._record_unread(step, unreadable)
            step.set_in_flight(in_flight)

    def _record_stored(self, step: Step, prepared: Sequence[Prepared]) -> None:
        key, took = self._policy_type.key, milliseconds_since(self._part_began)
        for one in self._store.save(step.session, prepared):
            result = ItemResult.SUCCEEDED if one.is_new_version else ItemResult.UNCHANGED
            item = Item(key, one.graph_id, result, one.name, policy_id=one.policy_id)
            step.record(replace(item, duration_ms=took))

    def _record_unread(self, step: Step, unreadable: Sequence[Unreadable]) -> None:
        """What we know of an object from earlier readings helps to find it."""
        known = self._store.note_unread(step.session, [one.key for one in unreadable])
        for bad in unreadable:
            policy = known.get(bad.key)
            name = bad.name or (policy.name if policy else "")
            item = self._failed_item(self._policy_type.key, bad.key, name, bad.failure)
            took = milliseconds_since(self._part_began)
            step.record(replace(item, policy_id=policy.id if policy else None, duration_ms=took))

    def _complete(self) -> None:
        key, label = self._policy_type.key, self._policy_type.label
        with self._ctx.step() as step:
            self._store.mark_gone(step.session)
            for missing in sorted((self._scope.only or frozenset()) - self._seen):
                step.record(Item(key, missing, ItemResult.SUCCEEDED, message=GONE))
            if self._scope.is_item:
                step.record(Item(COLLECTION, key, ItemResult.SUCCEEDED, label))
            state = self._state(step)
            state.completeness = Completeness.COMPLETE
            state.object_count = len(self._seen)
            state.reason_code = state.message = None
            state.completed_at = self._started_at
            step.mark_done(self._policy_type.key)

    def give_up(self, failure: ReadFailure) -> None:
        """The listing broke off: what was read stays, nothing is taken for gone."""
        key, label = self._policy_type.key, self._policy_type.label
        item = self._failed_item(COLLECTION, key, label, failure)
        with self._ctx.step() as step:
            state = self._state(step)
            state.completeness = failure.completeness
            state.reason_code, state.message = failure.reason_code, failure.message[:500]
            step.record(replace(item, duration_ms=milliseconds_since(self._clock_at_start)))
            step.set_total(self._policy_type.key, len(self._wanted) + 1)

    def _state(self, step: Step) -> CollectionState:
        """Whoever writes down how a collection was read has had its turn."""
        state = locked_state(step.session, self._ctx.tenant.id, self._policy_type.key)
        state.attempted_at = self._started_at
        if state.reading_run_id == self._ctx.run_id:
            state.reading_run_id = None
        return state

    @staticmethod
    def _failed_item(kind: str, key: str, name: str, failure: ReadFailure) -> Item:
        return Item(
            kind,
            key[:200],
            ItemResult.FAILED,
            name,
            failure.reason_code,
            failure.message[:500],
            failure.request_id,
        )
