"""How far each policy type got into a set: from the items of the run that read it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.inventory.failure import ReadFailure
from opsapp.models import (
    BackupItem,
    BackupSetType,
    Completeness,
    ItemResult,
    OperationRunItem,
    TypeCompleteness,
)

COLLECTION = "collection"  # the kind of the item that stands for the list of a type
# What may be different the next time without anybody doing anything.
TRANSIENT = frozenset({"graph.throttled", "graph.unavailable", "graph.timeout"})
_DONE = (ItemResult.SUCCEEDED, ItemResult.UNCHANGED)
_WHOLE = {
    Completeness.FORBIDDEN: TypeCompleteness.FORBIDDEN,
    Completeness.THROTTLED: TypeCompleteness.THROTTLED,
}


def read_in_run(run_id: int, collection: str) -> sa.Select[int | None]:
    """The ids of the policies of a type that a run read, or found unchanged."""
    return sa.select(OperationRunItem.policy_id).where(
        OperationRunItem.run_id == run_id,
        OperationRunItem.kind == collection,
        OperationRunItem.result.in_(_DONE),
        OperationRunItem.policy_id.is_not(None),
    )


def note(session: Session, set_id: int, run_id: int, collection: str) -> None:
    """Writes down how a type stands, after ``run_id`` tried all of it that was missing."""
    missing = _missing(session, run_id, collection)
    count = _items(session, set_id, collection)
    whole = session.scalar(
        sa.select(OperationRunItem).where(
            OperationRunItem.run_id == run_id,
            OperationRunItem.kind == COLLECTION,
            OperationRunItem.key == collection,
            OperationRunItem.result.not_in(_DONE),
        )
    )
    session.merge(
        BackupSetType(
            set_id=set_id,
            collection=collection,
            completeness=_completeness(whole, count, missing),
            object_count=count + len(missing),
            item_count=count,
            reason_code=whole.reason_code if whole is not None else None,
            message=whole.message if whole is not None else None,
            missing=missing,
        )
    )
    session.flush()


def note_added(session: Session, set_id: int, collection: str) -> None:
    """The same after chosen objects were added: those are missing no more.

    A type of which the set was never meant to hold everything has no completeness.
    """
    row = session.get(BackupSetType, (set_id, collection))
    if row is None:
        return
    here = set(
        session.scalars(
            sa.select(BackupItem.graph_id).where(
                BackupItem.set_id == set_id, BackupItem.collection == collection
            )
        )
    )
    row.missing = [one for one in row.missing if one["graph_id"] not in here]
    row.item_count, row.object_count = len(here), len(here) + len(row.missing)
    if row.reason_code is None and not row.missing:
        row.completeness = TypeCompleteness.COMPLETE
    session.flush()


def may_be_mended(types: Sequence[BackupSetType]) -> bool:
    """Whether a retry may read what is missing."""
    codes = {row.reason_code for row in types}
    codes |= {one["reason_code"] for row in types for one in row.missing}
    return bool(codes & TRANSIENT)


def types_of(session: Session, set_id: int) -> Sequence[BackupSetType]:
    query = sa.select(BackupSetType).where(BackupSetType.set_id == set_id)
    return session.scalars(query.order_by(BackupSetType.collection)).all()


def _missing(session: Session, run_id: int, collection: str) -> list[dict[str, Any]]:
    query = sa.select(OperationRunItem).where(
        OperationRunItem.run_id == run_id,
        OperationRunItem.kind == collection,
        OperationRunItem.result == ItemResult.FAILED,
    )
    return [
        {
            "graph_id": item.key,
            "name": item.name,
            "reason_code": item.reason_code,
            "message": item.message,
        }
        for item in session.scalars(query.order_by(OperationRunItem.name, OperationRunItem.id))
    ]


def _items(session: Session, set_id: int, collection: str) -> int:
    count = sa.select(sa.func.count()).where(
        BackupItem.set_id == set_id, BackupItem.collection == collection
    )
    return session.scalar(count) or 0


def _completeness(
    whole: OperationRunItem | None, count: int, missing: Sequence[Any]
) -> TypeCompleteness:
    if whole is None:
        return TypeCompleteness.PARTIAL if missing else TypeCompleteness.COMPLETE
    if whole.result == ItemResult.SKIPPED:
        return TypeCompleteness.EXCLUDED
    if count:
        return TypeCompleteness.PARTIAL
    failure = ReadFailure(whole.reason_code or "", whole.message or "")
    return _WHOLE.get(failure.completeness, TypeCompleteness.FAILED)
