"""What workers report about themselves, so that pages need not ask Redis."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from opsapp.database import BigId
from opsapp.models.base import Model


class WorkerState(enum.StrEnum):
    IDLE = "idle"
    BUSY = "busy"
    STOPPING = "stopping"
    STOPPED = "stopped"


class WorkerHeartbeat(Model):
    """A worker process. A row whose heartbeat is old belongs to a dead worker."""

    __tablename__ = "worker_heartbeats"

    name: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    host: Mapped[str] = mapped_column(sa.String(255))
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(sa.String(32))
    state: Mapped[WorkerState]
    current_run_id: Mapped[int | None] = mapped_column(BigId)
    memory_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime] = mapped_column(index=True)


class QueueState(Model):
    """The queue as the last tick saw it."""

    __tablename__ = "queue_states"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    depth: Mapped[int | None]
    reachable: Mapped[bool]
    measured_at: Mapped[datetime]
    measured_by: Mapped[str] = mapped_column(sa.String(120))


class Tick(Model):
    """A periodic duty: when it last ran and what it did. One process wins each interval."""

    __tablename__ = "ticks"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    ran_at: Mapped[datetime | None]
    ran_by: Mapped[str | None] = mapped_column(sa.String(120))
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
