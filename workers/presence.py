"""This worker's row in ``worker_heartbeats``, so that pages need not ask Redis who is alive."""

import logging
import os
import socket
import time

import sqlalchemy as sa
from flask import Flask

from opsapp import __version__
from opsapp.database import utcnow
from opsapp.models import WorkerHeartbeat, WorkerState
from opsapp.models.base import write
from opsapp.models.upsert import insert_for
from workers import memory

logger = logging.getLogger(__name__)

MIN_INTERVAL_SECONDS = 2.0


class Presence:
    """Writes the row; a database that cannot be reached never stops the worker."""

    def __init__(self, app: Flask, name: str) -> None:
        self._app = app
        self._name = name
        self._started_at = utcnow()
        self._written_at = 0.0
        self._state = WorkerState.IDLE
        self._run_id: int | None = None

    def now(self, state: WorkerState, run_id: int | None = None) -> None:
        self._state, self._run_id = state, run_id
        self._write()

    def note(self, state: WorkerState, run_id: int | None = None) -> None:
        """For the next heartbeat: which run is worked on, the ledger itself says at once."""
        self._state, self._run_id = state, run_id

    def still(self) -> None:
        """A heartbeat: nothing changed, still alive."""
        if time.monotonic() - self._written_at >= MIN_INTERVAL_SECONDS:
            self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        values = {
            "state": self._state,
            "current_run_id": self._run_id,
            "memory_bytes": memory.resident_bytes(),
            "heartbeat_at": utcnow(),
        }
        try:
            with self._app.app_context(), write() as session:
                insert = insert_for(session, WorkerHeartbeat).values(
                    name=self._name,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    version=__version__,
                    started_at=self._started_at,
                    **values,
                )
                session.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))
        except sa.exc.SQLAlchemyError:
            logger.warning("could not write the worker's heartbeat", exc_info=True)
