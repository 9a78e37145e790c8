"""What a restore is to restore: objects of a backup set, and what they need of it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from opsapp.audit import record
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore.references import dependencies_of, kinds_like
from opsapp.models import (
    BackupItem,
    BackupSet,
    ConflictChoice,
    RestoreItem,
    RestoreRun,
    User,
)
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.restore.mapping import refresh
from opsapp.services.restore_access import actor_of, opened, require

ACCESS: Final = "conditionalAccessPolicies"
STATES: Final = ("disabled", "enabledForReportingButNotEnforced", "enabled")
_AT_ONCE: Final = 100
_DIGITS: Final = 18  # of an id that both databases take
T = TypeVar("T")


def chosen_items(
    session: Session, backup: BackupSet, items: Sequence[str], types: Collection[str]
) -> list[int]:
    """Ids of the set's objects that are meant: of these types and these ones; all without any.

    An item is named by its id in the set, by ``TYPE/GRAPH_ID``, or by its Graph id. Raises NotFound
    for what the set does not have.
    """
    of_set = BackupItem.set_id == backup.id
    if not items and not types:
        return list(session.scalars(sa.select(BackupItem.id).where(of_set)))
    found: set[int] = set()
    for key in types:
        _check_type(key)
        of_type = sa.select(BackupItem.id).where(of_set, BackupItem.collection == key)
        ids = session.scalars(of_type).all()
        if not ids:
            raise NotFound(f"The backup set has no {CATALOGUE[key].label}.", "type")
        found.update(ids)
    found.update(_item_named(session, backup, text) for text in items)
    return sorted(found)


def _check_type(key: str) -> None:
    if key not in CATALOGUE:
        raise NotFound(f"There is no policy type {key}.", "type")


def _item_named(session: Session, backup: BackupSet, text: str) -> int:
    query = sa.select(BackupItem.id).where(BackupItem.set_id == backup.id)
    kind, slash, graph_id = text.partition("/")
    if slash and kind in CATALOGUE:
        query = query.where(BackupItem.collection == kind, BackupItem.graph_id == graph_id)
    elif text.isascii() and text.isdecimal() and len(text) <= _DIGITS:
        query = query.where(BackupItem.id == int(text))
    else:
        query = query.where(BackupItem.graph_id == text)
    ids = session.scalars(query.limit(2)).all()
    if len(ids) != 1:
        raise NotFound(f"The backup set has no item {text}.", "item")
    return ids[0]


def add_items(
    session: Session, restore: RestoreRun, item_ids: Iterable[int], *, with_dependencies: bool
) -> None:
    """Adds objects of the restore's set to its scope; what they need of the set comes along."""
    added = _add(session, restore, item_ids, is_dependency=False)
    while with_dependencies and added:
        needed = _needed_by(session, restore, added)
        added = _add(session, restore, needed, is_dependency=True)


def _add(
    session: Session, restore: RestoreRun, item_ids: Iterable[int], *, is_dependency: bool
) -> list[int]:
    """Ids of those that were not in the scope before."""
    query = sa.select(RestoreItem).where(RestoreItem.restore_id == restore.id)
    present = {row.backup_item_id: row for row in session.scalars(query)}
    new = []
    for some in _some_of(sorted(set(item_ids))):
        query_items = sa.select(BackupItem).where(
            BackupItem.set_id == restore.backup_set_id, BackupItem.id.in_(some)
        )
        for item in session.scalars(query_items):
            if item.id in present:
                present[item.id].is_dependency &= is_dependency
                continue
            new.append(item.id)
            session.add(_row(restore, item, is_dependency=is_dependency))
    session.flush()
    return new


def _row(restore: RestoreRun, item: BackupItem, *, is_dependency: bool) -> RestoreItem:
    return RestoreItem(
        restore_id=restore.id,
        backup_item_id=item.id,
        collection=item.collection,
        source_id=item.graph_id,
        name=item.name,
        is_dependency=is_dependency,
    )


def _needed_by(session: Session, restore: RestoreRun, item_ids: Sequence[int]) -> list[int]:
    """Objects of the set that these name."""
    of_set = BackupItem.set_id == restore.backup_set_id
    named: set[tuple[str, str]] = set()
    for some in _some_of(item_ids):
        query = (
            sa.select(BackupItem)
            .where(of_set, BackupItem.id.in_(some))
            .options(joinedload(BackupItem.content), joinedload(BackupItem.assignments))
        )
        for item in session.scalars(query):
            if policy_type := CATALOGUE.get(item.collection):
                content, assignments = item.content.content, item.assignments.content
                named.update(dependencies_of(policy_type, content, assignments))
    wanted = {(like, key) for kind, key in named for like in kinds_like(kind)}
    found: list[int] = []
    for keys in _some_of(sorted(wanted)):
        same = sa.tuple_(BackupItem.collection, BackupItem.graph_id).in_(keys)
        found.extend(session.scalars(sa.select(BackupItem.id).where(of_set, same)))
    return found


def _some_of(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))


def remove_item(user: User | None, restore: RestoreRun, item_id: int) -> None:
    """Takes an object out of the scope. Raises Refused for the last one, and of an undo."""
    require(user, restore.tenant, "restores.preview", "prepare restores")
    if restore.undo_of_id is not None:
        raise Refused("An undo is of everything that the restore changed.")
    with write() as session:
        restore = opened(session, restore)
        of_it = sa.select(RestoreItem).where(
            RestoreItem.restore_id == restore.id, RestoreItem.backup_item_id.is_not(None)
        )
        rows = {row.id: row for row in session.scalars(of_it)}
        if item_id not in rows:
            raise NotFound("There is no such item in this restore.")
        if len(rows) == 1:
            raise Refused("It is the only object of this restore: delete the draft instead.")
        data = {"removed": rows[item_id].name}
        session.delete(rows[item_id])
        session.flush()
        refresh(session, restore)
        subject = str(restore.id)
        record(
            session, actor_of(user), "restore.changed", subject, tenant=restore.tenant, data=data
        )


def set_choices(
    user: User | None,
    restore: RestoreRun,
    item_ids: Collection[int],
    *,
    choice: ConflictChoice | None = None,
    state: str | None = None,
) -> None:
    """Decides for items of the restore; None leaves it as it is.

    ``choice``: what to do where another object has the name. ``state``: that in which Conditional
    Access policies are restored.
    """
    require(user, restore.tenant, "restores.preview", "prepare restores")
    check_state(state)
    with write() as session:
        restore = opened(session, restore)
        query = sa.select(RestoreItem).where(
            RestoreItem.restore_id == restore.id, RestoreItem.id.in_(item_ids)
        )
        rows = session.scalars(query).all()
        if not rows:
            raise NotFound("There is no such item in this restore.")
        for row in rows:
            row.choice = choice or row.choice
            if state and row.collection == ACCESS:
                row.state_choice = state
        data = {"items": len(rows), "choice": choice, "state": state}
        record(
            session,
            actor_of(user),
            "restore.changed",
            str(restore.id),
            tenant=restore.tenant,
            data=data,
        )


def check_state(state: str | None) -> None:
    if state is not None and state not in STATES:
        raise Refused(f"A state is one of {', '.join(STATES)}.", "state")
