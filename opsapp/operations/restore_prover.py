"""Reads back what a restore wrote, keeps it as the newest version, and says what that proves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore import GROUPS, ItemPlan, Wanted, with_ids
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.inventory.outcome import ReadObject
from opsapp.inventory.prepared import Prepared, prepare
from opsapp.inventory.sealing import Sealer
from opsapp.inventory.store import CollectionStore
from opsapp.models import RestoreAction, RestoreItem, RestoreWrite, Verdict
from opsapp.operations.base import RunContext
from opsapp.operations.restore_outcome import ledger_item, settle
from opsapp.operations.restore_start import read_whole
from opsapp.restore import groups
from opsapp.restore.journal import DONE
from opsapp.restore.made import forget
from opsapp.restore.proof import UNREADABLE, Proof, prove
from opsapp.restore.targets import DependencyFailed, DependencyWaits, Targets

_AT_ONCE: Final = 20
_GONE: Final = "graph.not_found"
_PAUSES: Final = (1.0, 2.0, 4.0)  # what a service shows lags behind what it took
_REPLICATION: Final = timedelta(minutes=2)
_STILL_THERE: Final = {"where": "object", "wanted": "deleted", "found": "still there"}


@dataclass(frozen=True)
class _Claim:
    """An object that was written: what it is to be, None for one that is to be gone."""

    item_id: int
    collection: str
    target_id: str
    wanted: Wanted | None
    is_deleted: bool


class Prover:
    """Reads objects back, some at a time."""

    def __init__(self, ctx: RunContext, restore_id: int, targets: Targets) -> None:
        self._ctx = ctx
        self._restore_id = restore_id
        self._targets = targets
        with ctx.step() as step:
            self._sealer = Sealer.of_installation(step.session, current_settings())

    def prove_all(self) -> None:
        """Whatever was written and not read back yet, also in earlier attempts."""
        ids = db.session.scalars(
            sa.select(RestoreItem.id)
            .where(RestoreItem.restore_id == self._restore_id, *_is_due())
            .order_by(RestoreItem.position, RestoreItem.id)
        ).all()
        db.session.rollback()
        for start in range(0, len(ids), _AT_ONCE):
            self.prove(ids[start : start + _AT_ONCE])

    def prove(self, item_ids: Sequence[int]) -> None:
        """Of these, what was written."""
        open_ = self._claims(item_ids)
        began = utcnow()
        pauses = iter(_PAUSES)
        while open_:
            self._ctx.checkpoint()
            found = self._read(open_)
            pause = next(pauses, None)
            in_time = utcnow() - began < _REPLICATION
            late = [
                claim
                for claim in open_
                if _may_come(claim, found[claim.item_id], differing=pause is not None) and in_time
            ]
            self._keep([(claim, found[claim.item_id]) for claim in open_ if claim not in late])
            open_ = late
            if open_:
                self._ctx.wait(pause or _PAUSES[-1])

    def _claims(self, item_ids: Sequence[int]) -> list[_Claim]:
        items = db.session.scalars(
            sa.select(RestoreItem)
            .where(RestoreItem.id.in_(item_ids), *_is_due())
            .options(undefer(RestoreItem.plan))
            .execution_options(populate_existing=True)
        ).all()
        claims = [self._claim(item) for item in items if item.target_id]
        db.session.rollback()
        return claims

    def _claim(self, item: RestoreItem) -> _Claim:
        wanted = ItemPlan.from_json(item.plan or {}).wanted
        is_deleted = item.action == RestoreAction.DELETE
        if wanted is not None and not is_deleted:
            try:
                wanted = Wanted(
                    with_ids(dict(wanted.content), self._targets.id_in_target),
                    with_ids(wanted.assignments, self._targets.id_in_target),
                )
            except (DependencyFailed, DependencyWaits):
                wanted = None  # then nothing can be proven
        return _Claim(item.id, item.collection, item.target_id or "", wanted, is_deleted)

    # -- reading ------------------------------------------------------------------------------

    def _read(self, claims: Sequence[_Claim]) -> dict[int, "_Found"]:
        by_type: dict[str, list[_Claim]] = {}
        for claim in claims:
            by_type.setdefault(claim.collection, []).append(claim)
        found: dict[int, _Found] = {}
        for collection, some in by_type.items():
            is_group = collection == GROUPS
            found |= dict(self._groups(some) if is_group else self._objects(collection, some))
        return found

    def _groups(self, claims: Sequence[_Claim]) -> Iterator[tuple[int, "_Found"]]:
        for claim in claims:
            try:
                group = self._ctx.graph.get_json(f"/groups/{claim.target_id}", version="v1.0")
            except Exception as error:
                if getattr(error, "reason_code", None) is None or is_hopeless(error):
                    raise
                yield claim.item_id, _unread(claim, ReadFailure.of(error))
            else:
                yield claim.item_id, _Found(_proof(claim, group, []), group=group)

    def _objects(self, collection: str, claims: Sequence[_Claim]) -> Iterator[tuple[int, "_Found"]]:
        policy_type = CATALOGUE[collection]
        by_id = {claim.target_id: claim for claim in claims}
        for outcome in read_whole(self._ctx, policy_type, list(by_id)):
            if not isinstance(outcome, ReadObject):
                claim = by_id[outcome.key]
                yield claim.item_id, _unread(claim, outcome.failure)
                continue
            claim = by_id[outcome.graph_id]
            read = prepare(policy_type, outcome, self._sealer)
            proof = _proof(claim, read.stored, outcome.assignments, tuple(policy_type.noise))
            yield claim.item_id, _Found(proof, prepared=read)

    # -- keeping ------------------------------------------------------------------------------

    def _keep(self, results: Sequence[tuple[_Claim, "_Found"]]) -> None:
        if not results:
            return
        with self._ctx.step() as step:
            for claim, found in results:
                policy_id = self._store(step.session, claim, found)
                item = step.session.get_one(
                    RestoreItem, claim.item_id, options=[undefer(RestoreItem.plan)]
                )
                item.verdict = found.proof.verdict
                item.differences = list(found.proof.differences)
                if item.reason_code is None:
                    item.message = found.proof.note[:500] or None
                settle(item, ItemPlan.from_json(item.plan or {}).lacks)
                step.record(ledger_item(item, policy_id))

    def _store(self, session: Any, claim: _Claim, found: "_Found") -> int | None:
        tenant_id = self._ctx.tenant.id
        if found.is_gone:
            forget(session, tenant_id, claim.collection, claim.target_id)
        if found.group is not None:
            groups.keep(session, tenant_id, found.group)
        elif claim.collection == GROUPS:
            if found.is_gone:
                groups.note_removed(session, tenant_id, claim.target_id)
        elif found.prepared is not None or found.is_gone:
            policy_type = CATALOGUE[claim.collection]
            store = CollectionStore(tenant_id, policy_type, self._ctx.run_id, utcnow())
            if found.prepared is None:
                return store.mark_absent(session, claim.target_id)
            return store.save(session, [found.prepared])[0].policy_id
        return None


@dataclass(frozen=True)
class _Found:
    """What reading one object back gave."""

    proof: Proof
    prepared: Prepared | None = None
    group: Mapping[str, Any] | None = None
    is_gone: bool = False


def _is_due() -> tuple[sa.ColumnElement[bool], ...]:
    """Dealt with, written to, and not read back."""
    return (
        RestoreItem.verdict.is_(None),
        sa.or_(RestoreItem.done_at.is_not(None), RestoreItem.reason_code.is_not(None)),
        sa.exists().where(RestoreWrite.item_id == RestoreItem.id, RestoreWrite.state.in_(DONE)),
    )


def _proof(
    claim: _Claim, content: Any, assignments: list[dict[str, Any]], noise: tuple[str, ...] = ()
) -> Proof:
    if claim.is_deleted:
        return Proof(Verdict.DIFFERENCES, (dict(_STILL_THERE),))
    if claim.wanted is None:
        return Proof(Verdict.UNPROVEN, note="What it was to be is not known.")
    return prove(claim.wanted, content, assignments, noise)


def _unread(claim: _Claim, failure: ReadFailure) -> _Found:
    is_gone = failure.reason_code == _GONE
    if is_gone and claim.is_deleted:
        return _Found(Proof(Verdict.VERIFIED), is_gone=True)
    return _Found(Proof(Verdict.UNPROVEN, note=f"{UNREADABLE} {failure.message}"), is_gone=is_gone)


def _may_come(claim: _Claim, found: _Found, *, differing: bool) -> bool:
    """Whether looking again may show more: what is new is not known everywhere at once."""
    if found.is_gone and not claim.is_deleted:
        return True
    return differing and found.proof.verdict == Verdict.DIFFERENCES
