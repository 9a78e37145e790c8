"""Zip files that people bring to import: kept until the import has ended, a day at most."""

import hashlib
import io
import stat
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa

from opsapp import runs
from opsapp.audit import record
from opsapp.config import current_settings
from opsapp.crypto import encrypt
from opsapp.database import storable, utcnow
from opsapp.exports.sources import BadArchive, files_of_folder, files_of_zip
from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus, Tenant, Upload, User
from opsapp.models.base import write
from opsapp.operations.backup_set_import import MOST_BYTES, BackupSetImport
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed, Refused
from opsapp.runs.initiator import actor_of
from opsapp.services.policy_export import SHORTEST_PASSPHRASE

KEPT: Final = timedelta(days=1)


def start_import(
    tenant: Tenant,
    initiator: User | str,
    file: IO[bytes],
    file_name: str,
    about: Mapping[str, Any],
    passphrase: str = "",
) -> OperationRun:
    """Keeps a zip file and starts its import; ``about`` is ``name`` and ``note`` of the set.

    Raises NotAllowed, Refused for what is no zip file of at most ``MOST_BYTES``, InvalidInputs.
    """
    operation = BackupSetImport()
    if isinstance(initiator, User) and not allows(initiator, tenant, operation.permission):
        raise NotAllowed(f"You may not start “{operation.label}” in {tenant.name}.")
    if tenant.suspended_at:
        raise Refused(f"{tenant.name} is suspended.", reason_code="tenant.suspended")
    if passphrase and len(passphrase) < SHORTEST_PASSPHRASE:
        raise Refused(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.", "passphrase")
    operation.clean_inputs({**about, "upload": 1})  # before anything is kept
    body = _checked(file)
    upload_id = keep(tenant, initiator, body, file_name, passphrase)
    return runs.start(tenant, operation.type, {**about, "upload": upload_id}, initiator)


def _checked(file: IO[bytes]) -> bytes:
    body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Refused(f"The zip file is larger than {MOST_BYTES // 2**20} MB.", "file")
    try:
        files_of_zip(io.BytesIO(body))
    except BadArchive as error:
        raise Refused(str(error), "file") from None
    return body


def keep(
    tenant: Tenant, initiator: User | str, body: bytes, file_name: str, passphrase: str
) -> int:
    """Keeps a zip file that was looked at, for an import; returns its id."""
    sealed = encrypt(current_settings(), passphrase) if passphrase else None
    sha256 = hashlib.sha256(body).hexdigest()
    actor = actor_of(initiator)
    with write() as session:
        upload = Upload(
            tenant_id=tenant.id,
            file_name=storable(file_name, 255),
            sha256=sha256,
            body=body,
            passphrase_sealed=sealed,
            created_by=actor.name,
        )
        session.add(upload)
        session.flush()
        upload_id = upload.id
        session.expunge(upload)
        data = {"upload": upload_id, "sha256": sha256, "bytes": len(body)}
        owner = session.get_one(Tenant, tenant.id)
        record(session, actor, "backup.brought", file_name, tenant=owner, data=data)
    return upload_id


def zip_of(folder: Path, target: IO[bytes]) -> None:
    """A folder as a zip file, links and hidden folders by their names alone.

    Raises Refused for a folder that is none, or of which a file cannot be read.
    """
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder}.")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files_of_folder(folder):
            if not file.reason:
                archive.write(folder / file.path, file.path)
                continue
            entry = zipfile.ZipInfo(f"{file.path}…" if file.path.endswith("/") else file.path)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, b"")


def delete_stale() -> int:
    """Deletes uploads that no import will ever read; returns how many."""
    query = sa.select(Upload.id).where(Upload.created_at < utcnow() - KEPT)
    old = set(db.session.scalars(query))
    if not old:
        return 0
    active = sa.select(OperationRun.inputs).where(
        OperationRun.type == BackupSetImport.type,
        OperationRun.status.in_([RunStatus.QUEUED, RunStatus.RUNNING]),
    )
    old -= {inputs.get("upload") for inputs in db.session.scalars(active)}
    with write() as session:
        session.execute(sa.delete(Upload).where(Upload.id.in_(old)))
    return len(old)
