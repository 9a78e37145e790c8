"""What everybody outside is told of a run, by shell and webhook alike; the keys are a promise."""

from typing import Any

from opsapp.models import OperationRun


def facts_of(run: OperationRun) -> dict[str, Any]:
    """Never its inputs; each teller adds its times in its own form."""
    return {
        "id": run.id,
        "tenant": run.tenant.slug,
        "type": run.type,
        "status": run.status.value,
        "outcome": run.outcome.value,
        "reason_code": run.reason_code,
        "initiator_name": run.initiator_name,
        "summary_counts": run.summary_counts,
        "failure_summary": run.failure_summary,
        "attempt": run.attempt,
        "retry_of_id": run.retry_of_id,
    }
