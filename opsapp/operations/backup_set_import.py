"""Import a backup: a zip file of ours or another tool's becomes a complete backup set."""

import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from opsapp.backup import contents
from opsapp.backup.import_types import types_of
from opsapp.backup.imported import Importer, Ready, keep_items, keep_named_groups, keys_in
from opsapp.backup.secrets_of_exports import opened_secrets
from opsapp.config import current_settings
from opsapp.crypto import decrypt
from opsapp.database import storable
from opsapp.exports import (
    BadArchive,
    ExportFolder,
    GraphObject,
    GraphObjects,
    LeftOut,
    graph_objects,
    read_zip,
)
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.normalise import sha256_of
from opsapp.inventory.failure import ReadFailure
from opsapp.inventory.sealing import Sealer
from opsapp.models import BackupOrigin, BackupSet, ItemResult, Upload
from opsapp.operations.base import InvalidInputs, Item, Operation, RunContext, Step
from opsapp.operations.object_keeper import failed_item
from opsapp.refusals import Refused

AT_ONCE = 100
MOST_BYTES = 64 * 1024 * 1024  # of a zip file
LONGEST_KEY = 200
LONGEST_NAME = 120
LONGEST_NOTE = 1000
FILE = "file"  # the kind of the item of a file that gave no object
_PART = "import"
_NAMES = {key: policy_type.name_property for key, policy_type in CATALOGUE.items()}


class BackupSetImport(Operation):
    type = "backup_set.import"
    label = "Import a backup"
    permission = "backups.create"
    timeout = timedelta(hours=1)
    resumable = True
    uses_graph = False
    item_noun = "objects and files"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """``upload``: our id of it; ``name`` and ``note`` of the set to make."""
        unknown = set(raw) - {"upload", "name", "note"}
        if unknown:
            raise InvalidInputs(f"Unknown input: {', '.join(sorted(unknown))}.")
        try:
            upload = int(raw.get("upload") or 0)
        except (TypeError, ValueError):
            upload = 0
        if not 0 < upload < 2**63:
            raise InvalidInputs("“upload” is the id of an upload.")
        return {"upload": upload, "name": clean_name(raw.get("name")), "note": _note(raw)}

    def perform(self, ctx: RunContext) -> None:
        upload = db.session.get(Upload, ctx.inputs["upload"])
        if upload is None or upload.tenant_id != ctx.tenant.id:
            raise InvalidInputs("The upload is not there any more: bring the file again.")
        found, created_by = _read(upload), upload.created_by
        secrets = _texts(upload, found)
        everything = graph_objects(found, _NAMES)
        changed = [
            LeftOut(one.file, one.remark) for one in found.objects if one.listed and one.remark
        ]
        found.objects.clear()  # what is kept of them is in the other ones
        ctx.checkpoint()
        _Import(ctx, found, everything, secrets, created_by, changed).run()


def clean_name(given: Any) -> str:
    """A name for a set. Raises InvalidInputs where there is none, or a long one."""
    name = " ".join(storable(given).split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInputs(f"A backup set has a name of at most {LONGEST_NAME} characters.")
    return name


def _note(raw: Mapping[str, Any]) -> str:
    note = storable(raw.get("note")).strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidInputs(f"A note has at most {LONGEST_NOTE:,} characters.")
    return note


def _read(upload: Upload) -> ExportFolder:
    try:
        return read_zip(io.BytesIO(upload.body), upload.file_name)
    except BadArchive as error:
        raise Refused(str(error), reason_code="input.invalid") from None


def _texts(upload: Upload, found: ExportFolder) -> dict[str, str]:
    """The secrets that came along, by their marks."""
    sealed = upload.passphrase_sealed
    passphrase = decrypt(current_settings(), sealed) if sealed else None
    try:
        return opened_secrets(found.manifest.secrets if found.manifest else None, passphrase)
    except Refused as refused:
        raise InvalidInputs(refused.message) from None


class _Import:
    """One import; after an interruption it goes on behind what is in the set already."""

    def __init__(
        self,
        ctx: RunContext,
        found: ExportFolder,
        everything: GraphObjects,
        texts: Mapping[str, str],
        created_by: str,
        changed: Sequence[LeftOut],
    ) -> None:
        self._ctx = ctx
        self._found = found
        self._everything = everything
        self._created_by = created_by
        self._changed = changed
        with ctx.step() as step:
            self._sealer = Sealer.of_installation(step.session, current_settings())
            self._set_id = self._open(step)
            step.set_total(_PART, len(everything.objects) + len(everything.left_out))
        self._importer = Importer(ctx.tenant.id, self._sealer, texts)
        self._failed: list[GraphObject] = []

    def _open(self, step: Step) -> int:
        """The set of this run, made when it begins."""
        mine = sa.select(BackupSet.id).where(BackupSet.run_id == self._ctx.run_id)
        known = step.session.scalar(mine)
        if known is not None:
            return known
        about = self._found.manifest
        chosen = about.set.get("collections") if about else None
        made = BackupSet(
            tenant_id=self._ctx.tenant.id,
            name=self._ctx.inputs["name"],
            note=self._ctx.inputs["note"],
            origin=BackupOrigin.IMPORT,
            collections=chosen if about else sorted(self._collections()),
            created_by=self._created_by,
            run_id=self._ctx.run_id,
        )
        step.session.add(made)
        step.session.flush()
        return made.id

    def _collections(self) -> set[str]:
        return {one.collection for one in self._everything.objects}

    def run(self) -> None:
        done = keys_in(db.session(), self._set_id)
        objects = [o for o in self._everything.objects if (o.collection, o.id) not in done]
        for start in range(0, len(objects), AT_ONCE):
            self._keep(objects[start : start + AT_ONCE])
            self._ctx.checkpoint()
        with self._ctx.step() as step:
            self._finish(step)

    def _keep(self, objects: Sequence[GraphObject]) -> None:
        own = self._importer.own_contents(db.session(), objects)
        ready: list[Ready] = []
        items: list[Item] = []
        for one in objects:
            try:
                made = self._importer.ready(one, own)
            except Exception as error:  # noqa: BLE001 - said of this object alone
                self._failed.append(one)
                failure = ReadFailure.of(error)
                items.append(failed_item(one.collection, one.id, one.place, failure))
            else:
                ready.append(made)
                items.append(_item(one, made))
        with self._ctx.step() as step:
            keep_items(step.session, self._set_id, ready)
            for item in items:
                step.record(item)

    def _finish(self, step: Step) -> None:
        """Nothing more comes: the set is complete, and the upload has served."""
        session, left_out = step.session, list(self._everything.left_out)
        for entry in left_out:
            step.record(_file_item(entry))
        left_out += self._changed
        made = session.get_one(BackupSet, self._set_id)
        made.left_out = [
            {"file": storable(entry.file, 500), "reason": storable(entry.reason, 500)}
            for entry in left_out
        ]
        session.add_all(types_of(made.id, self._found.manifest, self._everything, self._failed))
        keep_named_groups(session, made.id, self._everything.groups)
        contents.close(session, made.id)
        session.execute(sa.delete(Upload).where(Upload.id == self._ctx.inputs["upload"]))
        step.mark_done(_PART)


def _item(one: GraphObject, made: Ready) -> Item:
    return Item(
        one.collection,
        one.id,
        ItemResult.SUCCEEDED,
        made.prepared.name,
        message=storable(made.remark, 500) or None,
    )


def _file_item(entry: LeftOut) -> Item:
    """A file, or an element of one: skipped where nothing is lost, else failed."""
    result = ItemResult.SKIPPED if entry.is_no_loss else ItemResult.FAILED
    code = "import.nothing_in_it" if entry.is_no_loss else "import.not_read"
    name = storable(entry.file)
    key = name if len(name) <= LONGEST_KEY else f"{name[:100]}…{sha256_of(name.encode())}"
    return Item(FILE, key, result, name[:300], code, storable(entry.reason, 500))
