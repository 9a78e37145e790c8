"""Objects of an export made ready for a backup set, and put into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.backup.secrets_of_exports import contents_of_tenant, remarked
from opsapp.database import storable, utcnow
from opsapp.exports import GraphObject, NamedGroup
from opsapp.intune.catalogue import CATALOGUE, AssignmentSource
from opsapp.intune.normalise import canonical, sha256_of
from opsapp.intune.secrets import marks_in
from opsapp.inventory.outcome import ReadObject
from opsapp.inventory.prepared import Prepared, prepare
from opsapp.inventory.sealing import Sealer, keep_sealed
from opsapp.inventory.versions import keep_snapshots
from opsapp.models import BackupGroup, BackupItem
from opsapp.models.upsert import insert_or_ignore

LONGEST_ID = 200
MADE_UP = "The file names no id of its own: one was made up."


class Unusable(ValueError):
    """An object of an export that no set can hold. The message says why."""

    reason_code = "import.not_read"

    @property
    def item_message(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Ready:
    """An object ready to be stored; ``remark`` is what the person who imports it should know."""

    collection: str
    place: str
    prepared: Prepared
    secrets: Mapping[str, str]
    remark: str = ""


class Importer:
    """Makes the objects of one export ready. ``texts`` are its secrets by their marks."""

    def __init__(self, tenant_id: int, sealer: Sealer, texts: Mapping[str, str]) -> None:
        self._tenant_id = tenant_id
        self._sealer = sealer
        self._marks, self._brought = sealer.seal_texts(texts)

    def own_contents(self, session: Session, objects: Sequence[GraphObject]) -> set[str]:
        """Hashes of those of the contents with secrets that the tenant holds itself."""
        hashes = (
            sha256_of(canonical(one.content))
            for one in objects
            if next(marks_in(one.content), None) is not None
        )
        return contents_of_tenant(session, self._tenant_id, hashes)

    def ready(self, one: GraphObject, own: set[str]) -> Ready:
        """Raises Unusable, and whatever an object that makes no sense leads to."""
        kind = CATALOGUE[one.collection]
        if len(one.id) > LONGEST_ID:
            raise Unusable(f"Its id is longer than {LONGEST_ID} characters.")
        remarks, assignments = list(one.remarks), one.assignments
        if one.is_made_up and not one.remarks:
            remarks.append(MADE_UP)
        if kind.assignments is AssignmentSource.NONE and assignments:
            assignments = []
            remarks.append("Such objects have no assignments: they were left out.")
        content, missing = one.content, 0
        if next(marks_in(content), None) and sha256_of(canonical(content)) not in own:
            content, missing = remarked(content, self._marks)
        if missing:
            remarks.append(f"Without {missing} secret values, which are not in the export.")
        prepared = prepare(kind, ReadObject(one.id, content, assignments), self._sealer)
        used = {mark.rpartition(":")[2] for mark in marks_in(content)}
        secrets = {key: value for key, value in self._brought.items() if key in used}
        remark = " ".join(remarks)
        return Ready(one.collection, one.place, prepared, prepared.secrets | secrets, remark)


def keep_items(session: Session, set_id: int, objects: Sequence[Ready]) -> None:
    """Puts them into an open set, in the caller's transaction."""
    keep_snapshots(session, [one.prepared for one in objects], utcnow())
    for one in objects:
        keep_sealed(session, dict(one.secrets))
    session.add_all(_item(set_id, one) for one in objects)
    session.flush()


def _item(set_id: int, one: Ready) -> BackupItem:
    made = one.prepared
    return BackupItem(
        set_id=set_id,
        collection=one.collection,
        graph_id=made.source.graph_id,
        kind=made.kind,
        name=made.name,
        platform=made.platform,
        assignment_count=len(made.source.assignments),
        content_sha256=made.content_sha256,
        assignments_sha256=made.assignments_sha256,
        compare_sha256=made.compare_sha256,
        file=storable(one.place, 500),
    )


def keys_in(session: Session, set_id: int) -> set[tuple[str, str]]:
    """Collection and id of what is in a set already."""
    rows = sa.select(BackupItem.collection, BackupItem.graph_id).where(BackupItem.set_id == set_id)
    return {(collection, graph_id) for collection, graph_id in session.execute(rows)}


def keep_named_groups(session: Session, set_id: int, groups: Sequence[NamedGroup]) -> None:
    """Writes down the groups that the export tells of."""
    rows = [
        {
            "set_id": set_id,
            "graph_id": group.id,
            "display_name": storable(group.display_name, 300),
            "description": storable(group.description),
            "mail_nickname": storable(group.mail_nickname, 300),
            "group_types": list(group.group_types),
            "security_enabled": group.security_enabled,
            "mail_enabled": group.mail_enabled,
            "membership_rule": storable(group.membership_rule) or None,
        }
        for group in (replace(one, id=str(one.id)[:64]) for one in groups)
    ]
    if rows:
        session.execute(insert_or_ignore(session, BackupGroup), rows)
