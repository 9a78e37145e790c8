"""One collection within a sync: listed, read where it may have changed, stored, marked complete."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import zip_longest

from sqlalchemy.exc import SQLAlchemyError

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.intune.catalogue import AssignmentSource, PolicyType
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.inventory.listing import FirstPage, Listed, Listing
from opsapp.inventory.outcome import PROVEN, Agreement, ReadObject
from opsapp.inventory.reader import read_objects
from opsapp.inventory.sealing import Sealer
from opsapp.inventory.store import CollectionStore
from opsapp.models import CollectionState, Completeness, ItemResult, ListedAssignments
from opsapp.operations.base import (
    Expected,
    Item,
    Park,
    RunContext,
    Step,
    milliseconds_since,
    park_if_told_to_wait,
)
from opsapp.operations.object_keeper import ObjectKeeper, failed_item
from opsapp.operations.reading_turn import COLLECTION, excluded_item, give_back, take_turn

FIRST_OBJECTS = 20
OBJECTS_AT_ONCE = 100  # read and kept together: what is in flight when somebody cancels
GONE = "It no longer exists in the tenant."


@dataclass(frozen=True)
class Scope:
    """Which objects of a collection to read: all of them, but for those already ``done``; or some.

    ``is_item``: that the collection itself is read to its end is an item of the run. ``in_full``:
    every object is read whole, whatever the list tells.
    """

    only: frozenset[str] | None = None
    done: frozenset[str] = frozenset()
    is_item: bool = False
    in_full: bool = False

    def wants(self, key: str) -> bool:
        return key not in self.done if self.only is None else key in self.only


def tries_more(policy_type: PolicyType, listed: ListedAssignments | None, *, in_full: bool) -> bool:
    """Whether the list is asked for what it may refuse; what it refused once, only now and then."""
    return bool(policy_type.try_expand) and (in_full or listed != ListedAssignments.REFUSED)


def is_full_read_due(state: CollectionState | None) -> bool:
    """Whether every object is to be read whole: never done, or too long ago."""
    if state is None or state.full_read_at is None:
        return True
    return utcnow() - state.full_read_at >= timedelta(hours=current_settings().full_read_hours)


class CollectionSync:
    def __init__(
        self,
        ctx: RunContext,
        policy_type: PolicyType,
        scope: Scope,
        sealer: Sealer,
        first_page: FirstPage | None = None,
    ) -> None:
        self._ctx = ctx
        self._policy_type = policy_type
        self._scope = scope
        self._sealer = sealer
        self._first_page = first_page
        self._begin(None)

    def _begin(self, state: CollectionState | None) -> None:
        """What the run knows of the collection from now on; again after waiting for another run."""
        self._started_at = utcnow()
        self._clock_at_start = time.monotonic()
        self._store = CollectionStore(
            self._ctx.tenant.id, self._policy_type, self._ctx.run_id, self._started_at
        )
        self._keeper = ObjectKeeper(self._ctx, self._policy_type, self._store, self._sealer)
        self._listed = state.listed_assignments if state is not None else None
        self._in_full = self._scope.in_full or is_full_read_due(state)
        self._is_first_reading = state is None or state.full_read_at is None
        self._seen: set[str] = set()
        self._wanted: set[str] = set()
        self._agreements: set[Agreement] = set()

    def run(self) -> ReadFailure | None:
        """What kept it from being read to its end; None when nothing did."""
        if not take_turn(self._ctx, self._policy_type, self._on_turn):
            self._skip()
            return None
        try_more = tries_more(self._policy_type, self._listed, in_full=self._in_full)
        first = self._first_page
        first_page = first.body if first is not None and first.is_fresh else None
        listing = Listing(self._ctx.graph, self._policy_type, try_more=try_more, first=first_page)
        try:
            for page in listing.pages():
                self._read(page, listing)
        except (Park, SQLAlchemyError):
            raise
        except Exception as error:
            if is_hopeless(error):
                raise
            park_if_told_to_wait(error)
            failure = ReadFailure.of(error)
            self.give_up(failure)
            return failure
        self._complete(listing)
        return None

    def _on_turn(self, state: CollectionState, waited: bool) -> None:
        self._begin(state)  # what happened while we waited is not ours
        state.attempted_at = self._started_at
        if waited:
            self._first_page = None  # older than what the other run read

    def _skip(self) -> None:
        key, label = self._policy_type.key, self._policy_type.label
        with self._ctx.step() as step:
            step.record(excluded_item(COLLECTION, key, label))
            step.mark_done(key)

    def _read(self, page: Sequence[Listed], listing: Listing) -> None:
        """A listing that changes while it is paged may show an object twice: it is read once."""
        fresh = [one for one in page if one.key not in self._seen]
        self._seen |= {one.key for one in fresh}
        wanted = [one for one in fresh if self._scope.wants(one.key)]
        self._wanted |= {one.key for one in wanted}
        key = self._policy_type.key
        self._ctx.expect(key, [Expected(key, one.key, one.name) for one in wanted])
        with self._ctx.step() as step:
            self._store.note_unread(
                step.session, [one.key for one in fresh if one.key not in self._wanted]
            )
            step.set_total(key, len(self._wanted))
            changed = self._keep_unchanged(step, wanted, listing)
            parts = self._parts(changed)
            step.set_in_flight(len(parts[0]) if parts else 0)
        for part, following in zip_longest(parts, parts[1:], fillvalue=()):
            self._read_whole(part, len(following))
            self._ctx.checkpoint()

    def _parts(self, changed: Sequence[Listed]) -> list[Sequence[Listed]]:
        """What is read together; a few first, where they may show what the list is worth."""
        tries = self._policy_type.lists_assignments and self._is_first_reading
        first = min(FIRST_OBJECTS, OBJECTS_AT_ONCE) if tries and not self._is_proven else 0
        rest = range(first, len(changed), OBJECTS_AT_ONCE)
        parts = [changed[:first], *(changed[n : n + OBJECTS_AT_ONCE] for n in rest)]
        return [part for part in parts if part]

    @property
    def _is_proven(self) -> bool:
        """Whether the list was right so far, about objects with and without assignments."""
        return self._agreements >= PROVEN and Agreement.WRONG not in self._agreements

    def _keep_unchanged(
        self, step: Step, wanted: Sequence[Listed], listing: Listing
    ) -> list[Listed]:
        """Settles what the list tells to be unchanged; returns what has to be read."""
        if self._in_full or not self._list_tells(listing):
            return list(wanted)
        shows_changes = self._policy_type.shows_changes
        sure = [one for one in wanted if one.entry and shows_changes(one.entry)]
        unsure = {one.key for one in self._keeper.keep_unchanged(step, sure)}
        settled = {one.key for one in sure} - unsure
        return [one for one in wanted if one.key not in settled]

    def _list_tells(self, listing: Listing) -> bool:
        """Whether a change of assignments, too, would show in the list."""
        if self._policy_type.assignments is AssignmentSource.NONE:
            return True
        shows = self._policy_type.lists_assignments and listing.is_tried
        return shows and self._listed == ListedAssignments.TRUSTED

    def _read_whole(self, part: Sequence[Listed], in_flight: int) -> None:
        began = time.monotonic()
        outcomes = read_objects(
            self._ctx.graph,
            self._policy_type,
            part,
            # Later full readings look at every object again.
            believes_empty=self._is_first_reading and self._is_proven,
        )
        self._agreements |= {one.agreement for one in outcomes if isinstance(one, ReadObject)}
        self._keeper.keep(outcomes, began, in_flight)

    def _complete(self, listing: Listing) -> None:
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
            state.listed_assignments = self._judgement(listing)
            if self._in_full and self._scope.only is None and not self._scope.done:
                state.full_read_at = self._started_at
            step.mark_done(self._policy_type.key)

    def _judgement(self, listing: Listing) -> ListedAssignments | None:
        """What the list is worth; it is trusted after one full reading in which it was right."""
        if not self._policy_type.lists_assignments:
            return None
        if not listing.is_tried:
            return ListedAssignments.REFUSED
        if Agreement.WRONG in self._agreements:
            return ListedAssignments.DOUBTFUL
        if self._in_full:
            was_right = Agreement.SHOWN in self._agreements
            return ListedAssignments.TRUSTED if was_right else ListedAssignments.DOUBTFUL
        return self._listed

    def give_up(self, failure: ReadFailure) -> None:
        """The listing broke off: what was read stays, nothing is taken for gone."""
        key, label = self._policy_type.key, self._policy_type.label
        item = failed_item(COLLECTION, key, label, failure)
        with self._ctx.step() as step:
            state = self._state(step)
            state.completeness = failure.completeness
            state.reason_code, state.message = failure.reason_code, failure.message[:500]
            step.record(replace(item, duration_ms=milliseconds_since(self._clock_at_start)))
            step.set_total(self._policy_type.key, len(self._wanted) + 1)

    def _state(self, step: Step) -> CollectionState:
        state = give_back(self._ctx, step, self._policy_type)
        state.attempted_at = self._started_at
        return state
