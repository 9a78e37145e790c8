"""Before a restore writes anything: is what was previewed still so, and what is it about to touch.

The touched objects are read whole, compared with what the preview saw, and kept as a backup set.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from opsapp.backup import contents
from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE, PolicyType
from opsapp.inventory.by_id import entries_by_id
from opsapp.inventory.outcome import Outcome, ReadObject, Unreadable
from opsapp.inventory.prepared import Prepared, prepare
from opsapp.inventory.reader import read_objects
from opsapp.inventory.sealing import Sealer
from opsapp.inventory.store import CollectionStore
from opsapp.models import (
    BackupOrigin,
    BackupSet,
    BackupSetType,
    Policy,
    PolicyVersion,
    RestoreAction,
    RestoreItem,
    RestoreRun,
    RestoreStatus,
    TypeCompleteness,
)
from opsapp.operations.base import RunContext
from opsapp.restore.fingerprint import changes_since_preview

CAPTURED = "captured"
AT_ONCE = 100
_NAMED = 5
_TOUCHING = (RestoreAction.UPDATE, RestoreAction.DELETE)
_GONE = "graph.not_found"


class Changed(Exception):
    """What the preview relied on is not so any more; nothing was written."""

    reason_code = "run.precondition_failed"

    def __init__(self, changes: Sequence[str]) -> None:
        super().__init__(" ".join(changes))
        rest = len(changes) - _NAMED
        more = f" And {rest:,} more." if rest > 0 else ""
        self.item_message = f"{' '.join(changes[:_NAMED])}{more} Nothing was written."


def begin(ctx: RunContext, restore_id: int) -> None:
    """Checks and captures, once; a resumed run goes on. Raises Changed."""
    _check_confirmed(ctx, restore_id)
    if ctx.is_done(CAPTURED):
        return
    _check_preview(restore_id)
    touched = _touched(restore_id)
    reading = _Reading(ctx)
    for key, objects in touched.items():
        for start in range(0, len(objects), AT_ONCE):
            reading.read(CATALOGUE[key], objects[start : start + AT_ONCE])
            ctx.checkpoint()
    if reading.changes:
        raise Changed(reading.changes)
    with ctx.step() as step:
        restore = step.session.get_one(RestoreRun, restore_id)
        restore.capture_id = _capture(step.session, ctx, restore, reading.read_ids)
        step.mark_done(CAPTURED)


def _check_confirmed(ctx: RunContext, restore_id: int) -> None:
    restore = db.session.get(RestoreRun, restore_id, populate_existing=True)
    if restore is None or (restore.run_id, restore.tenant_id) != (ctx.run_id, ctx.tenant.id):
        raise Changed(["This run does not belong to a confirmed restore."])
    if restore.status != RestoreStatus.RUNNING:
        raise Changed(["The restore is not confirmed."])


def _check_preview(restore_id: int) -> None:
    session = db.session()
    changes = changes_since_preview(session, session.get_one(RestoreRun, restore_id))
    session.rollback()
    if changes:
        raise Changed(changes)


@dataclass(frozen=True)
class _Touched:
    graph_id: str
    name: str
    base_sha256: str
    may_be_gone: bool


def _touched(restore_id: int) -> dict[str, list[_Touched]]:
    """What exists in the target and is to be changed or deleted, by type."""
    rows = db.session.scalars(
        sa.select(RestoreItem)
        .where(RestoreItem.restore_id == restore_id, RestoreItem.action.in_(_TOUCHING))
        .options(undefer(RestoreItem.plan))
        .order_by(RestoreItem.position, RestoreItem.id)
        .execution_options(yield_per=AT_ONCE)
    )
    found: dict[str, list[_Touched]] = {}
    for item in rows:
        if item.collection in CATALOGUE and item.target_id and item.plan:
            base, deletes = item.plan["base_sha256"], item.action == RestoreAction.DELETE
            one = _Touched(item.target_id, item.name, base, deletes)
            found.setdefault(item.collection, []).append(one)
    db.session.rollback()
    return found


class _Reading:
    """Reads objects whole, stores them as new versions where they changed, and says what did."""

    def __init__(self, ctx: RunContext) -> None:
        self._ctx = ctx
        self.changes: list[str] = []
        self.read_ids: dict[str, list[int]] = {}
        with ctx.step() as step:
            self._sealer = Sealer.of_installation(step.session, current_settings())

    def read(self, policy_type: PolicyType, objects: Sequence[_Touched]) -> None:
        by_id = {one.graph_id: one for one in objects}
        prepared = []
        for outcome in read_whole(self._ctx, policy_type, list(by_id)):
            one = by_id[outcome.key if isinstance(outcome, Unreadable) else outcome.graph_id]
            if isinstance(outcome, ReadObject):
                prepared.append(prepare(policy_type, outcome, self._sealer))
            elif not (one.may_be_gone and outcome.failure.reason_code == _GONE):
                self.changes.append(f"“{one.name}” cannot be read: {outcome.failure.message}")
        self._keep(policy_type, by_id, prepared)

    def _keep(
        self, policy_type: PolicyType, by_id: dict[str, _Touched], prepared: Sequence[Prepared]
    ) -> None:
        store = CollectionStore(self._ctx.tenant.id, policy_type, self._ctx.run_id, utcnow())
        with self._ctx.step() as step:
            before = _hashes(step.session, self._ctx.tenant.id, policy_type.key, list(by_id))
            stored = {one.graph_id: one for one in store.save(step.session, prepared)}
        for one in prepared:
            graph_id = one.source.graph_id
            base, kept = by_id[graph_id].base_sha256, stored[graph_id]
            is_same = not kept.is_new_version and before.get(graph_id) == base
            if base and one.compare_sha256 != base and not is_same:
                self.changes.append(f"“{one.name}” was changed in the tenant after the preview.")
            self.read_ids.setdefault(policy_type.key, []).append(kept.policy_id)


def read_whole(
    ctx: RunContext, policy_type: PolicyType, graph_ids: Sequence[str]
) -> Iterator[Outcome]:
    """Objects of a type by their ids, or why they could not be read."""
    found, failed = entries_by_id(ctx.graph, policy_type, graph_ids)
    yield from read_objects(ctx.graph, policy_type, found)
    for graph_id, failure in failed.items():
        yield Unreadable(graph_id, "", failure)


def _hashes(
    session: Session, tenant_id: int, collection: str, graph_ids: Sequence[str]
) -> dict[str, str]:
    rows = session.execute(
        sa.select(Policy.graph_id, PolicyVersion.compare_sha256)
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .where(
            PolicyVersion.number == Policy.version,
            Policy.tenant_id == tenant_id,
            Policy.collection == collection,
            Policy.graph_id.in_(graph_ids),
        )
    )
    return {row.graph_id: row.compare_sha256 for row in rows}


def _capture(
    session: Session, ctx: RunContext, restore: RestoreRun, read_ids: dict[str, list[int]]
) -> int:
    """The set of what is about to be touched: complete before the first write."""
    made = BackupSet(
        tenant_id=ctx.tenant.id,
        name=f"Before restore {restore.id}",
        note=f"Made by OpsApp before restore {restore.id} changed anything.",
        origin=BackupOrigin.AUTOMATIC,
        collections=sorted(read_ids),
        created_by=restore.confirmed_by or restore.created_by,
        run_id=ctx.run_id,
    )
    session.add(made)
    session.flush()
    for key, policy_ids in read_ids.items():
        count = len(policy_ids)
        session.add(
            BackupSetType(
                set_id=made.id,
                collection=key,
                completeness=TypeCompleteness.COMPLETE,
                object_count=count,
                item_count=count,
            )
        )
        contents.add_policies(session, made.id, policy_ids)
    contents.close(session, made.id)
    return made.id
