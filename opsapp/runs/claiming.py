"""A worker's claim of a run: few statements, for every job waits for them."""

from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from opsapp.database import UtcDateTime, utcnow
from opsapp.models import OperationRun, RunStatus, Tenant
from opsapp.models.base import table_of, write, write_rows
from opsapp.runs.events import add_event
from opsapp.runs.notifications import note_of_queued, send
from opsapp.runs.pauses import is_paused, park_if_paused
from opsapp.runs.queue import job_id_of
from opsapp.runs.restores import take_over_claimed
from opsapp.runs.sentences import subject_of
from opsapp.runs.transitions import locked, take_back
from opsapp.runs.turns import startable, values_now

_RUNS = table_of(OperationRun)
_TENANTS = table_of(Tenant)
_MINE = _RUNS.alias("mine")  # the statements of turns have a run of the same name
_NOW = sa.bindparam("now", type_=UtcDateTime)

# Two workers must not both find the last free place: claims of a tenant take turns.
_LOCK_TENANT = (
    sa.select(_TENANTS.c.id, _TENANTS.c.name)
    .where(
        _TENANTS.c.id
        == sa.select(_RUNS.c.tenant_id)
        .where(_RUNS.c.id == sa.bindparam("waking"))
        .scalar_subquery()
    )
    .with_for_update(key_share=True)
)
_BEGIN = (
    sa.update(_RUNS)
    .where(_RUNS.c.id == sa.bindparam("run"))
    .values(
        status=RunStatus.RUNNING,
        worker=sa.bindparam("by"),
        job_id=sa.bindparam("job"),
        started_at=sa.func.coalesce(_RUNS.c.started_at, _NOW),
        dispatched_at=sa.func.coalesce(_RUNS.c.dispatched_at, _NOW),
        heartbeat_at=_NOW,
        updated_at=_NOW,
        lease_expires_at=sa.bindparam("until", type_=UtcDateTime),
        missing_since=None,
        wait_reason=None,
    )
)
_TAKE_TURN = (
    sa.update(_TENANTS).where(_TENANTS.c.id == sa.bindparam("tenant")).values(last_turn_at=_NOW)
)


def claim(run_id: int, token: str, worker: str, lease_until: datetime) -> bool:
    """The worker's first act: ``queued`` → ``running`` for the holder of the token only.

    Parks a run that is paused, and gives one that the limits forbid back to the tick.
    """
    values = values_now(run_id)
    with write_rows() as rows:
        tenant = rows.execute(_LOCK_TENANT, values).first()
        if tenant is None:
            return False
        run = rows.execute(_locking(startable()), values | {"tenant": tenant.id}).one()
        if (run.dispatch_token, run.status, run.hold) != (token, RunStatus.QUEUED, None):
            return False
        if run.may_start and not run.is_paused:
            _begin(rows, run, tenant, worker, lease_until)
            return True
    _put_aside(run_id, token)
    return False


@cache
def _locking(startable_now: sa.Select[int, str]) -> sa.Select[Any]:
    """The run, locked, and whether it may start: made once, as is what it is made of."""
    columns = ("id", "dispatch_token", "status", "hold", "user_id", "type", "attempt")
    return (
        sa.select(
            *(_MINE.c[name] for name in columns),
            _MINE.c.dispatched_at,
            is_paused(sa.bindparam("tenant", type_=sa.Integer)).label("is_paused"),
            startable_now.correlate(None).exists().label("may_start"),
        )
        .where(_MINE.c.id == sa.bindparam("waking"))
        .with_for_update(of=_MINE)
    )


def _begin(rows: sa.Connection, run: Any, tenant: Any, worker: str, lease_until: datetime) -> None:
    now = utcnow()
    job = job_id_of(run.id, run.dispatch_token)
    values = {"run": run.id, "by": worker, "job": job, "now": now, "until": lease_until}
    rows.execute(_BEGIN, values)
    take_over_claimed(rows, run.type, run.id)
    if run.dispatched_at is None:  # the worker is faster than the dispatcher's own mark
        add_event(rows, run.id, "dispatched", "Handed to the queue.")
    said = f"Attempt {run.attempt} started."
    add_event(rows, run.id, "started", said, data={"worker": worker})
    if run.user_id is not None:
        what = subject_of(run.type, tenant.name)
        send(rows, note_of_queued(run.user_id, run.id, what))
    rows.execute(_TAKE_TURN, {"tenant": tenant.id, "now": now})


def _put_aside(run_id: int, token: str) -> None:
    """What kept it from starting may be over by now: then the tick hands it over at once."""
    with write() as session:
        run = locked(session, run_id, token)
        if run is None or run.status != RunStatus.QUEUED or run.hold:
            return
        if not park_if_paused(session, run):
            take_back(run)
