"""A restore for reading: its items, what the preview said, what was written, what was proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from opsapp.extensions import db
from opsapp.models import (
    BackupItem,
    RestoreAction,
    RestoreItem,
    RestoreRun,
    RestoreWrite,
    Verdict,
)
from opsapp.refusals import NotFound
from opsapp.services.paging import Cursor, Page, page_of

BLOCKED = "blocked"
WARNED = "warned"


@dataclass(frozen=True)
class ItemFilter:
    """``show``: an action, a verdict, ``blocked``, ``warned`` or ``failed``; empty for all."""

    show: str = ""
    q: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.show or self.q)


@dataclass(frozen=True)
class Counts:
    """How many items a restore has: in all, of each action and verdict, with trouble."""

    total: int
    actions: dict[RestoreAction, int]
    verdicts: dict[Verdict, int]
    blocked: int
    warned: int
    failed: int
    dependencies: int

    def of(self, action: RestoreAction) -> int:
        return self.actions.get(action, 0)


_FAILED = sa.and_(
    RestoreItem.reason_code.is_not(None), RestoreItem.reason_code != "item.skipped_chosen"
)


def counts_of(restore: RestoreRun) -> Counts:
    mine = RestoreItem.restore_id == restore.id
    actions = _counted(RestoreItem.action, mine)
    verdicts = _counted(RestoreItem.verdict, mine)
    sums = sa.select(
        sa.func.count(),
        *(
            sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)
            for condition in (
                RestoreItem.is_blocked.is_(True),
                RestoreItem.warning_count > 0,
                _FAILED,
                RestoreItem.is_dependency.is_(True),
            )
        ),
    ).where(mine)
    total, blocked, warned, failed, dependencies = db.session.execute(sums).one()
    return Counts(total, actions, verdicts, blocked, warned, failed, dependencies)


def _counted(column: Any, mine: sa.ColumnElement[bool]) -> dict[Any, int]:
    query = sa.select(column, sa.func.count()).where(mine, column.is_not(None)).group_by(column)
    return {row[0]: row[1] for row in db.session.execute(query)}


def items(restore: RestoreRun, chosen: ItemFilter, cursor: Cursor) -> Page[RestoreItem]:
    """A page of them in the order of execution, without their plans."""
    query = sa.select(RestoreItem).where(RestoreItem.restore_id == restore.id, *_chosen(chosen))
    return page_of(query, RestoreItem, RestoreItem.position, cursor)


def _chosen(chosen: ItemFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if chosen.show in set(RestoreAction):
        conditions.append(RestoreItem.action == RestoreAction(chosen.show))
    elif chosen.show in set(Verdict):
        conditions.append(RestoreItem.verdict == Verdict(chosen.show))
    elif chosen.show in _SHOWN:
        conditions.append(_SHOWN[chosen.show])
    if chosen.q:
        conditions.append(RestoreItem.name.icontains(chosen.q, autoescape=True))
    return conditions


_SHOWN: dict[str, sa.ColumnElement[bool]] = {
    BLOCKED: RestoreItem.is_blocked.is_(True),
    WARNED: RestoreItem.warning_count > 0,
    "failed": _FAILED,
}


def all_items(restore: RestoreRun) -> Sequence[RestoreItem]:
    """All of them with their plans: for the command line and the report."""
    query = sa.select(RestoreItem).where(RestoreItem.restore_id == restore.id)
    order = (RestoreItem.position, RestoreItem.id)
    return db.session.scalars(query.order_by(*order).options(undefer(RestoreItem.plan))).all()


def item_of(restore: RestoreRun, item_id: int) -> RestoreItem:
    """One with its plan. Raises NotFound."""
    query = sa.select(RestoreItem).where(
        RestoreItem.restore_id == restore.id, RestoreItem.id == item_id
    )
    item = db.session.scalar(query.options(undefer(RestoreItem.plan)))
    if item is None:
        raise NotFound(f"There is no item {item_id} in restore {restore.id}.")
    return item


def journal(restore: RestoreRun, item: RestoreItem | None = None) -> Sequence[RestoreWrite]:
    """What was sent, in order: of the restore, or of one item."""
    query = sa.select(RestoreWrite).where(RestoreWrite.restore_id == restore.id)
    if item is not None:
        query = query.where(RestoreWrite.item_id == item.id)
    return db.session.scalars(query.order_by(RestoreWrite.id)).all()


def set_items(set_id: int, kind: str, q: str, cursor: Cursor) -> Page[BackupItem]:
    """A page of the objects of a backup set by name: to choose from."""
    query = sa.select(BackupItem).where(BackupItem.set_id == set_id)
    if kind:
        query = query.where(BackupItem.collection == kind)
    if q:
        query = query.where(BackupItem.name.icontains(q, autoescape=True))
    return page_of(query, BackupItem, sa.func.lower(BackupItem.name), cursor)


def set_types(set_id: int) -> dict[str, int]:
    """How many objects of each type a set has."""
    query = (
        sa.select(BackupItem.collection, sa.func.count())
        .where(BackupItem.set_id == set_id)
        .group_by(BackupItem.collection)
        .order_by(BackupItem.collection)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}
