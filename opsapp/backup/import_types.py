"""How far each policy type got into an imported set."""

from collections import Counter
from collections.abc import Sequence

from opsapp.database import storable
from opsapp.exports import GraphObject, GraphObjects
from opsapp.exports.collections import from_folders
from opsapp.exports.manifest import Manifest
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import BackupSetType, TypeCompleteness


def types_of(
    set_id: int,
    manifest: Manifest | None,
    everything: GraphObjects,
    failed: Sequence[GraphObject],
) -> list[BackupSetType]:
    """A row for each type that the export holds, or that our own manifest tells of.

    What was lost on the way makes a type partial. Another tool's export does not say what its
    tenant had besides: such a type counts as complete with what is there.
    """
    kept = Counter(one.collection for one in everything.objects)
    lost = Counter(one.collection for one in failed)
    kept.subtract(lost)
    for entry in everything.left_out:
        collection = from_folders(entry.file.split("/")[:-1])
        if collection in CATALOGUE and not entry.is_no_loss:
            lost[collection] += 1
    told = {str(row.get("collection")): row for row in (manifest.types if manifest else [])}
    known = {*told, *kept, *lost} & set(CATALOGUE)
    return [_row(set_id, key, told.get(key), kept[key], lost[key]) for key in sorted(known)]


def _row(
    set_id: int, collection: str, told: dict[str, object] | None, kept: int, lost: int
) -> BackupSetType:
    completeness, reason_code, message = TypeCompleteness.COMPLETE, None, None
    if told is not None:
        completeness = _completeness(told.get("completeness"))
        reason_code = storable(told.get("reason_code"), 64) or None
        message = storable(told.get("message"), 500) or None
    if lost and completeness == TypeCompleteness.COMPLETE:
        completeness, reason_code = TypeCompleteness.PARTIAL, "import.not_read"
        message = f"{lost} could not be imported."
    count = told.get("object_count") if told is not None else None
    total = count if isinstance(count, int) and count >= kept else kept + lost
    return BackupSetType(
        set_id=set_id,
        collection=collection,
        completeness=completeness,
        object_count=total,
        item_count=kept,
        reason_code=reason_code,
        message=message,
    )


def _completeness(told: object) -> TypeCompleteness:
    try:
        return TypeCompleteness(str(told))
    except ValueError:
        return TypeCompleteness.PARTIAL  # a word of another version: surely not all of it
