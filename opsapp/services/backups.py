"""Backup sets: started, listed, found, closed by hand, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from opsapp import runs
from opsapp.audit import Actor, record
from opsapp.backup import completeness, contents
from opsapp.backup.expiry import used_by
from opsapp.extensions import db
from opsapp.models import (
    BackupGroup,
    BackupItem,
    BackupOrigin,
    BackupSet,
    BackupSetType,
    OperationRun,
    Tenant,
    User,
)
from opsapp.models.base import write
from opsapp.models.conditions import ACTIVE, Condition
from opsapp.operations.backup_set_add_policies import BackupSetAddPolicies
from opsapp.operations.backup_set_create import BackupSetCreate
from opsapp.permissions import tenants_of
from opsapp.refusals import NotFound, Refused
from opsapp.runs.initiator import Initiator
from opsapp.services.paging import Cursor, Page, page_of
from opsapp.services.policies import TYPE_LABELS, NamedObject, Names, names_in

SORTS = ("created", "name", "items")
COUNT_LIMIT = 1000
WORKING = (
    *("backup_set.create", "backup_set.add_policies", "backup_set.import"),
    *("backup_schedule.run_now", "backup_schedule.retry", "backup_schedule.scheduled"),
)


@dataclass(frozen=True)
class SetFilter:
    """What to list; empty fields do not filter. ``state`` is complete or open."""

    q: str = ""
    origin: str = ""
    state: str = ""

    @property
    def narrows(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class ItemFilter:
    """Which items of a set; ``q`` is a part of the name or a Graph id."""

    q: str = ""
    type: str = ""

    @property
    def narrows(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class SetLine:
    """A set with the latest run that worked on it; that may have been deleted for its age."""

    backup: BackupSet
    run: OperationRun | None


def start(tenant: Tenant, inputs: Mapping[str, Any], initiator: Initiator) -> OperationRun:
    """Starts making a set. Raises InvalidInputs, and as ``runs.start``."""
    return runs.start(tenant, BackupSetCreate.type, inputs, initiator)


def add_policies(
    backup: BackupSet, policy_ids: Sequence[int], initiator: Initiator
) -> OperationRun:
    """Starts reading chosen policies into an open set. Raises SetComplete."""
    if backup.completed_at is not None:
        raise contents.SetComplete(backup.name)
    inputs = {"set": backup.id, "policies": list(policy_ids)}
    return runs.start(backup.tenant, BackupSetAddPolicies.type, inputs, initiator)


def find(set_id: int, tenant: Tenant | None = None) -> BackupSet:
    """The set of that id, of the tenant if one is given. Raises NotFound."""
    found = db.session.get(BackupSet, set_id, options=[joinedload(BackupSet.tenant)])
    if found is None or (tenant is not None and found.tenant_id != tenant.id):
        raise NotFound(f"There is no backup set {set_id}.")
    return found


def run_of(backup: BackupSet) -> OperationRun | None:
    """The latest run that made it."""
    return db.session.get(OperationRun, backup.run_id) if backup.run_id else None


def set_made_by(run: OperationRun) -> BackupSet | None:
    """The set that a run worked on; None before it began to."""
    set_id = run.context.get("backup_set")
    return db.session.get(BackupSet, set_id) if set_id else None


def browse(tenant: Tenant, chosen: SetFilter, sort: str, cursor: Cursor) -> Page[SetLine]:
    """A page of the tenant's sets. ``sort``: one of ``SORTS``, with ``-`` in front to reverse."""
    query = sa.select(BackupSet).where(BackupSet.tenant_id == tenant.id, *_conditions(chosen))
    key = sort.removeprefix("-")
    order: Any = {"name": sa.func.lower(BackupSet.name), "items": BackupSet.item_count}.get(
        key, BackupSet.created_at
    )
    page = page_of(query, BackupSet, order, cursor, descending=sort.startswith("-"))
    found = _runs_of(page.rows)
    rows = [SetLine(backup, found.get(backup.run_id or 0)) for backup in page.rows]
    return Page(rows, page.before, page.after)


def count(tenant: Tenant, chosen: SetFilter | None = None) -> int:
    """How many sets there are, counted up to ``COUNT_LIMIT`` + 1."""
    conditions = _conditions(chosen) if chosen else []
    ids = sa.select(BackupSet.id).where(BackupSet.tenant_id == tenant.id, *conditions)
    limited = ids.limit(COUNT_LIMIT + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(limited)) or 0


def newest(tenant: Tenant | None, user: User | None, limit: int) -> Sequence[SetLine]:
    """The newest sets, of one tenant or of all that a person sees: for the command line."""
    query = sa.select(BackupSet).options(joinedload(BackupSet.tenant))
    if tenant is not None:
        query = query.where(BackupSet.tenant_id == tenant.id)
    elif user is not None:
        visible = tenants_of(user).with_only_columns(Tenant.id)
        query = query.where(BackupSet.tenant_id.in_(visible))
    sets = db.session.scalars(query.order_by(BackupSet.id.desc()).limit(limit)).all()
    found = _runs_of(sets)
    return [SetLine(backup, found.get(backup.run_id or 0)) for backup in sets]


def active_runs(tenant: Tenant) -> Sequence[OperationRun]:
    """Runs that are making, filling or importing sets of the tenant now."""
    query = sa.select(OperationRun).where(
        OperationRun.tenant_id == tenant.id, ACTIVE, OperationRun.type.in_(WORKING)
    )
    return db.session.scalars(query.order_by(OperationRun.id)).all()


def types_of(backup: BackupSet) -> list[BackupSetType]:
    """How each policy type stands, by its label."""
    rows = completeness.types_of(db.session(), backup.id)
    return sorted(rows, key=lambda row: TYPE_LABELS.get(row.collection, row.collection))


def item_types(backup: BackupSet) -> list[tuple[str, str]]:
    """The types of which the set has items, with their labels."""
    query = sa.select(BackupItem.collection).where(BackupItem.set_id == backup.id).distinct()
    keys = db.session.scalars(query)
    return sorted(((key, TYPE_LABELS.get(key, key)) for key in keys), key=lambda pair: pair[1])


def item_count(backup: BackupSet) -> int:
    """Also of an open set."""
    if backup.completed_at is not None:
        return backup.item_count
    items = sa.select(sa.func.count()).where(BackupItem.set_id == backup.id)
    return db.session.scalar(items) or 0


def browse_items(
    backup: BackupSet, chosen: ItemFilter, sort: str, cursor: Cursor
) -> Page[BackupItem]:
    """A page of the items. ``sort``: name or type, with ``-`` in front to reverse."""
    query = sa.select(BackupItem).where(BackupItem.set_id == backup.id)
    if chosen.type:
        query = query.where(BackupItem.collection == chosen.type)
    if chosen.q:
        columns = (BackupItem.name, BackupItem.graph_id)
        query = query.where(
            sa.or_(*(column.icontains(chosen.q, autoescape=True) for column in columns))
        )
    by_type = sa.case(TYPE_LABELS, value=BackupItem.collection, else_=BackupItem.collection)
    order = by_type if sort.removeprefix("-") == "type" else sa.func.lower(BackupItem.name)
    return page_of(query, BackupItem, order, cursor, descending=sort.startswith("-"))


def all_items(backup: BackupSet) -> Sequence[BackupItem]:
    query = sa.select(BackupItem).where(BackupItem.set_id == backup.id)
    return db.session.scalars(query.order_by(BackupItem.collection, BackupItem.id)).all()


def find_item(backup: BackupSet, item_id: int) -> BackupItem:
    """With its content and assignments. Raises NotFound."""
    found = db.session.scalar(
        sa.select(BackupItem)
        .where(BackupItem.id == item_id, BackupItem.set_id == backup.id)
        .options(joinedload(BackupItem.content), joinedload(BackupItem.assignments))
    )
    if found is None:
        raise NotFound(f"There is no item {item_id} in this backup set.")
    return found


def names_of_item(backup: BackupSet, *contents: Any) -> Names:
    """What ids in an item stand for: groups as they were when the set was made, if known."""
    names = names_in(backup.tenant, *contents)
    rows = db.session.scalars(sa.select(BackupGroup).where(BackupGroup.set_id == backup.id))
    kept = {row.graph_id: NamedObject(row.display_name, gone=False) for row in rows}
    return Names(kept | names.groups, names.objects)


def close(actor: Actor, backup: BackupSet) -> None:
    """Completes an open set as it is. Raises SetComplete, and Refused while a run fills it."""
    with write() as session:
        _refuse_while_filled(session, backup.id)
        closed = contents.close(session, backup.id)
        data = {"items": closed.item_count}
        record(session, actor, "backup.closed", _subject(closed), tenant=closed.tenant, data=data)


def delete(actor: Actor, backup: BackupSet) -> None:
    """The set with all of its items. Raises Refused while a restore or a run needs it."""
    with write() as session:
        _refuse_while_filled(session, backup.id)
        restore_id = used_by(session, backup.id)
        if restore_id is not None:
            raise Refused(f"Restore {restore_id} uses this backup set and has not ended.")
        gone = session.get(BackupSet, backup.id, with_for_update={"of": BackupSet})
        if gone is None:
            raise NotFound(f"There is no backup set {backup.id}.")
        data = {"items": gone.item_count}
        record(session, actor, "backup.deleted", _subject(gone), tenant=gone.tenant, data=data)
        session.delete(gone)


def _refuse_while_filled(session: Session, set_id: int) -> None:
    found = session.get(BackupSet, set_id)
    if found is None:
        raise NotFound(f"There is no backup set {set_id}.")
    query = sa.select(OperationRun).where(OperationRun.tenant_id == found.tenant_id, ACTIVE)
    for run in session.scalars(query.where(OperationRun.type.in_(WORKING))):
        if set_id in (run.context.get("backup_set"), run.inputs.get("set")):
            raise Refused(f"Run {run.id} is at work on this backup set.")


def _subject(backup: BackupSet) -> str:
    return f"#{backup.id} {backup.name}"


def _runs_of(sets: Sequence[BackupSet]) -> dict[int, OperationRun]:
    ids = [backup.run_id for backup in sets if backup.run_id]
    found = db.session.scalars(sa.select(OperationRun).where(OperationRun.id.in_(ids)))
    return {run.id: run for run in found}


def _conditions(chosen: SetFilter) -> list[Condition]:
    conditions: list[Condition] = []
    if chosen.q:
        columns = (BackupSet.name, BackupSet.note, BackupSet.created_by)
        conditions.append(
            sa.or_(*(column.icontains(chosen.q, autoescape=True) for column in columns))
        )
    if chosen.origin in set(BackupOrigin):
        conditions.append(BackupSet.origin == BackupOrigin(chosen.origin))
    if chosen.state in ("complete", "open"):
        is_complete = BackupSet.completed_at.is_not(None)
        conditions.append(is_complete if chosen.state == "complete" else ~is_complete)
    return conditions
