"""Chosen policies read whole now, whatever the lists tell: each an item of the run."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE, PolicyType
from opsapp.inventory.by_id import is_gone, read_by_id
from opsapp.inventory.failure import ReadFailure
from opsapp.inventory.outcome import Unreadable
from opsapp.inventory.sealing import Sealer
from opsapp.inventory.store import CollectionStore
from opsapp.models import ItemResult, Policy
from opsapp.operations.base import Expected, InvalidInputs, Item, RunContext, milliseconds_since
from opsapp.operations.object_keeper import ObjectKeeper, failed_item
from opsapp.operations.reading_turn import excluded_item, give_back, take_turn

MOST = 1000
AT_ONCE = 100
UNKNOWN = "policy"  # the kind of an item for which no policy is known
GONE = "It no longer exists in the tenant."


def clean_policies(raw: Mapping[str, Any]) -> list[int]:
    """The ``policies`` of a run's inputs: our ids, a list or joined by commas; at least one.

    Raises InvalidInputs.
    """
    given = raw.get("policies") or []
    parts = given.split(",") if isinstance(given, str) else given
    try:
        ids = sorted({int(part) for part in parts})
    except (TypeError, ValueError):
        raise InvalidInputs("“policies” is a list of policy ids.") from None
    if not ids:
        raise InvalidInputs("Choose at least one policy.")
    if len(ids) > MOST:
        raise InvalidInputs(f"At most {MOST:,} policies can be read at once.")
    return ids


def capture_chosen(ctx: RunContext, on_read: Callable[[str], None] | None = None) -> None:
    """Reads the ``policies`` of the run's inputs, or what of them a retry was started for.

    ``on_read`` is called with each policy type once its policies are stored; after an interruption
    again with those that were.
    """
    chosen = _chosen(ctx)
    for key, policies in chosen.items():
        ctx.expect(key, [Expected(key, one.graph_id, one.name) for one in policies])
    with ctx.step() as step:
        sealer = Sealer.of_installation(step.session, current_settings())
        for key, policies in chosen.items():
            step.set_total(key, len(policies))
        for missing in _missing(ctx):
            step.record(missing)
    for key, policies in chosen.items():
        ctx.checkpoint()
        if not ctx.is_done(key):
            _Capture(ctx, CATALOGUE[key], policies, sealer).run()
        if on_read is not None:
            on_read(key)


def _missing(ctx: RunContext) -> Iterator[Item]:
    """An item for each id that stands for no policy of the tenant."""
    if ctx.selection is not None:
        return
    for policy_id in sorted(set(ctx.inputs["policies"]) - _known_ids(ctx)):
        failure = ReadFailure("item.validation_failed", "There is no such policy here.")
        yield failed_item(UNKNOWN, str(policy_id), f"Policy {policy_id}", failure)


def _known_ids(ctx: RunContext) -> set[int]:
    query = sa.select(Policy.id).where(
        Policy.tenant_id == ctx.tenant.id,
        Policy.id.in_(ctx.inputs["policies"]),
        Policy.collection.in_(CATALOGUE),
    )
    return set(db.session.scalars(query))


def _chosen(ctx: RunContext) -> dict[str, list[Policy]]:
    """The policies to read by their type: what the run, or the retry, was started for."""
    query = sa.select(Policy).where(
        Policy.tenant_id == ctx.tenant.id, Policy.id.in_(ctx.inputs["policies"])
    )
    wanted = None
    if ctx.selection is not None:
        wanted = {(item.kind, item.key) for item in ctx.selection}
    chosen: dict[str, list[Policy]] = {}
    for policy in db.session.scalars(query.order_by(Policy.id)):
        is_wanted = wanted is None or (policy.collection, policy.graph_id) in wanted
        if is_wanted and policy.collection in CATALOGUE:
            chosen.setdefault(policy.collection, []).append(policy)
    return chosen


class _Capture:
    """Chosen policies of one type."""

    def __init__(
        self, ctx: RunContext, policy_type: PolicyType, policies: Sequence[Policy], sealer: Sealer
    ) -> None:
        self._ctx = ctx
        self._policy_type = policy_type
        self._names = {policy.graph_id: policy.name for policy in policies}
        self._store = CollectionStore(ctx.tenant.id, policy_type, ctx.run_id, utcnow())
        self._keeper = ObjectKeeper(ctx, policy_type, self._store, sealer)

    def run(self) -> None:
        key = self._policy_type.key
        if not take_turn(self._ctx, self._policy_type, lambda *_: None):
            with self._ctx.step() as step:
                for graph_id, name in self._names.items():
                    step.record(excluded_item(key, graph_id, name))
                step.mark_done(key)
            return
        ids = list(self._names)
        for start in range(0, len(ids), AT_ONCE):
            self._capture(ids[start : start + AT_ONCE])
            self._ctx.checkpoint()
        with self._ctx.step() as step:
            give_back(self._ctx, step, self._policy_type)
            step.mark_done(key)

    def _capture(self, graph_ids: Sequence[str]) -> None:
        began = time.monotonic()
        names = {key: self._names[key] for key in graph_ids}
        outcomes = read_by_id(self._ctx.graph, self._policy_type, names)
        gone = [one for one in outcomes if is_gone(one)]
        self._keeper.keep([one for one in outcomes if not is_gone(one)], began)
        self._keep_gone([one.key for one in gone if isinstance(one, Unreadable)], began)

    def _keep_gone(self, graph_ids: Sequence[str], began: float) -> None:
        if not graph_ids:
            return
        with self._ctx.step() as step:
            for graph_id in graph_ids:
                policy_id = self._store.mark_absent(step.session, graph_id)
                step.record(
                    Item(
                        self._policy_type.key,
                        graph_id,
                        ItemResult.SUCCEEDED,
                        self._names[graph_id],
                        message=GONE,
                        policy_id=policy_id,
                        duration_ms=milliseconds_since(began),
                    )
                )
