"""What a person decides about the references of a restore: mapped, left out, or created."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.audit import record
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.restore import GROUPS
from opsapp.intune.restore.mapping import Thing
from opsapp.intune.restore.references import kinds_like
from opsapp.models import (
    BackupGroup,
    DirectoryGroup,
    MappingChoice,
    Policy,
    RestoreMapping,
    RestoreRun,
    RestoreStatus,
    SavedMapping,
    User,
)
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.restore.mapping import CHOSEN, refresh
from opsapp.restore.things import things_of, words_of
from opsapp.services.paging import PAGE_SIZE
from opsapp.services.restore_access import actor_of, opened, require

FOUND_AT_MOST = 20
_DOING = "prepare restores"


@dataclass(frozen=True)
class Choice:
    """``choice`` None takes a decision back; ``target_id`` is for ``map`` alone."""

    kind: str
    source_id: str
    choice: MappingChoice | None
    target_id: str = ""


@dataclass(frozen=True)
class MappingCounts:
    """Of all references of a restore: how many are decided, by choice, and how many are not."""

    mapped: int = 0
    skipped: int = 0
    created: int = 0
    undecided: int = 0

    @property
    def total(self) -> int:
        return self.mapped + self.skipped + self.created + self.undecided


def rows_of(restore: RestoreRun) -> Sequence[RestoreMapping]:
    """All references of a restore: groups first, by name."""
    query = sa.select(RestoreMapping).where(RestoreMapping.restore_id == restore.id)
    rows = db.session.scalars(query).all()
    return sorted(rows, key=lambda row: (row.kind != GROUPS, row.kind, row.source_name.casefold()))


def row_of(restore: RestoreRun, kind: str, source_id: str) -> RestoreMapping | None:
    return db.session.get(RestoreMapping, (restore.id, kind, source_id))


def page_of_rows(
    restore: RestoreRun, *, state: str = "", q: str = "", page: int = 1
) -> tuple[Sequence[RestoreMapping], bool]:
    """Some of them, undecided ones first, and whether there are more.

    ``state``: ``undecided`` or a choice; empty for all.
    """
    query = sa.select(RestoreMapping).where(RestoreMapping.restore_id == restore.id)
    if state == "undecided":
        query = query.where(RestoreMapping.choice.is_(None))
    elif state in set(MappingChoice):
        query = query.where(RestoreMapping.choice == MappingChoice(state))
    if q:
        columns = (RestoreMapping.source_name, RestoreMapping.source_id, RestoreMapping.target_name)
        query = query.where(sa.or_(*(each.icontains(q, autoescape=True) for each in columns)))
    order = (
        RestoreMapping.choice.is_not(None),
        RestoreMapping.kind != GROUPS,
        RestoreMapping.kind,
        sa.func.lower(RestoreMapping.source_name),
        RestoreMapping.source_id,
    )
    found = query.order_by(*order).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
    rows = db.session.scalars(found).all()
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def counts_of(restore: RestoreRun) -> MappingCounts:
    query = (
        sa.select(RestoreMapping.choice, sa.func.count())
        .where(RestoreMapping.restore_id == restore.id)
        .group_by(RestoreMapping.choice)
    )
    counts = {row[0]: row[1] for row in db.session.execute(query)}
    return MappingCounts(
        counts.get(MappingChoice.MAP, 0),
        counts.get(MappingChoice.SKIP, 0),
        counts.get(MappingChoice.CREATE, 0),
        counts.get(None, 0),
    )


def bring_up_to_date(user: User | None, restore: RestoreRun) -> None:
    """Suggests anew from the database as it is now; only a draft is touched."""
    require(user, restore.tenant, "restores.preview", _DOING)
    with write() as session:
        restore = opened(session, restore)
        refresh(session, restore)


def choose(user: User | None, restore: RestoreRun, choices: Iterable[Choice]) -> int:
    """Decides; returns how many. Raises Refused for what cannot be, and then decides nothing."""
    require(user, restore.tenant, "restores.preview", _DOING)
    with write() as session:
        restore = opened(session, restore)
        count = _decide(session, restore, choices)
        refresh(session, restore)
        _record(session, user, "restore.mapped", restore, count)
    return count


def _decide(session: Session, restore: RestoreRun, choices: Iterable[Choice]) -> int:
    targets: dict[str, dict[str, Thing]] = {}
    count = 0
    for each in choices:
        row = session.get(RestoreMapping, (restore.id, each.kind, each.source_id))
        if row is None:
            raise NotFound(f"This restore does not name {each.source_id}.", "source")
        if each.kind not in targets and each.choice == MappingChoice.MAP:
            known = things_of(session, restore.tenant, each.kind)
            targets[each.kind] = {thing.id: thing for thing in known}
        _set(session, restore, row, each, targets.get(each.kind, {}))
        count += 1
    session.flush()
    return count


def _set(
    session: Session,
    restore: RestoreRun,
    row: RestoreMapping,
    given: Choice,
    targets: dict[str, Thing],
) -> None:
    if given.choice == MappingChoice.CREATE:
        refuse_creation(session, restore, row)
    target = None
    if given.choice == MappingChoice.MAP:
        target = targets.get(given.target_id)
        if target is None and not (row.kind == GROUPS and is_cache_empty(restore)):
            raise NotFound(gone_words(restore, row.kind, given.target_id), "target")
    row.choice = given.choice
    row.origin = CHOSEN if given.choice else None
    row.target_id = given.target_id if given.choice == MappingChoice.MAP else None
    row.target_name = target.name[:300] if target else None


def is_cache_empty(restore: RestoreRun) -> bool:
    """Whether the target's groups were never read: then an id is taken as it is given."""
    return restore.tenant.groups_synced_at is None


def gone_words(restore: RestoreRun, kind: str, target: str) -> str:
    """That the target has no such thing, and what helps."""
    name, where = words_of(kind)[0], restore.tenant.name
    if kind == GROUPS:
        return f"The directory cache of {where} has no group {target}. Sync groups if it is new."
    return f"{where} has no {name} {target}. Sync the tenant if it is new."


def refuse_creation(session: Session, restore: RestoreRun, row: RestoreMapping) -> None:
    if row.kind != GROUPS:
        raise Refused("Only groups can be created. Add other objects to the restore.", "choice")
    source = restore.backup_set
    known = source is not None and (
        session.get(BackupGroup, (source.id, row.source_id)) is not None
        or session.scalar(
            sa.select(DirectoryGroup.id).where(
                DirectoryGroup.tenant_id == source.tenant_id,
                DirectoryGroup.graph_id == row.source_id,
            )
        )
        is not None
    )
    if not known or not row.source_name:
        raise Refused(f"Nothing is known of the group {row.source_id} but its id.", "choice")


def skip_undecided(user: User | None, restore: RestoreRun) -> int:
    """Leaves out everything that is not decided; returns how many."""
    undecided = [row for row in rows_of(restore) if row.choice is None]
    skip = MappingChoice.SKIP
    return _choose_some(user, restore, [Choice(row.kind, row.source_id, skip) for row in undecided])


def create_missing(user: User | None, restore: RestoreRun) -> int:
    """Has each undecided group created whose name no group of the target has; how many."""
    undecided = [
        row
        for row in rows_of(restore)
        if row.kind == GROUPS and row.choice is None and row.source_name
    ]
    present = _names_present(restore, [row.source_name for row in undecided])
    missing = [row.source_id for row in undecided if row.source_name not in present]
    create = MappingChoice.CREATE
    return _choose_some(user, restore, [Choice(GROUPS, key, create) for key in missing])


def _choose_some(user: User | None, restore: RestoreRun, choices: Sequence[Choice]) -> int:
    return choose(user, restore, choices) if choices else 0


def _names_present(restore: RestoreRun, names: Sequence[str]) -> set[str]:
    query = sa.select(DirectoryGroup.display_name).where(
        DirectoryGroup.tenant_id == restore.tenant_id,
        DirectoryGroup.removed_at.is_(None),
        DirectoryGroup.display_name.in_(names),
    )
    return set(db.session.scalars(query))


def search(restore: RestoreRun, kind: str, q: str) -> list[tuple[str, str, str]]:
    """The first things of the target whose name holds ``q``, or whose id it is: id, name, what."""
    if kind == GROUPS:
        group = DirectoryGroup
        query = sa.select(group.graph_id, group.display_name, group.description).where(
            group.tenant_id == restore.tenant_id, group.removed_at.is_(None)
        )
        name, key = group.display_name, group.graph_id
    else:
        query = sa.select(Policy.graph_id, Policy.name, Policy.platform).where(
            Policy.tenant_id == restore.tenant_id,
            Policy.gone_at.is_(None),
            Policy.collection.in_(kinds_like(kind)),
        )
        name, key = Policy.name, Policy.graph_id
    if q:
        query = query.where(sa.or_(name.icontains(q, autoescape=True), key == q))
    order = (name != q, sa.func.length(name), sa.func.lower(name), key)
    found = db.session.execute(query.order_by(*order).limit(FOUND_AT_MOST))
    return [(row[0], row[1], row[2]) for row in found]


def save(user: User | None, restore: RestoreRun) -> int:
    """Keeps what is decided for later restores between the two tenants; returns how many."""
    require(user, restore.tenant, "mappings.save", "save mappings")
    if restore.backup_set is None:
        raise Refused("The backup set was deleted: it is not known where this restore is from.")
    if restore.status not in (RestoreStatus.DRAFT, RestoreStatus.PREVIEWED):
        raise Refused("Mappings are saved before the restore is confirmed.")
    source_id, target_id = restore.backup_set.tenant_id, restore.tenant_id
    by = actor_of(user)
    decided = [row for row in rows_of(restore) if row.choice is not None and row.origin != "id"]
    with write() as session:
        for row in decided:
            saved = session.merge(
                SavedMapping(
                    source_tenant_id=source_id,
                    target_tenant_id=target_id,
                    kind=row.kind,
                    source_id=row.source_id,
                )
            )
            saved.source_name = row.source_name
            saved.choice = row.choice or MappingChoice.SKIP
            saved.target_id, saved.target_name = row.target_id, row.target_name
            saved.is_made, saved.updated_by, saved.updated_at = False, by.name, utcnow()
        _record(session, user, "restore.mapping_saved", restore, len(decided))
    return len(decided)


def _record(
    session: Session, user: User | None, action: str, restore: RestoreRun, count: int
) -> None:
    data = {"references": count}
    subject = str(restore.id)
    record(session, actor_of(user), action, subject, tenant=restore.tenant, data=data)
