"""What a backup set holds: versions of policies as last read, and the groups they name.

All of it happens in the caller's transaction, and only while the set is open.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.describe import target_of
from opsapp.intune.references import group_places, groups_in
from opsapp.models import (
    BackupGroup,
    BackupItem,
    BackupSet,
    DirectoryGroup,
    Policy,
    PolicyVersion,
    Snapshot,
)
from opsapp.models.base import table_of
from opsapp.models.upsert import insert_for, insert_or_ignore
from opsapp.refusals import NotFound, Refused

T = TypeVar("T")
AT_ONCE = 500  # ids in a statement
_KEY = ("set_id", "collection", "graph_id")
_COPIED = {
    "collection": Policy.collection,
    "graph_id": Policy.graph_id,
    "kind": Policy.kind,
    "name": Policy.name,
    "platform": Policy.platform,
    "assignment_count": Policy.assignment_count,
    "content_sha256": PolicyVersion.content_sha256,
    "assignments_sha256": PolicyVersion.assignments_sha256,
    "compare_sha256": PolicyVersion.compare_sha256,
    "policy_id": Policy.id,
    "version": PolicyVersion.number,
}


class SetComplete(Refused):
    """The set is complete: it never changes any more."""

    def __init__(self, name: str) -> None:
        self.item_message = f"The backup set “{name}” is complete and never changes."
        super().__init__(self.item_message, reason_code="backup.complete")


class SetDeleted(NotFound):
    """The set that a run was to work on is no more."""

    def __init__(self) -> None:
        self.item_message = "The backup set was deleted."
        super().__init__(self.item_message, reason_code="run.precondition_failed")


def open_set(session: Session, set_id: int) -> BackupSet:
    """The set, locked, to be added to. Raises NotFound and SetComplete."""
    found = session.get(BackupSet, set_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no backup set {set_id}.")
    if found.completed_at is not None:
        raise SetComplete(found.name)
    return found


def add_policies(session: Session, set_id: int, policy_ids: Sequence[int]) -> None:
    """Puts the current versions of these policies of the set's tenant into it.

    An object that the set has already is replaced. Policies that are gone from the tenant, or of
    which nothing was ever read, are left out. Raises as ``open_set``.
    """
    tenant_id = open_set(session, set_id).tenant_id
    for some in _parts(policy_ids):
        _copy(session, set_id, tenant_id, Policy.id.in_(some))


def add_read_by(session: Session, set_id: int, policy_ids: sa.Select[int | None]) -> None:
    """The same for the policies that a query finds, in one statement."""
    _copy(session, set_id, open_set(session, set_id).tenant_id, Policy.id.in_(policy_ids))


def _copy(session: Session, set_id: int, tenant_id: int, chosen: sa.ColumnElement[bool]) -> None:
    columns = {"set_id": sa.literal(set_id, sa.BigInteger), **_COPIED}
    current = (
        sa.select(*columns.values())
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .where(
            PolicyVersion.number == Policy.version,
            Policy.tenant_id == tenant_id,
            Policy.gone_at.is_(None),
            chosen,
        )
    )
    statement = insert_for(session, BackupItem)
    statement = statement.from_select(list(columns), current, include_defaults=False)
    replaced = {name: statement.excluded[name] for name in _COPIED if name not in _KEY}
    session.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=replaced))


def keep_groups(session: Session, set_id: int) -> None:
    """Writes down the groups that the set's items name, as the directory cache knows them now."""
    found = open_set(session, set_id)
    named = sorted(_assigned_groups(session, set_id) | _groups_in_contents(session, set_id))
    columns = [column.name for column in table_of(BackupGroup).columns if column.name != "set_id"]
    for some in _parts(named):
        known = sa.select(
            sa.literal(set_id, sa.BigInteger), *(getattr(DirectoryGroup, name) for name in columns)
        ).where(DirectoryGroup.tenant_id == found.tenant_id, DirectoryGroup.graph_id.in_(some))
        statement = insert_or_ignore(session, BackupGroup)
        session.execute(statement.from_select(["set_id", *columns], known, include_defaults=False))


def _assigned_groups(session: Session, set_id: int) -> set[str]:
    shas = sa.select(BackupItem.assignments_sha256).where(BackupItem.set_id == set_id)
    query = sa.select(Snapshot).where(Snapshot.sha256.in_(shas))
    found: set[str] = set()
    for snapshot in session.scalars(query.execution_options(yield_per=AT_ONCE)):
        targets = (target_of(assignment) for assignment in snapshot.content)
        found |= {group for target in targets if isinstance(group := target.get("groupId"), str)}
    return found


def _groups_in_contents(session: Session, set_id: int) -> set[str]:
    types = [key for key, policy_type in CATALOGUE.items() if group_places(policy_type)]
    query = (
        sa.select(BackupItem.collection, Snapshot)
        .join(Snapshot, Snapshot.sha256 == BackupItem.content_sha256)
        .where(BackupItem.set_id == set_id, BackupItem.collection.in_(types))
        .execution_options(yield_per=AT_ONCE)
    )
    found: set[str] = set()
    for collection, snapshot in session.execute(query):
        found |= groups_in(CATALOGUE[collection], snapshot.content)
    return found


def close(session: Session, set_id: int) -> BackupSet:
    """Completes the set: from now on it never changes. Raises as ``open_set``."""
    keep_groups(session, set_id)
    found = open_set(session, set_id)
    items = sa.select(sa.func.count()).where(BackupItem.set_id == set_id)
    found.item_count = session.scalar(items) or 0
    found.completed_at = utcnow()
    session.flush()
    return found


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
