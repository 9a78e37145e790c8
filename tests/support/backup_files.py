"""Backup sets made of what a tenant has, taken to files and back again."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from opsapp.audit import CLI
from opsapp.backup import contents
from opsapp.extensions import db
from opsapp.models import BackupItem, BackupSet, BackupSetType, Policy, TypeCompleteness
from opsapp.models.base import write
from opsapp.services import backup_export


@dataclass(frozen=True)
class Kept:
    """An item of a set, to be compared."""

    name: str
    kind: str
    platform: str
    assignment_count: int
    content_sha256: str
    assignments_sha256: str
    compare_sha256: str


def made_set(tenant_id: int, name: str = "Monday") -> int:
    """A complete set of all that is known of a tenant; returns its id."""
    with write() as session:
        made = BackupSet(tenant_id=tenant_id, name=name, note="All", created_by="Ana Ferreira")
        session.add(made)
        session.flush()
        policies = session.scalars(sa.select(Policy.id).where(Policy.tenant_id == tenant_id))
        contents.add_policies(session, made.id, policies.all())
        count = sa.func.count()
        rows = sa.select(BackupItem.collection, count).where(BackupItem.set_id == made.id)
        for collection, items in session.execute(rows.group_by(BackupItem.collection)).all():
            session.add(
                BackupSetType(
                    set_id=made.id,
                    collection=collection,
                    completeness=TypeCompleteness.COMPLETE,
                    object_count=items,
                    item_count=items,
                )
            )
        contents.close(session, made.id)
        return made.id


def kept_in(set_id: int) -> dict[tuple[str, str], Kept]:
    """The items of a set by collection and id."""
    items = db.session.scalars(sa.select(BackupItem).where(BackupItem.set_id == set_id))
    return {
        (item.collection, item.graph_id): Kept(
            **{name: getattr(item, name) for name in Kept.__dataclass_fields__}
        )
        for item in items
    }


def exported(set_id: int, folder: Path, passphrase: str = "") -> Path:
    """The set as a folder."""
    backup_export.as_folder(CLI, db.session.get_one(BackupSet, set_id), folder, passphrase)
    return folder


def zip_with(files: dict[str, Any]) -> io.BytesIO:
    """A zip file of texts or bytes by their paths."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in files.items():
            archive.writestr(path, body)
    made.seek(0)
    return made
