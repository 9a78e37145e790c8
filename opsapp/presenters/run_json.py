"""A run as data, for support: the keys of the command line's ``--json``, and what helps to ask."""

from typing import Any

from opsapp.models import OperationRun
from opsapp.presenters.times import iso

TIMES = (
    "created_at",
    "dispatched_at",
    "started_at",
    "heartbeat_at",
    "lease_expires_at",
    "not_before",
    "cancel_requested_at",
    "completed_at",
)


def run_json(run: OperationRun) -> dict[str, Any]:
    """Everything about a run but its fence and what it staged."""
    return {
        "id": run.id,
        "tenant": run.tenant.slug,
        "type": run.type,
        "status": run.status.value,
        "outcome": run.outcome.value,
        "reason_code": run.reason_code,
        "hold": run.hold.value if run.hold else None,
        "wait_reason": run.wait_reason,
        "initiator_name": run.initiator_name,
        "inputs": run.inputs,
        "summary_counts": run.summary_counts,
        "failure_summary": run.failure_summary,
        "context": run.context,
        "attempt": run.attempt,
        "priority": run.priority,
        "worker": run.worker,
        "job_id": run.job_id,
        "cancel_requested_by": run.cancel_requested_by,
        "retry_of_id": run.retry_of_id,
        "run_identity_hash": run.run_identity_hash,
        **{name: iso(getattr(run, name)) or None for name in TIMES},
    }
