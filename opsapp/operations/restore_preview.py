"""Preview a restore: reads the target again, and plans every object against what is there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore import ItemPlan
from opsapp.models import (
    ItemResult,
    RestoreAction,
    RestoreItem,
    RestoreMapping,
    RestoreRun,
    RestoreStatus,
)
from opsapp.operations.base import InvalidInputs, Item, Operation, RunContext
from opsapp.operations.collection_sync import Scope
from opsapp.operations.tenant_reading import read_collections
from opsapp.refusals import Refused
from opsapp.restore import fingerprint, warnings
from opsapp.restore.mapping import refresh
from opsapp.restore.planning import Planning, keep_group_items

PLANNED = "plan"  # the kind of the items that say what is planned
_OPEN = (RestoreStatus.DRAFT, RestoreStatus.PREVIEWED)


class RestorePreview(Operation):
    type = "restore.preview"
    label = "Preview restore"
    permission = "restores.preview"
    timeout = timedelta(hours=2)
    resumable = True
    item_noun = "objects"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``restore``: our id of it."""
        if set(raw) != {"restore"}:
            raise InvalidInputs("A preview takes one input: “restore”.")
        try:
            return {"restore": int(raw["restore"])}
        except (TypeError, ValueError):
            raise InvalidInputs("“restore” is the id of a restore.") from None

    def perform(self, ctx: RunContext) -> None:
        restore_id = ctx.inputs["restore"]
        scopes = _scopes(ctx, restore_id)
        read_collections(ctx, scopes)
        ctx.checkpoint()
        with ctx.step() as step:
            restore = _open(step.session.get(RestoreRun, restore_id, with_for_update=True), ctx)
            refresh(step.session, restore)
            keep_group_items(step.session, restore)
        planned = Planning(db.session(), db.session.get_one(RestoreRun, restore_id)).run()
        with ctx.step() as step:
            restore = _open(step.session.get(RestoreRun, restore_id, with_for_update=True), ctx)
            _store(restore, planned)
            step.session.flush()
            fingerprint.bind(step.session, restore)
            restore.warnings = warnings.of_restore(step.session, restore)
            restore.preview_run_id = ctx.run_id
            restore.previewed_at = utcnow()
            restore.plan_note = None
            if restore.status == RestoreStatus.PREVIEWED:
                restore.status = RestoreStatus.DRAFT
                step.session.flush()
            restore.status = RestoreStatus.PREVIEWED
            step.set_total(PLANNED, len(planned))
            for item, plan in planned:
                step.record(_item_of(item, plan))


def _open(restore: RestoreRun | None, ctx: RunContext) -> RestoreRun:
    if restore is None or restore.tenant_id != ctx.tenant.id:
        raise InvalidInputs("There is no such restore in this tenant.")
    if restore.status not in _OPEN:
        raise Refused("This restore has been confirmed.", reason_code="run.precondition_failed")
    return restore


def _scopes(ctx: RunContext, restore_id: int) -> dict[str, Scope]:
    """The policy types that the restore's objects are of, or may name."""
    restore = _open(db.session.get(RestoreRun, restore_id), ctx)
    own = sa.select(RestoreItem.collection).where(RestoreItem.restore_id == restore.id)
    named = sa.select(RestoreMapping.kind).where(RestoreMapping.restore_id == restore.id)
    kinds = {*db.session.scalars(own), *db.session.scalars(named)} & set(CATALOGUE)
    db.session.rollback()
    return {key: Scope() for key in CATALOGUE if key in kinds}


def _store(restore: RestoreRun, planned: Sequence[tuple[RestoreItem, ItemPlan]]) -> None:
    for position, (item, plan) in enumerate(planned):
        item.action = RestoreAction(plan.action)
        item.plan = plan.to_json()
        item.position = position
        item.target_id = plan.target_id
        item.is_blocked = bool(plan.blockers)
        item.warning_count = len(plan.warnings) + len(plan.lacks)
        item.reason_code = item.message = None
    counts = Counter(plan.action for _, plan in planned)
    blocked = sum(bool(plan.blockers) for _, plan in planned)
    restore.counts = {**counts, "total": len(planned), "blocked": blocked}


_WORDS = {
    "create": "It will be created.",
    "update": "It will be changed.",
    "unchanged": "It is as it should be.",
    "delete": "It will be deleted.",
    "conflict": "Something must be decided.",
    "skip": "It is left out.",
    "cannot": "It cannot be restored.",
}


def _item_of(item: RestoreItem, plan: ItemPlan) -> Item:
    words = [_WORDS[plan.action], *(note.message for note in plan.blockers), *plan.lacks]
    key = f"{item.collection}/{item.source_id}"[:200]
    return Item(PLANNED, key, ItemResult.SUCCEEDED, item.name, message=" ".join(words)[:500])
