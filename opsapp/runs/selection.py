"""Retrying only what is open: what can be offered now, and the fixed selection a retry is given.

A selection is stored with the new run, and hashed. It refuses to start when something changed since
the person saw the offer, and refuses to run when it is not what was stored.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.extensions import db
from opsapp.models import OperationRun, OperationRunItem, RunSelection, RunStatus
from opsapp.models.base import Writing, rows_in, table_of
from opsapp.operations import REGISTRY
from opsapp.operations.base import Operation
from opsapp.refusals import Refused
from opsapp.runs.lineage import NOT_BEGUN, Kin, family, later_than, latest_reason, open_items
from opsapp.runs.reasons import REASONS, ReasonClass

BUSY = "Run {} is already at work on this."
NOTHING = "Nothing of this run is left to be retried."
CHANGED = "What can be retried has changed since you looked. Look again."


class Chosen(NamedTuple):
    """An item of a selection, and why it failed the last time."""

    kind: str
    key: str
    name: str
    reason_code: str


@dataclass(frozen=True)
class ReasonOffer:
    """The open items of one reason. ``hash`` is what a form sends to retry exactly these."""

    code: str
    reason_class: ReasonClass
    count: int
    can_retry: bool
    hash: str


@dataclass(frozen=True)
class Offer:
    """What may be retried of an ended run, as of now.

    ``retryable`` items need nobody; for ``needs_you`` somebody has to change something first;
    ``busy_with`` is the retry that is already at work on this run, if any.
    """

    reasons: tuple[ReasonOffer, ...]
    hash: str
    busy_with: int | None = None

    @property
    def retryable(self) -> int:
        return sum(each.count for each in self.reasons if each.can_retry)

    @property
    def needs_you(self) -> int:
        return sum(each.count for each in self.reasons if not each.can_retry)

    @property
    def open(self) -> int:
        return self.retryable + self.needs_you


def offer_of(run: OperationRun) -> Offer:
    """What the person may retry now."""
    session = db.session()
    if run.is_active:
        return Offer((), "")
    kin = family(session, run)
    later = later_than(run.id, kin)
    code = latest_reason(kin)
    busy = next((each.id for each in later if each.status != RunStatus.COMPLETED), None)
    counts = session.execute(
        open_items(run.id, later)
        .with_only_columns(code, sa.func.count())
        .group_by(code)
        .order_by(sa.func.count().desc(), code)
    )
    operation = REGISTRY.get(run.type)
    reasons = tuple(
        ReasonOffer(
            code or "",
            class_of(code),
            count,
            _can_retry(operation, code),
            _fingerprint(run, later, code),
        )
        for code, count in counts
    )
    return Offer(reasons, _fingerprint(run, later, None), busy)


def busy_with(run: OperationRun) -> int | None:
    """The retry of chosen items that is at work in the run's lineage, if any."""
    kin = family(db.session(), run)
    active = (each for each in kin if each.status != RunStatus.COMPLETED and each.selection_hash)
    return next((each.id for each in active), None)


def class_of(code: str | None) -> ReasonClass:
    known = REASONS.get(code or "")
    return known.reason_class if known else ReasonClass.INFORMATION


def _can_retry(operation: Operation | None, code: str | None) -> bool:
    """Without anybody looking first. What may have happened is only repeated when looked up."""
    if code in NOT_BEGUN or class_of(code) == ReasonClass.TRANSIENT:
        return True
    if class_of(code) != ReasonClass.UNKNOWN_EFFECT or operation is None:
        return False
    return not operation.writes or operation.can_look_up


def _fingerprint(run: OperationRun, later: Sequence[Kin], code: str | None) -> str:
    """Ended runs are frozen, so these few facts say exactly which items are open."""
    facts = [run.id, code, *((kin.id, kin.status.value) for kin in later)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def choose(
    run: OperationRun, *, reason_code: str | None = None, seen: str | None = None
) -> list[Chosen]:
    """The items a retry is started for.

    With ``seen``, the hash of an offer: those that need nobody, or the open ones of a reason, just
    as the person saw them. Without: all that are open. What may have happened and cannot be looked
    up is never among them. Raises Refused when the offer is out of date, when a retry is at work
    already, when the operation cannot be narrowed, or when there is nothing to do.
    """
    operation = REGISTRY.get(run.type)
    if operation is None or not operation.by_item:
        raise Refused("This operation can only be repeated as a whole.")
    offer = offer_of(run)
    if offer.busy_with:
        raise Refused(BUSY.format(offer.busy_with))
    wanted = [
        each
        for each in offer.reasons
        if _is_wanted(each, operation, reason_code, careful=seen is not None)
    ]
    expected = offer.hash if reason_code is None else "".join(each.hash for each in wanted)
    if seen is not None and seen != expected:
        raise Refused(CHANGED)
    if not wanted:
        raise Refused(NOTHING)
    codes = [each.code for each in wanted]
    kin = family(db.session(), run)
    later = later_than(run.id, kin)
    code = latest_reason(kin)
    rows = db.session.execute(
        open_items(run.id, later)
        .where(code.in_(codes))
        .with_only_columns(OperationRunItem.kind, OperationRunItem.key, OperationRunItem.name, code)
    )
    return [Chosen(kind, key, name, code or "") for kind, key, name, code in rows]


def _is_wanted(each: ReasonOffer, operation: Operation, code: str | None, *, careful: bool) -> bool:
    if each.can_retry:
        return code in (None, each.code)
    if operation.writes and each.reason_class == ReasonClass.UNKNOWN_EFFECT:
        return False
    return each.code == code or (code is None and not careful)


def hash_of(chosen: Iterable[Chosen]) -> str:
    """SHA-256 (hex) over the items, in whatever order they come."""
    lines = sorted(json.dumps([each.kind, each.key, each.reason_code]) for each in chosen)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def store(where: Writing, run_id: int, chosen: Iterable[Chosen]) -> None:
    """Inside the transaction that makes the run."""
    rows = [{"run_id": run_id, **each._asdict()} for each in chosen]
    rows_in(where).execute(sa.insert(table_of(RunSelection)), rows)


def stored(session: Session, run_id: int) -> list[Chosen]:
    rows = session.execute(
        sa.select(RunSelection.kind, RunSelection.key, RunSelection.name, RunSelection.reason_code)
        .where(RunSelection.run_id == run_id)
        .order_by(RunSelection.kind, RunSelection.key)
    )
    return [Chosen(*row) for row in rows]
