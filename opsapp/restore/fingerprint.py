"""What a preview is bound to: the source, the mapping, and the target as it was previewed."""

import hashlib
import json
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from opsapp.models import BackupItem, RestoreItem, RestoreMapping, RestoreRun
from opsapp.restore.target_view import TargetView

_MOST: Final = 20  # objects that are named


def bind(session: Session, restore: RestoreRun) -> None:
    """Notes what the plan that has just been stored was made from."""
    restore.fingerprint_parts = _parts(session, restore)
    restore.fingerprint = _hash(restore.fingerprint_parts)


def changes_since_preview(session: Session, restore: RestoreRun) -> list[str]:
    """What changed in source, mapping or target, as the database knows it; empty when nothing."""
    if restore.fingerprint is None:
        return ["There is no preview."]
    before, now = restore.fingerprint_parts, _parts(session, restore)
    changes = []
    if before.get("source") != now["source"]:
        changes.append("The chosen objects, or what the backup set holds of them, changed.")
    if before.get("mapping") != now["mapping"]:
        changes.append("The mapping changed.")
    if before.get("target") != now["target"]:
        named = _changed_objects(session, restore)
        changes += named or ["Objects of the target changed."]
    return changes


def _parts(session: Session, restore: RestoreRun) -> dict[str, Any]:
    return {
        "source": _hash(_source(session, restore)),
        "mapping": _hash(_mapping(session, restore)),
        "target": _hash(sorted(_target(session, restore).items())),
    }


def _hash(value: Any) -> str:
    encoded = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(encoded).hexdigest()


def _source(session: Session, restore: RestoreRun) -> list[Any]:
    query = (
        sa.select(
            RestoreItem.collection,
            RestoreItem.source_id,
            RestoreItem.choice,
            RestoreItem.state_choice,
            BackupItem.content_sha256,
            BackupItem.assignments_sha256,
        )
        .join(BackupItem, BackupItem.id == RestoreItem.backup_item_id, isouter=True)
        .where(RestoreItem.restore_id == restore.id)
        .order_by(RestoreItem.collection, RestoreItem.source_id)
    )
    rows = [list(row) for row in session.execute(query)]
    return [restore.backup_set_id, restore.on_conflict, rows]


def _mapping(session: Session, restore: RestoreRun) -> list[Any]:
    query = (
        sa.select(
            RestoreMapping.kind,
            RestoreMapping.source_id,
            RestoreMapping.choice,
            RestoreMapping.target_id,
        )
        .where(RestoreMapping.restore_id == restore.id)
        .order_by(RestoreMapping.kind, RestoreMapping.source_id)
    )
    return [list(row) for row in session.execute(query)]


def _planned(session: Session, restore: RestoreRun) -> list[RestoreItem]:
    query = (
        sa.select(RestoreItem)
        .where(RestoreItem.restore_id == restore.id, RestoreItem.plan.is_not(None))
        .options(undefer(RestoreItem.plan))
    )
    return list(session.scalars(query))


def _seen(items: list[RestoreItem]) -> dict[tuple[str, str], tuple[str, str]]:
    """Objects of the target that the plan was made against: their name and hash by type and id."""
    found = {}
    for item in items:
        plan = item.plan or {}
        if item.target_id and plan.get("base_sha256"):
            found[item.collection, item.target_id] = (item.name, plan["base_sha256"])
    return found


def _target(session: Session, restore: RestoreRun) -> dict[str, str]:
    """The comparison hash that each of these objects has now; empty for one that is gone."""
    seen = _seen(_planned(session, restore))
    wanted: dict[str, set[str]] = {}
    for collection, graph_id in seen:
        wanted.setdefault(collection, set()).add(graph_id)
    now = TargetView(session, restore.tenant_id).hashes(wanted)
    return {f"{key[0]}/{key[1]}": now.get(key, "") for key in seen}


def _changed_objects(session: Session, restore: RestoreRun) -> list[str]:
    now = _target(session, restore)
    changes = []
    for (collection, graph_id), (name, base) in _seen(_planned(session, restore)).items():
        current = now[f"{collection}/{graph_id}"]
        if not current:
            changes.append(f"“{name}” does not exist in the tenant any more.")
        elif current != base:
            changes.append(f"“{name}” was changed in the tenant after the preview.")
    rest = len(changes) - _MOST
    return changes[:_MOST] + ([f"And {rest:,} more."] if rest > 0 else [])
