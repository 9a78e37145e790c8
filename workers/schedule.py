"""The tick: periodic duties, in a child process of every worker; one worker wins each interval.

Run as ``python -m workers.schedule NAME`` by ``workers.helpers``, and gone when its parent is.
"""

import logging
import os
import sys
import time
from datetime import timedelta

import sqlalchemy as sa

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.logging import start_logging
from opsapp.models import Tenant, Tick
from opsapp.models.base import write
from opsapp.models.upsert import insert_or_ignore
from opsapp.restore.expiry import expire_previews
from opsapp.run_totals import roll_up
from opsapp.runs import reconcile
from opsapp.services import retention, schedule_due, uploads
from workers import deliveries
from workers.runtime import app

logger = logging.getLogger(__name__)

TICK_NAME = "tick"
ROLL_UP_EVERY = timedelta(minutes=1)


def tick(worker_name: str) -> bool:
    """Does what is due if this process wins the interval; returns whether it did."""
    if not _win_interval(worker_name):
        return False
    reconcile(by=worker_name)
    roll_up(worker_name, every=ROLL_UP_EVERY)
    schedule_due.start_due()
    retention.start_due(worker_name)
    uploads.delete_stale()
    expire_previews()
    _drop_tokens_of_suspended()
    deliveries.send_in_background()
    return True


def _drop_tokens_of_suspended() -> None:
    suspended = db.session.scalar(
        sa.select(Tenant.id).where(Tenant.suspended_at.is_not(None)).limit(1)
    )
    db.session.rollback()
    if suspended is not None:
        # Loads all of the Graph client: every worker has a tick, few installations need this.
        from workers.graph_access import drop_tokens_of_suspended

        drop_tokens_of_suspended()


def _win_interval(worker_name: str) -> bool:
    now = utcnow()
    interval = timedelta(seconds=current_settings().tick_seconds)
    with write() as session:
        session.execute(insert_or_ignore(session, Tick).values(name=TICK_NAME, report={}))
        row = session.get_one(Tick, TICK_NAME, with_for_update=True, populate_existing=True)
        if row.ran_at and row.ran_at > now - interval:
            return False
        row.ran_at, row.ran_by = now, worker_name
    return True


def main(worker_name: str) -> None:
    parent = os.getppid()
    with app().app_context():
        start_logging(current_settings())
        pause = current_settings().tick_seconds / 4
        while os.getppid() == parent:
            try:
                tick(worker_name)
            except Exception:
                db.session.rollback()
                logger.exception("tick failed")
            time.sleep(pause)


if __name__ == "__main__":
    main(sys.argv[1])
