"""Writes the objects of a restore in the order of its plan, and lets none hold up the others."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.restore import ItemPlan
from opsapp.models import (
    Hold,
    RestoreAction,
    RestoreItem,
    RestoreRun,
    RestoreWrite,
    WriteState,
)
from opsapp.operations.base import Park, RunContext
from opsapp.operations.restore_outcome import ledger_item
from opsapp.operations.restore_prover import Prover
from opsapp.operations.restore_sender import Place, Sender, StepFailed, StepWaits
from opsapp.restore import approval, journal
from opsapp.restore.targets import DependencyFailed, DependencyWaits, Targets

PROVEN_TOGETHER = 20
_PART = "objects"
_WRITING = (RestoreAction.CREATE, RestoreAction.UPDATE, RestoreAction.DELETE)
_LEFT_OUT = {
    RestoreAction.SKIP: ("item.skipped_chosen", "Left out, as chosen."),
    RestoreAction.CONFLICT: ("item.skipped_chosen", "Left out: what to do was not decided."),
}


@dataclass(frozen=True)
class Listed:
    """An object of the restore, without its plan."""

    id: int
    collection: str
    source_id: str
    name: str


class Writer:
    """One attempt at a restore, from wherever the last one ended."""

    def __init__(self, ctx: RunContext, restore_id: int) -> None:
        self._ctx = ctx
        self._restore_id = restore_id
        restore = db.session.get_one(RestoreRun, restore_id)
        items = db.session.scalars(
            sa.select(RestoreItem)
            .where(RestoreItem.restore_id == restore_id)
            .order_by(RestoreItem.position, RestoreItem.id)
        ).all()
        self._targets = Targets(items)
        self._sender = Sender(ctx, restore_id, restore.reason, self._targets)
        self._listed = [
            Listed(one.id, one.collection, one.source_id, one.name)
            for one in items
            if one.action in _WRITING and not one.is_blocked and one.reason_code is None
            and one.verdict is None
        ]  # fmt: skip
        self._prover = Prover(ctx, restore_id, self._targets)
        self._waiting: list[Listed] = []
        db.session.rollback()

    def run(self) -> None:
        """Raises Park when nothing is left but what waits for approval."""
        self._record_settled()
        self._pass(late=False)
        self._pass(late=True)
        self._prover.prove_all()
        if self._waiting:
            raise Park(Hold.APPROVAL, self._what_waits(), self._next_look())

    def _record_settled(self) -> None:
        """What needs no writing, and what an earlier attempt of the run has dealt with."""
        with self._ctx.step() as step:
            items = step.session.scalars(
                sa.select(RestoreItem)
                .where(RestoreItem.restore_id == self._restore_id)
                .options(undefer(RestoreItem.plan))
            ).all()
            step.set_total(_PART, len(items))
            for item in items:
                self._settle_unwritten(item)
                is_over = item.reason_code or item.verdict or item.action not in _WRITING
                if is_over:
                    step.record(ledger_item(item))

    def _settle_unwritten(self, item: RestoreItem) -> None:
        if item.reason_code is not None or item.action is None:
            return
        if item.action in _LEFT_OUT:
            item.reason_code, item.message = _LEFT_OUT[item.action]
        elif item.action == RestoreAction.CANNOT or item.is_blocked:
            item.reason_code = "item.cannot_restore"
            item.message = _why_not(item)

    def _pass(self, *, late: bool) -> None:
        done: list[int] = []
        for listed in list(self._listed):
            self._ctx.checkpoint()
            if self._write(listed, late=late):
                done.append(listed.id)
                self._listed.remove(listed)
            if len(done) >= PROVEN_TOGETHER:
                self._prover.prove(done)
                done = []
        if done:
            self._prover.prove(done)

    def _write(self, listed: Listed, *, late: bool) -> bool:
        """Does the steps that are due; True when nothing of the object is left to be sent."""
        item = db.session.get_one(
            RestoreItem, listed.id, options=[undefer(RestoreItem.plan)], populate_existing=True
        )
        plan = ItemPlan.from_json(item.plan or {})
        lines = journal.lines_of(db.session(), listed.id)
        db.session.rollback()
        try:
            for number, step in enumerate(plan.steps):
                line = lines.get(number)
                if (line is not None and line.state in journal.DONE) or (step.late and not late):
                    continue
                self._sender.do(
                    Place(listed.id, listed.collection, listed.source_id, number), step, line
                )
        except (StepFailed, DependencyFailed) as error:
            self._fail(listed, error.reason_code, error.item_message)
            return True
        except (StepWaits, DependencyWaits) as error:
            self._wait(listed, error)
            return False
        if any(step.late for step in plan.steps) and not late:
            return False
        self._finish(listed)
        return True

    def _finish(self, listed: Listed) -> None:
        self._forget_waiting(listed)
        with self._ctx.step() as step:
            item = step.session.get_one(RestoreItem, listed.id)
            item.done_at, item.message = utcnow(), None

    def _fail(self, listed: Listed, code: str, message: str) -> None:
        self._forget_waiting(listed)
        with self._ctx.step() as step:
            item = step.session.get_one(RestoreItem, listed.id)
            item.reason_code, item.message = code, message[:500]
            step.record(ledger_item(item))

    def _wait(self, listed: Listed, error: StepWaits | DependencyWaits) -> None:
        self._targets.waits(listed.collection, listed.source_id)
        if listed not in self._waiting:
            self._waiting.append(listed)
        if isinstance(error, DependencyWaits):
            with self._ctx.step() as step:
                item = step.session.get_one(RestoreItem, listed.id)
                item.message = error.item_message[:500]

    def _forget_waiting(self, listed: Listed) -> None:
        self._targets.waits_no_more(listed.collection, listed.source_id)
        if listed in self._waiting:
            self._waiting.remove(listed)

    def _what_waits(self) -> str:
        count = len(self._waiting)
        what = "1 object waits" if count == 1 else f"{count:,} objects wait"
        return f"{what} for a second administrator ({approval.WHERE})"

    def _next_look(self) -> datetime:
        since = db.session.scalar(
            sa.select(sa.func.min(RestoreWrite.sent_at)).where(
                RestoreWrite.restore_id == self._restore_id,
                RestoreWrite.state == WriteState.PENDING_APPROVAL,
            )
        )
        db.session.rollback()
        now = utcnow()
        return approval.next_look(since or now, now)


def _why_not(item: RestoreItem) -> str | None:
    if not item.plan:
        return None
    plan = ItemPlan.from_json(item.plan)
    words = [*(note.message for note in plan.blockers), *plan.lacks]
    return " ".join(words)[:500] or None
