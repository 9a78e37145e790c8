"""What the ledger decides about the run of a restore, written to the restore in the same breath.

The other way round, what people decide about a restore, is ``opsapp.runs.mirror``.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.models import (
    OperationRun,
    OperationRunItem,
    RestoreItem,
    RestoreRun,
    RestoreStatus,
    RestoreWrite,
    RunOutcome,
    RunStatus,
)
from opsapp.models.base import Writing, rows_in, table_of
from opsapp.operations.restore_outcome import ledger_item, settle_unfinished
from opsapp.restore.journal import states_of
from opsapp.restore.proof import verdict_of
from opsapp.runs.items import FencedStep, summarise_failures
from opsapp.runs.result import RunResult

TYPE: Final = "restore.execute"
_RESTORES = table_of(RestoreRun)
_ENDED = {
    RunOutcome.SUCCEEDED: RestoreStatus.COMPLETED,
    RunOutcome.PARTIALLY_SUCCEEDED: RestoreStatus.PARTIAL,
    RunOutcome.FAILED: RestoreStatus.FAILED,
    RunOutcome.CANCELLED: RestoreStatus.CANCELLED,
}
# A restore that went back to draft, or has ended, follows its old run no more.
_FOLLOWING = (RestoreStatus.PREVIEWED, RestoreStatus.QUEUED, RestoreStatus.RUNNING)


def take_over(where: Writing, run: OperationRun) -> None:
    """Brings the restore of a run in step with it; nothing for runs of other types."""
    if run.type != TYPE:
        return
    if run.status == RunStatus.COMPLETED:
        _set(where, run.id, _ENDED[run.outcome], run.completed_at)
    elif run.status == RunStatus.RUNNING:
        _set(where, run.id, RestoreStatus.RUNNING)
    else:
        _set(where, run.id, RestoreStatus.QUEUED)


def take_over_claimed(rows: sa.Connection, run_type: str, run_id: int) -> None:
    """The same for a run that a worker has just claimed."""
    if run_type == TYPE:
        _set(rows, run_id, RestoreStatus.RUNNING)


def _set(
    where: Writing, run_id: int, status: RestoreStatus, ended_at: datetime | None = None
) -> None:
    rows_in(where).execute(
        sa.update(_RESTORES)
        .where(_RESTORES.c.run_id == run_id, _RESTORES.c.status.in_(_FOLLOWING))
        .values(status=status, ended_at=ended_at, updated_at=utcnow())
    )


def settled(session: Session, run: OperationRun, result: RunResult) -> RunResult:
    """Gives each object of a restore that ends its true state, and the restore its verdict.

    Whatever ended the run, somebody or a broken worker: what was not recorded is done, not
    attempted, partly written or unknown, as the journal says. A run that restored anything is
    partly successful, whatever ended it.
    """
    restore = _restore_of(session, run)
    if restore is None or run.started_at is None:
        return result
    unfinished = _unrecorded(session, run, restore)
    if unfinished:
        step = FencedStep(session, run)
        states = states_of(session, [item.id for item in unfinished])
        for item in unfinished:
            settle_unfinished(item, states.get(item.id, []), result.reason_code)
            step.record(ledger_item(item))
        session.flush()
        step.close()
        result = RunResult(result.outcome, result.reason_code, {}, result.failures)
    verdicts = sa.select(RestoreItem.verdict).where(RestoreItem.restore_id == restore.id)
    restore.verdict = verdict_of(list(session.scalars(verdicts.distinct())))
    session.flush()
    return _partly(session, run, result)


def _restore_of(session: Session, run: OperationRun) -> RestoreRun | None:
    if run.type != TYPE:
        return None
    return session.scalar(sa.select(RestoreRun).where(RestoreRun.run_id == run.id))


def _unrecorded(session: Session, run: OperationRun, restore: RestoreRun) -> list[RestoreItem]:
    recorded = sa.exists().where(
        OperationRunItem.run_id == run.id,
        OperationRunItem.kind == RestoreItem.collection,
        OperationRunItem.key == RestoreItem.source_id,
    )
    query = sa.select(RestoreItem).where(RestoreItem.restore_id == restore.id, ~recorded)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _partly(session: Session, run: OperationRun, result: RunResult) -> RunResult:
    """Failed means that nothing was restored."""
    counts = {**run.summary_counts, **result.counts}
    restored = counts.get("succeeded", 0) - counts.get("unchanged", 0)
    if result.outcome != RunOutcome.FAILED or restored <= 0:
        return result
    failures = (*result.failures, *summarise_failures(session, run.id))
    unique = {(one.code, one.message): one for one in failures}
    return RunResult(
        RunOutcome.PARTIALLY_SUCCEEDED, "run.partial", result.counts, tuple(unique.values())
    )


def progress_of(session: Session, run: OperationRun) -> int | None:
    """A number that grows with all that a restore gets done; None for runs of other types."""
    restore = _restore_of(session, run)
    if restore is None:
        return None
    lines = sa.select(sa.func.count(), sa.func.count(RestoreWrite.answered_at))
    began, answered = session.execute(lines.where(RestoreWrite.restore_id == restore.id)).one()
    ended = session.scalar(
        sa.select(sa.func.count(RestoreItem.verdict) + sa.func.count(RestoreItem.done_at)).where(
            RestoreItem.restore_id == restore.id
        )
    )
    return int(began) + int(answered) + int(ended or 0) + len(run.context.get("done", []))
