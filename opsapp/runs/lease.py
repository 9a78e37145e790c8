"""The lease of a running run: what lets a process write to it, how it is kept, and lost."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import Session

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus
from opsapp.models.base import write
from opsapp.runs.transitions import locked

logger = logging.getLogger(__name__)

CANCEL_POLL_SECONDS = 1.0


class LostFence(BaseException):
    """The run is no longer ours (lease taken over, cancelled, completed): stop without effects."""


def lease_end() -> datetime:
    return utcnow() + timedelta(seconds=current_settings().lease_seconds)


class Lease:
    """One process's hold on a claimed run: every write goes through it, a thread keeps it.

    ``lost`` and ``cancel_requested`` are set by whoever notices first; ``ended`` ends the thread.
    """

    def __init__(self, run_id: int, token: str) -> None:
        self.run_id = run_id
        self.token = token
        self.lost = threading.Event()
        self.cancel_requested = threading.Event()
        self.ended = threading.Event()

    @contextmanager
    def held(self) -> Iterator[tuple[Session, OperationRun]]:
        """A write transaction that holds the fence and renews the lease; raises LostFence."""
        if self.lost.is_set():
            raise LostFence
        with write() as session:
            run = locked(session, self.run_id, self.token)
            if run is None or run.status != RunStatus.RUNNING:
                self.lost.set()
                raise LostFence
            run.heartbeat_at = utcnow()
            run.lease_expires_at = lease_end()
            yield session, run

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renews the lease and watches for a cancel from a thread of its own."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        thread = threading.Thread(target=self._beat, args=(app,), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.ended.set()
            thread.join(timeout=5)

    def _beat(self, app: Flask) -> None:
        with app.app_context():
            settings = current_settings()
            interval = min(CANCEL_POLL_SECONDS, settings.heartbeat_seconds)
            last_renewal = utcnow()
            while not self.ended.wait(interval):
                now = utcnow()
                due = (now - last_renewal).total_seconds() >= settings.heartbeat_seconds
                try:
                    if due:
                        self._renew_lease()
                        last_renewal = now
                    else:
                        self._look_for_cancel()
                except Exception:  # without this thread the lease would run out
                    db.session.remove()
                    logger.warning("heartbeat failed", extra={"run_id": self.run_id}, exc_info=True)
                    if (now - last_renewal).total_seconds() >= settings.lease_seconds:
                        self.lost.set()

    def _renew_lease(self) -> None:
        try:
            with self.held() as (_session, run):
                if run.cancel_requested_at:
                    self.cancel_requested.set()
        except LostFence:
            pass  # noted in the flag; the working thread stops at its next checkpoint

    def _look_for_cancel(self) -> None:
        row = db.session.execute(
            sa.select(
                OperationRun.cancel_requested_at, OperationRun.status, OperationRun.dispatch_token
            ).where(OperationRun.id == self.run_id)
        ).one_or_none()
        db.session.rollback()
        if row is None or (row.status, row.dispatch_token) != (RunStatus.RUNNING, self.token):
            self.lost.set()
        elif row.cancel_requested_at:
            self.cancel_requested.set()
