"""What every job does is done once before the fork, and taken back: a job then finds it prepared.

SQLAlchemy compiles a statement when it is first used. A job lives in a process of its own, for some
milliseconds perhaps: without this it would compile everything anew, and take three times as long.
"""

import contextlib
import logging
from collections.abc import Sequence

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    ItemResult,
    Membership,
    OperationRun,
    Role,
    RunOutcome,
    RunStatus,
    Tenant,
    User,
)
from opsapp.operations.base import Item
from opsapp.permissions import allows
from opsapp.runs.execution import WITH_WHOM
from opsapp.runs.items import FencedStep, result_of_items, summarise_failures
from opsapp.runs.opening import insert_unless_active
from opsapp.runs.transitions import complete, is_over, locked, new_token
from workers.runtime import app

logger = logging.getLogger(__name__)


def rehearse() -> None:
    """Leaves no trace in the database. A database that refuses only costs the first jobs time."""
    is_over(0)
    session = db.session()
    try:
        session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        for items in ([], [Item("thing", "1", ItemResult.SUCCEEDED)]):
            _play(session, items)
    except SQLAlchemyError:
        logger.warning("the rehearsal failed", exc_info=True)
    finally:
        session.rollback()
        db.session.remove()


def warm_up(redis: Redis) -> None:
    """In the process of a job to come: opens what every job uses, and reads what it reads first.

    Whatever fails here, the job will find out, and say.
    """
    with contextlib.suppress(RedisError, SQLAlchemyError), app().app_context():
        redis.ping()
        db.session.get(OperationRun, 0, options=WITH_WHOM)
        db.session.remove()


def _play(session: Session, items: Sequence[Item]) -> None:
    run_id = _running(session).id
    session.expunge_all()  # as a job finds it: everything is to be read
    run = session.get_one(OperationRun, run_id, options=WITH_WHOM)
    if run.user is not None:
        allows(run.user, run.tenant, "runs.start")
    if items:
        _record(session, run, items)
    locked(session, run.id, run.dispatch_token)
    _renew(run)
    complete(session, run, result_of_items(session, run))


def _record(session: Session, run: OperationRun, items: Sequence[Item]) -> None:
    step = FencedStep(session, run)
    for item in items:
        step.record(item)
    _renew(run)
    step.set_total("things", len(items))
    step.close()
    summarise_failures(session, run.id)
    session.flush()


def _renew(run: OperationRun) -> None:
    run.heartbeat_at = run.lease_expires_at = utcnow()


def _running(session: Session) -> OperationRun:
    """A run of somebody who does not exist, in a tenant that does not exist."""
    name = f"rehearsal-{new_token()}"
    tenant = Tenant(slug=name, name=name, entra_tenant_id=name[:36])
    user = User(email=f"{name}@localhost", name=name)
    session.add_all([tenant, user])
    session.flush()
    session.add(Membership(tenant_id=tenant.id, user_id=user.id, role=Role.OPERATOR))
    now = utcnow()
    values = {
        "tenant_id": tenant.id,
        "user_id": user.id,
        "initiator_name": name,
        "type": "rehearsal",
        "status": RunStatus.RUNNING,
        "outcome": RunOutcome.PENDING,
        "run_identity_hash": name,
        "inputs": {},
        "context": {},
        "summary_counts": {},
        "failure_summary": [],
        "attempt": 1,
        "priority": 0,
        "dispatch_token": new_token(),
        "created_at": now,
        "updated_at": now,
    }
    run_id = insert_unless_active(session, values)
    return session.get_one(OperationRun, run_id)
