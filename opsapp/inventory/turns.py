"""Who reads a collection of a tenant: one run at a time, for two would undo each other's work."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from opsapp.models import CollectionState, OperationRun, RunStatus
from opsapp.models.upsert import insert_or_ignore


def locked_state(session: Session, tenant_id: int, collection: str) -> CollectionState:
    """The row of a collection, made if need be; locked for the rest of the transaction."""
    row = insert_or_ignore(session, CollectionState)
    session.execute(row.values(tenant_id=tenant_id, collection=collection, object_count=0))
    return session.get_one(
        CollectionState, (tenant_id, collection), with_for_update=True, populate_existing=True
    )


def is_taken(session: Session, state: CollectionState, run_id: int) -> bool:
    """Whether another run is at work on the collection; one that ended left its turn."""
    if state.reading_run_id in (None, run_id):
        return False
    reader = select(OperationRun.status).where(OperationRun.id == state.reading_run_id)
    return session.scalar(reader) == RunStatus.RUNNING
