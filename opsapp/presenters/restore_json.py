"""A restore as data: for scripts, and for the report. Secrets are masked."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from opsapp.intune.secrets import masked
from opsapp.models import RestoreItem, RestoreMapping, RestoreRun, RestoreWrite

if TYPE_CHECKING:
    from opsapp.services.restore_views import Counts

TIMES = ("created_at", "previewed_at", "confirmed_at", "approved_at", "ended_at")
PEOPLE = ("created_by", "confirmed_by", "approved_by")


def restore_keys(restore: RestoreRun, counts: "Counts") -> dict[str, Any]:
    """What scripts are told about a restore; the keys are a promise."""
    source = restore.backup_set
    return {
        "id": restore.id,
        "tenant": restore.tenant.slug,
        "status": restore.status.value,
        "verdict": restore.verdict.value if restore.verdict else None,
        "counts": counts_as_data(counts),
        "backup_set_id": restore.backup_set_id,
        "backup_set": source.name if source else None,
        "source_tenant": source.tenant.slug if source else None,
        "undo_of_id": restore.undo_of_id,
        "capture_id": restore.capture_id,
        "on_conflict": restore.on_conflict.value if restore.on_conflict else None,
        "plan_note": restore.plan_note,
        "reason": restore.reason,
        "preview_run_id": restore.preview_run_id,
        "run_id": restore.run_id,
        **{name: getattr(restore, name) for name in (*PEOPLE, *TIMES)},
    }


def counts_as_data(counts: "Counts") -> dict[str, int]:
    return {
        "total": counts.total,
        **{action.value: count for action, count in sorted(counts.actions.items())},
        **{verdict.value: count for verdict, count in sorted(counts.verdicts.items())},
        "blocked": counts.blocked,
        "warned": counts.warned,
        "failed": counts.failed,
    }


def restore_in_full(
    restore: RestoreRun,
    counts: "Counts",
    items: Iterable[RestoreItem],
    writes: Iterable[RestoreWrite],
    mappings: Iterable[RestoreMapping],
) -> dict[str, Any]:
    """The same with warnings, blockers, mapping, items, their requests, and the journal."""
    rows = [item_as_data(item) for item in items]
    blockers = [
        {"item": row["id"], "name": row["name"], **note} for row in rows for note in row["blockers"]
    ]
    return {
        **restore_keys(restore, counts),
        "warnings": restore.warnings,
        "blockers": blockers,
        "mapping": [mapping_as_data(row) for row in mappings],
        "items": rows,
        "journal": [write_as_data(row) for row in writes],
    }


def item_as_data(item: RestoreItem) -> dict[str, Any]:
    plan: Mapping[str, Any] = item.plan or {}
    return {
        "id": item.id,
        "type": item.collection,
        "source_id": item.source_id,
        "name": item.name,
        "is_dependency": item.is_dependency,
        "choice": item.choice.value if item.choice else None,
        "state_choice": item.state_choice,
        "position": item.position,
        "action": item.action.value if item.action else None,
        "target_id": item.target_id,
        "is_blocked": item.is_blocked,
        "blockers": list(plan.get("blockers", ())),
        "warnings": list(plan.get("warnings", ())),
        "lacks": list(plan.get("lacks", ())),
        "candidates": list(plan.get("candidates", ())),
        "requests": requests_of(item),
        "done_at": item.done_at,
        "reason_code": item.reason_code,
        "message": item.message,
        "approval_code": item.approval_code,
        "verdict": item.verdict.value if item.verdict else None,
        "differences": masked(item.differences),
    }


def requests_of(item: RestoreItem) -> list[dict[str, Any]]:
    """What is sent for an item, in order, as it is shown: without secrets."""
    steps = (item.plan or {}).get("steps", ())
    return [
        {
            "what": step["what"],
            "method": step["method"],
            "address": f"/{step['version']}{step['address']}",
            "body": masked(step["body"]),
            "late": step["late"],
        }
        for step in steps
    ]


def mapping_as_data(row: RestoreMapping) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "source_id": row.source_id,
        "source_name": row.source_name,
        "choice": row.choice.value if row.choice else None,
        "target_id": row.target_id,
        "target_name": row.target_name,
        "origin": row.origin,
        "note": row.note,
    }


def write_as_data(row: RestoreWrite) -> dict[str, Any]:
    return {
        "item": row.item_id,
        "step": row.step,
        "method": row.method,
        "address": row.address,
        "state": row.state.value,
        "status_code": row.status_code,
        "request_id": row.request_id,
        "created_id": row.created_id,
        "approval_code": row.approval_code,
        "message": row.message,
        "sent_at": row.sent_at,
        "answered_at": row.answered_at,
    }
