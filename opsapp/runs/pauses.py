"""Pausing the queue, or one tenant's runs: what is queued is parked, what runs goes on."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opsapp.audit import record
from opsapp.database import storable, utcnow
from opsapp.extensions import db
from opsapp.models import Hold, OperationRun, Pause, RunStatus, Tenant
from opsapp.models.base import Writing, rows_in, table_of, write
from opsapp.refusals import Refused
from opsapp.runs.dispatch import dispatch
from opsapp.runs.events import add_event
from opsapp.runs.initiator import Initiator, actor_of, name_of
from opsapp.runs.transitions import release

MAX_REASON = 200
IN_FORCE = Pause.lifted_at.is_(None)


class PauseOver(NamedTuple):
    """A pause as far as a run that it parks is concerned."""

    paused_by: str
    reason: str
    tenant_id: int | None


def pause(tenant: Tenant | None, reason: str, initiator: Initiator) -> Pause:
    """Parks every queued run of the tenant (None: of all), and those that are started later.

    Raises Refused without a reason, or when it is paused already.
    """
    reason = " ".join(storable(reason).split())
    if not 1 <= len(reason) <= MAX_REASON:
        raise Refused(f"Say why, in at most {MAX_REASON} characters.", "reason")
    who = name_of(initiator)
    scope = tenant.id if tenant else 0
    try:
        with write() as session:
            made = Pause(
                tenant_id=tenant.id if tenant else None, scope=scope, reason=reason, paused_by=who
            )
            session.add(made)
            session.flush()
            parked = _park_queued(session, made)
            _audit(session, initiator, "queue.paused", tenant, {"reason": reason, "runs": parked})
    except IntegrityError:
        raise Refused(f"{_what(tenant)} paused already.") from None
    return made


def resume(tenant: Tenant | None, initiator: Initiator) -> Pause:
    """Lifts the pause and hands over what nothing else parks. Raises Refused when not paused."""
    scope = tenant.id if tenant else 0
    with write() as session:
        found = session.scalar(sa.select(Pause).where(IN_FORCE, Pause.scope == scope))
        if found is None:
            raise Refused(f"{_what(tenant)} not paused.")
        found.lifted_at, found.lifted_by = utcnow(), name_of(initiator)
        _audit(session, initiator, "queue.resumed", tenant, {"reason": found.reason})
    release_resumed()
    return found


def _what(tenant: Tenant | None) -> str:
    return f"{tenant.name} is" if tenant else "The queue is"


def _audit(
    session: Session,
    initiator: Initiator,
    action: str,
    tenant: Tenant | None,
    data: dict[str, object],
) -> None:
    record(
        session,
        actor_of(initiator),
        action,
        tenant.name if tenant else "Queue",
        tenant=tenant,
        data=data,
    )


def in_force(tenant_id: int | None = None) -> Sequence[Pause]:
    """The pauses that hold a tenant's runs now, that of the whole queue first; all without one."""
    query = sa.select(Pause).where(IN_FORCE).order_by(Pause.scope)
    if tenant_id is not None:
        query = query.where(Pause.scope.in_([0, tenant_id]))
    return db.session.scalars(query).all()


def hold_words(paused: Pause | PauseOver) -> str:
    """What a parked run says it waits for: ``The queue was paused by Ana: maintenance``."""
    what = "Its tenant" if paused.tenant_id else "The queue"
    return storable(f"{what} was paused by {paused.paused_by}: {paused.reason}", 300)


def pause_over(where: Writing, tenant_id: int) -> PauseOver | None:
    """What holds a tenant's runs now, if anything does."""
    row = rows_in(where).execute(_PAUSE_OVER, {"tenant_id": tenant_id}).first()
    return PauseOver(*row) if row else None


_COLUMNS = table_of(Pause).c
_PAUSE_OVER = (
    sa.select(_COLUMNS.paused_by, _COLUMNS.reason, _COLUMNS.tenant_id)
    .where(
        _COLUMNS.lifted_at.is_(None),
        sa.or_(_COLUMNS.scope == 0, _COLUMNS.scope == sa.bindparam("tenant_id")),
    )
    .order_by(_COLUMNS.scope)
    .limit(1)
)


def park_if_paused(session: Session, run: OperationRun) -> bool:
    """Inside the transaction that claims a run: parks it when a pause is in force."""
    found = pause_over(session, run.tenant_id)
    if found is None:
        return False
    run.hold, run.wait_reason = Hold.PAUSED, hold_words(found)
    add_event(session, run.id, "held", f"{hold_words(found)}.", actor=found.paused_by)
    return True


def _park_queued(session: Session, made: Pause) -> int:
    """All that wait in the queue; their jobs find them held, and do nothing."""
    words = hold_words(made)
    condition = [OperationRun.status == RunStatus.QUEUED, OperationRun.hold.is_(None)]
    if made.tenant_id is not None:
        condition.append(OperationRun.tenant_id == made.tenant_id)
    ids = session.scalars(
        sa.update(OperationRun)
        .where(*condition)
        .values(hold=Hold.PAUSED, wait_reason=words, missing_since=None)
        .returning(OperationRun.id)
        .execution_options(synchronize_session=False)
    ).all()
    for run_id in ids:
        add_event(session, run_id, "held", f"{words}.", actor=made.paused_by)
    return len(ids)


def release_resumed(limit: int = 50) -> int:
    """Hands over runs that a pause parked and none parks any more; returns how many.

    Few at a time for a click's sake: the tick goes on with the rest.
    """
    rows = db.session.execute(
        sa.select(OperationRun.id, OperationRun.dispatch_token)
        .where(
            OperationRun.status == RunStatus.QUEUED,
            OperationRun.hold == Hold.PAUSED,
            OperationRun.not_before.is_(None),
            ~is_paused(OperationRun.tenant_id.expression),
        )
        .order_by(OperationRun.priority.desc(), OperationRun.id)
        .limit(limit)
    ).all()
    db.session.rollback()
    released = 0
    for run_id, token in rows:
        if release(run_id, token, "The pause was lifted."):
            run = db.session.get_one(OperationRun, run_id, populate_existing=True)
            dispatch(run, give_up=False)
            released += 1
    return released


def is_paused(tenant_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a pause holds a tenant's runs, as part of a statement."""
    return sa.exists().where(IN_FORCE, sa.or_(Pause.scope == 0, Pause.scope == tenant_id))
