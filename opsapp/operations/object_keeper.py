"""Keeping what was read of one collection, with an item of the run for each object."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from opsapp.intune.catalogue import PolicyType
from opsapp.inventory.failure import ReadFailure
from opsapp.inventory.listing import Listed
from opsapp.inventory.outcome import Outcome, ReadObject, Unreadable
from opsapp.inventory.prepared import Prepared, prepare
from opsapp.inventory.sealing import Sealer
from opsapp.inventory.store import CollectionStore, Stored
from opsapp.models import ItemResult
from opsapp.operations.base import Item, RunContext, Step, milliseconds_since


class ObjectKeeper:
    """Stores outcomes of reading in the run's steps; one bad object never loses the others."""

    def __init__(
        self, ctx: RunContext, policy_type: PolicyType, store: CollectionStore, sealer: Sealer
    ) -> None:
        self._ctx = ctx
        self._policy_type = policy_type
        self._store = store
        self._sealer = sealer

    def keep(self, outcomes: Sequence[Outcome], began: float, in_flight: int = 0) -> None:
        """``began``: a reading of ``time.monotonic``; ``in_flight`` objects are read next."""
        prepared: list[Prepared] = []
        unreadable = [one for one in outcomes if isinstance(one, Unreadable)]
        for outcome in outcomes:
            if isinstance(outcome, ReadObject):
                try:
                    prepared.append(prepare(self._policy_type, outcome, self._sealer))
                except Exception as error:  # noqa: BLE001 - said of this object alone
                    failure = ReadFailure.of(error)
                    unreadable.append(Unreadable(outcome.graph_id, "", failure))
        with self._ctx.step() as step:
            self._record_stored(step, prepared, began)
            self._record_unread(step, unreadable, began)
            step.set_in_flight(in_flight)

    def keep_unchanged(self, step: Step, page: Sequence[Listed]) -> list[Listed]:
        """Records those that the list shows to be as they were; returns the others."""
        began = time.monotonic()
        same = {stored.graph_id: stored for stored in self._store.unchanged(step.session, page)}
        for stored in same.values():
            step.record(self._item(stored, began))
        return [one for one in page if one.key not in same]

    def _record_stored(self, step: Step, prepared: Sequence[Prepared], began: float) -> None:
        withheld = {one.source.graph_id: one.source.withheld for one in prepared}
        for stored in self._store.save(step.session, prepared):
            item = self._item(stored, began)
            step.record(replace(item, message=_kept_without(withheld[stored.graph_id])))

    def _item(self, stored: Stored, began: float) -> Item:
        result = ItemResult.SUCCEEDED if stored.is_new_version else ItemResult.UNCHANGED
        return Item(
            self._policy_type.key,
            stored.graph_id,
            result,
            stored.name,
            policy_id=stored.policy_id,
            duration_ms=milliseconds_since(began),
        )

    def _record_unread(self, step: Step, unreadable: Sequence[Unreadable], began: float) -> None:
        """What we know of an object from earlier readings helps to find it."""
        known = self._store.note_unread(step.session, [one.key for one in unreadable])
        for bad in unreadable:
            policy = known.get(bad.key)
            name = bad.name or (policy.name if policy else "")
            item = failed_item(self._policy_type.key, bad.key, name, bad.failure)
            policy_id = policy.id if policy else None
            took = milliseconds_since(began)
            step.record(replace(item, policy_id=policy_id, duration_ms=took))


def failed_item(kind: str, key: str, name: str, failure: ReadFailure) -> Item:
    return Item(
        kind,
        key[:200],
        ItemResult.FAILED,
        name,
        failure.reason_code,
        failure.message[:500],
        failure.request_id,
    )


def _kept_without(withheld: Sequence[str]) -> str | None:
    if not withheld:
        return None
    counts = Counter(withheld)
    parts = [name if count == 1 else f"{name} ({count})" for name, count in counts.items()]
    return f"Kept without {', '.join(parts)}: Microsoft Graph did not give it."
