"""What a restore names outside of itself, and what of the target stands for each of them.

All from the database and the directory cache: Microsoft Graph is never asked.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore import GROUPS
from opsapp.intune.restore.mapping import Suggestion, Thing, suggest
from opsapp.intune.restore.references import kinds_like, references_of
from opsapp.models import (
    BackupItem,
    BackupOrigin,
    BackupSet,
    CollectionState,
    Completeness,
    MappingChoice,
    RestoreAction,
    RestoreItem,
    RestoreMapping,
    RestoreRun,
    SavedMapping,
    Tenant,
)
from opsapp.restore.things import namesakes, source_things, things_of, words_of

CHOSEN: Final = "chosen"
SAVED: Final = "saved"
_AT_ONCE: Final = 100


def refresh(session: Session, restore: RestoreRun) -> None:
    """Brings the mapping rows of a restore up to date with its items, the cache and the policies.

    What a person chose stays while its target exists; choices saved for the two tenants come next,
    then suggestions. Rows that nothing needs any more go. The caller's transaction commits.
    """
    session.flush()
    found = sa.select(RestoreMapping).where(RestoreMapping.restore_id == restore.id)
    rows = {(row.kind, row.source_id): row for row in session.scalars(found)}
    needed = _needed(session, restore)
    source = restore.backup_set
    if source is not None:
        for kind, ids in needed.items():
            _refresh_kind(session, restore, source, kind, ids, rows)
    for (kind, source_id), row in rows.items():
        if source_id not in needed.get(kind, ()):
            session.delete(row)
    session.flush()


def _needed(session: Session, restore: RestoreRun) -> dict[str, set[str]]:
    """What the restore's objects name and is none of them, by kind.

    One of them that the last preview found cannot be restored can be mapped as well.
    """
    query = sa.select(RestoreItem.collection, RestoreItem.source_id).where(
        RestoreItem.restore_id == restore.id,
        RestoreItem.collection != GROUPS,
        sa.or_(
            RestoreItem.action.is_distinct_from(RestoreAction.CANNOT),
            RestoreItem.target_id.is_not(None),
        ),
    )
    own = {(row[0], row[1]) for row in session.execute(query)}
    named: dict[str, set[str]] = defaultdict(set)
    for item in _backed(session, restore):
        policy_type = CATALOGUE.get(item.collection)
        if policy_type is None:
            continue
        for kind, source_id in references_of(
            policy_type, item.content.content, item.assignments.content
        ):
            if not any((like, source_id) in own for like in kinds_like(kind)):
                named[kind].add(source_id)
    return named


def _backed(session: Session, restore: RestoreRun) -> Iterable[BackupItem]:
    """The objects of a restore that a backup set holds, some at a time."""
    query = (
        sa.select(BackupItem)
        .join(RestoreItem, RestoreItem.backup_item_id == BackupItem.id)
        .where(RestoreItem.restore_id == restore.id)
        .options(joinedload(BackupItem.content), joinedload(BackupItem.assignments))
        .execution_options(yield_per=_AT_ONCE)
    )
    return session.scalars(query)


@dataclass(frozen=True)
class _Given:
    """What becomes of one reference: a row's values."""

    choice: MappingChoice | None
    target: Thing | None = None
    origin: str | None = None
    note: str | None = None


def _refresh_kind(
    session: Session,
    restore: RestoreRun,
    source: BackupSet,
    kind: str,
    ids: Collection[str],
    rows: dict[tuple[str, str], RestoreMapping],
) -> None:
    target = restore.tenant
    sources = source_things(session, source, kind, ids)
    targets = things_of(session, target, kind)
    by_id = {thing.id: thing for thing in targets}
    suggestions = suggest(
        kind,
        sources,
        targets,
        words=words_of(kind),
        same_tenant=source.tenant_id == target.id and source.origin != BackupOrigin.IMPORT,
        namesakes=namesakes(session, source, kind, sources),
    )
    saved = _saved(session, source, target, kind)
    is_known = _is_known(session, target, kind)
    if not is_known and source.tenant_id == target.id and source.origin != BackupOrigin.IMPORT:
        # Nobody knows what is there: in its own tenant a thing stands for itself.
        suggestions = {
            key: one if one.target else Suggestion(_itself(sources, key), "id")
            for key, one in suggestions.items()
        }
    for thing in sources:
        row = rows.get((kind, thing.id))
        if row is None:
            row = RestoreMapping(restore_id=restore.id, kind=kind, source_id=thing.id)
            session.add(row)
        row.source_name = (thing.name or row.source_name or "")[:300]
        kept = row if row.origin == CHOSEN and row.choice is not None else None
        _write(row, _given(kept, saved.get(thing.id), suggestions[thing.id], by_id, is_known))


def _is_known(session: Session, target: Tenant, kind: str) -> bool:
    """Whether what the target has of a kind was read to its end."""
    if kind == GROUPS:
        return target.groups_synced_at is not None
    read = sa.select(sa.func.count()).where(
        CollectionState.tenant_id == target.id,
        CollectionState.collection.in_(kinds_like(kind)),
        CollectionState.completeness == Completeness.COMPLETE,
    )
    return session.scalar(read) == len(kinds_like(kind))


def _itself(sources: Iterable[Thing], source_id: str) -> Thing:
    return next(one for one in sources if one.id == source_id)


def _given(
    kept: RestoreMapping | None,
    saved: SavedMapping | None,
    suggestion: Suggestion,
    targets: Mapping[str, Thing],
    is_known: bool,
) -> _Given:
    """The first that holds of: chosen, saved by a person, the same id, made before, suggested."""
    gone = ""
    if kept is not None:
        if stands := _standing(kept, targets, is_known):
            return _Given(kept.choice, stands, CHOSEN)
        gone = f"“{kept.target_name or kept.target_id}”, chosen before, is gone."
    if saved is not None and (not saved.is_made or suggestion.origin != "id"):
        if stands := _standing(saved, targets, is_known):
            return _Given(saved.choice, stands, SAVED)
        gone = gone or f"“{saved.target_name or saved.target_id}”, saved before, is gone."
    if suggestion.target is not None:
        return _Given(MappingChoice.MAP, suggestion.target, suggestion.origin)
    return _Given(None, note=" ".join(part for part in (gone, suggestion.note) if part))


_NOTHING: Final = Thing("")


def _standing(
    row: RestoreMapping | SavedMapping, targets: Mapping[str, Thing], is_known: bool
) -> Thing | None:
    """What an earlier choice leads to, as far as it is there: ``_NOTHING`` when not mapped."""
    if row.choice != MappingChoice.MAP or row.target_id is None:
        return _NOTHING
    if row.target_id in targets:
        return targets[row.target_id]
    return None if is_known else Thing(row.target_id, row.target_name or "")


def _write(row: RestoreMapping, given: _Given) -> None:
    target = given.target if given.choice == MappingChoice.MAP else None
    row.choice = given.choice
    row.target_id = target.id if target else None
    row.target_name = target.name[:300] if target else None
    row.origin = given.origin
    row.note = given.note[:300] if given.note else None


def _saved(
    session: Session, source: BackupSet, target: Tenant, kind: str
) -> dict[str, SavedMapping]:
    query = sa.select(SavedMapping).where(
        SavedMapping.source_tenant_id == source.tenant_id,
        SavedMapping.target_tenant_id == target.id,
        SavedMapping.kind == kind,
    )
    return {row.source_id: row for row in session.scalars(query)}
