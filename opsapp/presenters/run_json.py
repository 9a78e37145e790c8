"""A run as data: for scripts, and for support."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from opsapp.models import OperationRun, OperationRunEvent, OperationRunItem
from opsapp.presenters.times import iso
from opsapp.run_facts import facts_of
from opsapp.runs.selection import class_of

TIMES = (
    "created_at",
    "dispatched_at",
    "started_at",
    "completed_at",
    "not_before",
    "cancel_requested_at",
)


def run_keys(run: OperationRun) -> dict[str, Any]:
    """What scripts are told about a run; the keys are a promise."""
    return {
        **facts_of(run),
        "hold": run.hold.value if run.hold else None,
        **{name: getattr(run, name) for name in TIMES},
    }


def run_in_full(
    run: OperationRun, items: Iterable[OperationRunItem], events: Iterable[OperationRunEvent]
) -> dict[str, Any]:
    """The same with inputs, items and history."""
    return {
        **run_keys(run),
        "inputs": run.inputs,
        "items": [_item(item) for item in items],
        "events": [
            {"at": event.at, "kind": event.kind, "actor": event.actor, "message": event.message}
            for event in events
        ],
    }


def _item(item: OperationRunItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "key": item.key,
        "name": item.name,
        "result": item.result.value,
        "reason_code": item.reason_code,
        "message": item.message,
        "request_id": item.request_id,
        "policy_id": item.policy_id,
        "reason_class": class_of(item.reason_code).value if item.reason_code else None,
        "duration_ms": item.duration_ms,
    }


def run_json(run: OperationRun) -> dict[str, Any]:
    """For support: everything about a run but its fence and what it staged."""
    more = {
        "wait_reason": run.wait_reason,
        "inputs": run.inputs,
        "context": run.context,
        "priority": run.priority,
        "worker": run.worker,
        "job_id": run.job_id,
        "cancel_requested_by": run.cancel_requested_by,
        "cancel_reason": run.cancel_reason,
        "selection_hash": run.selection_hash,
        "run_identity_hash": run.run_identity_hash,
        "heartbeat_at": run.heartbeat_at,
        "lease_expires_at": run.lease_expires_at,
    }
    return {
        name: iso(value) if isinstance(value, datetime) else value
        for name, value in (run_keys(run) | more).items()
    }
