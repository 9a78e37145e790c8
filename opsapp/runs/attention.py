"""Which ended runs somebody should look at: noted when they end, forgotten when that is settled.

A run that failed or partly failed needs attention until a later run of the same work succeeds, the
whole work is tried again, or retries have done all that was left open.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.models import OperationRun, RunAttention, RunOutcome
from opsapp.models.base import table_of
from opsapp.models.upsert import insert_or_ignore

_RUNS = table_of(OperationRun)
_NOTED = table_of(RunAttention)
_BAD = (RunOutcome.FAILED, RunOutcome.PARTIALLY_SUCCEEDED)
_SETTLE_EARLIER = sa.delete(_NOTED).where(
    _NOTED.c.run_id.in_(
        sa.select(_RUNS.c.id).where(
            _RUNS.c.run_identity_hash == sa.bindparam("identity"),
            _RUNS.c.tenant_id == sa.bindparam("tenant"),
            _RUNS.c.id < sa.bindparam("run"),
        )
    )
)


def note_ending(session: Session, run: OperationRun) -> None:
    """Inside the transaction that ends the run.

    A retry of chosen items is never noted: what it left open is open in the run it repeats.
    """
    if run.outcome in _BAD and run.selection_hash is None:
        session.execute(insert_or_ignore(session, RunAttention).values(run_id=run.id))
    elif run.outcome == RunOutcome.SUCCEEDED:
        values = {"identity": run.run_identity_hash, "tenant": run.tenant_id, "run": run.id}
        session.connection().execute(_SETTLE_EARLIER, values)


def settle(session: Session, run_id: int) -> None:
    """Nothing of the run is left to look after."""
    session.connection().execute(sa.delete(_NOTED).where(_NOTED.c.run_id == run_id))
