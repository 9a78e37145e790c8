"""What tenants and backup sets have that a restore may name: groups and other objects."""

from collections.abc import Collection, Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore import GROUPS
from opsapp.intune.restore.mapping import Thing
from opsapp.intune.restore.references import kinds_like
from opsapp.models import (
    BackupGroup,
    BackupItem,
    BackupOrigin,
    BackupSet,
    DirectoryGroup,
    Policy,
    Tenant,
)

_IDS_AT_ONCE: Final = 500  # in one statement


def words_of(kind: str) -> tuple[str, str]:
    """What things of a kind are called, one and several."""
    if kind == GROUPS:
        return "group", "groups"
    row = CATALOGUE.get(kind)
    if row is None:
        return "object", "objects"
    keeps_case = row.label[:2].isupper() or row.singular[0].isupper()
    return row.singular, row.label if keeps_case else row.label[0].lower() + row.label[1:]


def things_of(session: Session, tenant: Tenant, kind: str) -> list[Thing]:
    """All that a tenant has of a kind, as the cache and the last readings know it."""
    if kind == GROUPS:
        present = (DirectoryGroup.tenant_id == tenant.id, DirectoryGroup.removed_at.is_(None))
        return _groups(session, DirectoryGroup, *present)
    present = (Policy.tenant_id == tenant.id, Policy.gone_at.is_(None))
    return _objects(session, Policy, kind, *present)


def _objects(
    session: Session,
    model: type[Policy | BackupItem],
    kind: str,
    *where: sa.ColumnElement[bool],
) -> list[Thing]:
    query = sa.select(
        model.graph_id, model.name, model.collection, model.kind, model.platform
    ).where(model.collection.in_(kinds_like(kind)), *where)
    return [Thing(row[0], row[1], sort=tuple(row[2:])) for row in session.execute(query)]


def _groups(
    session: Session, model: type[DirectoryGroup | BackupGroup], *where: sa.ColumnElement[bool]
) -> list[Thing]:
    query = sa.select(
        model.graph_id, model.display_name, model.mail_nickname, model.membership_rule
    ).where(*where)
    return [
        Thing(row[0], "" if row[1] == row[0] else row[1], row[2], row[3] or "")
        for row in session.execute(query)
    ]


def source_things(
    session: Session, source: BackupSet, kind: str, ids: Collection[str]
) -> list[Thing]:
    """What is named, as the set knows it, else as the source tenant does, else by id alone."""
    found: dict[str, Thing] = {}
    for some in _some_of(sorted(ids)):
        for thing in (
            *_in_tenant(session, source, kind, some),
            *_in_set(session, source, kind, some),
        ):
            found[thing.id] = thing
    return [found.get(source_id) or Thing(source_id) for source_id in sorted(ids)]


def _in_set(session: Session, source: BackupSet, kind: str, ids: Collection[str]) -> list[Thing]:
    if kind == GROUPS:
        in_set = (BackupGroup.set_id == source.id, BackupGroup.graph_id.in_(ids))
        return _groups(session, BackupGroup, *in_set, BackupGroup.display_name != "")
    held = (BackupItem.set_id == source.id, BackupItem.graph_id.in_(ids))
    return _objects(session, BackupItem, kind, *held)


def _in_tenant(session: Session, source: BackupSet, kind: str, ids: Collection[str]) -> list[Thing]:
    """What the tenant of the set knows of them; an imported set may be of another tenant."""
    if kind == GROUPS:
        return _groups(
            session,
            DirectoryGroup,
            DirectoryGroup.tenant_id == source.tenant_id,
            DirectoryGroup.graph_id.in_(ids),
        )
    if source.origin == BackupOrigin.IMPORT:
        return []
    held = (Policy.tenant_id == source.tenant_id, Policy.graph_id.in_(ids))
    return _objects(session, Policy, kind, *held)


def namesakes(
    session: Session, source: BackupSet, kind: str, sources: Iterable[Thing]
) -> dict[str, int]:
    """How many groups of each name the source tenant has, those that nothing names too."""
    if kind != GROUPS:
        return {}
    counts: dict[str, int] = {}
    for some in _some_of(sorted({thing.name for thing in sources if thing.name})):
        query = (
            sa.select(DirectoryGroup.display_name, sa.func.count())
            .where(
                DirectoryGroup.tenant_id == source.tenant_id,
                DirectoryGroup.removed_at.is_(None),
                DirectoryGroup.display_name.in_(some),
            )
            .group_by(DirectoryGroup.display_name)
        )
        counts |= {row[0]: row[1] for row in session.execute(query)}
    return counts


def _some_of(values: list[str]) -> Iterable[list[str]]:
    return (values[at : at + _IDS_AT_ONCE] for at in range(0, len(values), _IDS_AT_ONCE))
