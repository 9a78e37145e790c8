"""A backup set as files: a folder, or a zip file that is sent as it is made. Each is recorded."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.audit import Actor, record
from opsapp.config import current_settings
from opsapp.crypto import WrongKey, seal_with_passphrase
from opsapp.database import utcnow
from opsapp.exports.file_names import safe
from opsapp.exports.manifest import Manifest, ManifestGroup
from opsapp.exports.writer import ExportWriter, SetObject
from opsapp.extensions import db
from opsapp.intune.secrets import marks_in
from opsapp.inventory.sealing import opened
from opsapp.models import BackupGroup, BackupItem, BackupSet, BackupSetType, Tenant
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.services.policy_export import SHORTEST_PASSPHRASE

WORD: Final = "backups.export"
_AT_ONCE: Final = 50
_EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)  # of the dates a zip file can hold


def find(tenant: Tenant | None, set_id: int) -> BackupSet:
    """A set, of this tenant where one is given. Raises NotFound."""
    found = db.session.get(BackupSet, set_id)
    if found is None or (tenant is not None and found.tenant_id != tenant.id):
        raise NotFound(f"There is no backup set {set_id}.")
    return found


def as_folder(actor: Actor, backup: BackupSet, folder: Path, passphrase: str = "") -> int:
    """Writes the set into a folder, which is made, or is empty; returns how many objects.

    Raises Refused for a folder that holds anything, for a set that is still being made, and for a
    passphrase that is too short or a secret that cannot be opened any more.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is not an empty folder.")
    about = _begin(actor, backup, passphrase)

    def sink(path: str, body: bytes) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)

    folder.mkdir(parents=True, exist_ok=True)
    for _ in _written(backup.id, about, sink):
        pass
    return len(about.objects)


def as_zip(actor: Actor, backup: BackupSet, passphrase: str = "") -> Iterator[bytes]:
    """The zip file in pieces; refuses as ``as_folder`` does, before the first of them."""
    return _zipped(backup.id, _moment(backup), _begin(actor, backup, passphrase))


def zip_name(backup: BackupSet) -> str:
    """ASCII, for the header of a download."""
    name = safe(backup.name).encode("ascii", "ignore").decode().strip() or "backup"
    return f"opsapp-{backup.tenant.slug}-{backup.id}-{name}.zip".replace(" ", "-")


def _begin(actor: Actor, backup: BackupSet, passphrase: str) -> Manifest:
    """Refuses what cannot be exported, records the rest, and gives a manifest without objects."""
    if backup.completed_at is None:
        raise Refused(f"The backup set “{backup.name}” is still being made.")
    about = _manifest(backup)
    if passphrase:
        about = _with_secrets(about, backup.id, passphrase)
    with write() as session:
        tenant = session.get_one(Tenant, backup.tenant_id)
        data = {"backup_set": backup.id, "secrets": bool(passphrase)}
        record(session, actor, "backup.exported", backup.name, tenant=tenant, data=data)
    return about


def _manifest(backup: BackupSet) -> Manifest:
    tenant = backup.tenant
    types = sa.select(BackupSetType).where(BackupSetType.set_id == backup.id)
    groups = sa.select(BackupGroup).where(BackupGroup.set_id == backup.id)
    return Manifest(
        tenant={"slug": tenant.slug, "name": tenant.name, "id": tenant.entra_tenant_id},
        set={
            "id": backup.id,
            "name": backup.name,
            "note": backup.note,
            "origin": str(backup.origin),
            "collections": backup.collections,
            "created_by": backup.created_by,
            "created_at": _text(backup.created_at),
            "completed_at": _text(backup.completed_at),
            "exported_at": _text(utcnow()),
            "left_out": backup.left_out,
        },
        types=[_type(row) for row in db.session.scalars(types.order_by(BackupSetType.collection))],
        groups=[_group(row) for row in db.session.scalars(groups.order_by(BackupGroup.graph_id))],
    )


def _type(row: BackupSetType) -> dict[str, Any]:
    return {
        "collection": row.collection,
        "completeness": str(row.completeness),
        "object_count": row.object_count,
        "item_count": row.item_count,
        "reason_code": row.reason_code,
        "message": row.message,
    }


def _group(row: BackupGroup) -> ManifestGroup:
    return ManifestGroup(
        id=row.graph_id,
        display_name=row.display_name,
        description=row.description,
        mail_nickname=row.mail_nickname,
        group_types=tuple(row.group_types),
        security_enabled=row.security_enabled,
        mail_enabled=row.mail_enabled,
        membership_rule=row.membership_rule,
    )


def _text(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _with_secrets(about: Manifest, set_id: int, passphrase: str) -> Manifest:
    """With what the marks stand for, as far as this installation knows it, sealed."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Refused(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.", "passphrase")
    settings, texts = current_settings(), {}
    for item in _items(set_id):
        for mark in marks_in(item.content.content):
            try:
                texts[mark] = opened(db.session(), settings, mark)
            except KeyError:
                continue  # an import brought it without its secret
            except WrongKey:
                raise Refused(
                    "A secret of this set cannot be opened: its encryption key is not in"
                    " OPSAPP_ENCRYPTION_KEYS any more."
                ) from None
    sealed = seal_with_passphrase(passphrase, json.dumps(texts))
    return Manifest(about.tenant, about.set, about.types, about.objects, about.groups, sealed)


def _items(set_id: int) -> Iterator[BackupItem]:
    """The items of a set, some at a time, never all of them in memory."""
    after = 0
    while True:
        query = (
            sa.select(BackupItem)
            .where(BackupItem.set_id == set_id, BackupItem.id > after)
            .order_by(BackupItem.id)
            .limit(_AT_ONCE)
            .options(joinedload(BackupItem.content), joinedload(BackupItem.assignments))
        )
        items = db.session.scalars(query).all()
        if not items:
            return
        yield from items
        after = items[-1].id


def _written(set_id: int, about: Manifest, sink: Callable[[str, bytes], None]) -> Iterator[None]:
    """Hands the files to the sink; goes on after each object when asked to."""
    writer = ExportWriter(sink, about)
    for item in _items(set_id):
        writer.add(
            SetObject(
                type=item.collection,
                id=item.graph_id,
                name=item.name,
                kind=item.kind,
                platform=item.platform,
                content=item.content.content,
                assignments=item.assignments.content,
                content_sha256=item.content_sha256,
                assignments_sha256=item.assignments_sha256,
            )
        )
        yield
    writer.finish()


class _Pieces(io.RawIOBase):
    """What a zip file is written to: keeps only what has not been sent yet."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self._kept.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        kept = b"".join(self._kept)
        self._kept.clear()
        return kept


def _zipped(set_id: int, moment: datetime, about: Manifest) -> Iterator[bytes]:
    pieces = _Pieces()
    with zipfile.ZipFile(cast("IO[bytes]", pieces), "w") as archive:

        def sink(path: str, body: bytes) -> None:
            entry = zipfile.ZipInfo(path, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)

        for _ in _written(set_id, about, sink):
            yield pieces.taken()
    yield pieces.taken()


def _moment(backup: BackupSet) -> datetime:
    return max(backup.completed_at or backup.created_at, _EARLIEST)
