"""A run in one plain sentence: for page headers, notifications and the command line."""

from opsapp.models import Hold, OperationRun, RunOutcome, RunStatus
from opsapp.operations import REGISTRY, label_of
from opsapp.runs.reasons import REASONS

HOLD_WORDS = {
    Hold.GRAPH: "is waiting for Microsoft Graph",
    Hold.APPROVAL: "is waiting for approval",
    Hold.PAUSED: "is paused",
    Hold.CONFIRMATION: "is awaiting confirmation",
}


def subject(run: OperationRun) -> str:
    """What runs where: ``Sync inventory of Contoso``."""
    return subject_of(run.type, run.tenant.name)


def subject_of(operation_type: str, tenant_name: str) -> str:
    return f"{label_of(operation_type)} of {tenant_name}"


def sentence(run: OperationRun) -> str:
    if run.status == RunStatus.COMPLETED:
        return f"{subject(run)} {_ending(run)}"
    if run.status == RunStatus.RUNNING:
        return f"{subject(run)} is running{_progress(run)}."
    if run.hold:
        return f"{subject(run)} {HOLD_WORDS[run.hold]}{_why(run)}."
    if run.dispatched_at is None:
        return f"{subject(run)} has not been handed to the queue yet."
    return f"{subject(run)} is queued."


def _ending(run: OperationRun) -> str:
    match run.outcome:
        case RunOutcome.SUCCEEDED:
            return f"succeeded{_succeeded_items(run)}."
        case RunOutcome.PARTIALLY_SUCCEEDED:
            counts = run.summary_counts
            return (
                f"partially succeeded: {counts.get('succeeded', 0):,} of "
                f"{counts.get('total', 0):,} {_noun(run)}; {counts.get('failed', 0):,} failed."
            )
        case RunOutcome.CANCELLED:
            return f"was cancelled{_progress(run)}."
        case _:
            return f"failed: {_reason_words(run)}"


def _reason_words(run: OperationRun) -> str:
    if run.failure_summary and len(run.failure_summary) == 1:
        message = str(run.failure_summary[0]["message"])
    else:
        known = REASONS.get(run.reason_code or "")
        message = known.message if known else run.reason_code or ""
    return message if message.endswith(".") else f"{message}."


def _succeeded_items(run: OperationRun) -> str:
    total = run.summary_counts.get("total")
    if total is None:
        return ""
    unchanged = run.summary_counts.get("unchanged", 0)
    changed = f", {total - unchanged:,} new or changed" if unchanged else ""
    return f": {total:,} {_noun(run)}{changed}"


def _progress(run: OperationRun) -> str:
    total = run.summary_counts.get("total")
    if not total:
        return ""
    return f": {run.summary_counts.get('processed', 0):,} of {total:,} {_noun(run)} done"


def _why(run: OperationRun) -> str:
    return f": {run.wait_reason.rstrip('.')}" if run.wait_reason else ""


def _noun(run: OperationRun) -> str:
    operation = REGISTRY.get(run.type)
    return operation.item_noun if operation else "items"
