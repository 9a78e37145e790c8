"""What the ledger decides about the run of a restore, written to the restore in the same breath.

The other way round, what people decide about a restore, is ``opsapp.runs.mirror``.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.models import OperationRun, RestoreRun, RestoreStatus, RunOutcome, RunStatus
from opsapp.models.base import Writing, rows_in, table_of

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
