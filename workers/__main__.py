"""``python -m workers``: one worker. Start as many as needed, on as many machines as needed."""

import gc
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys

import sqlalchemy as sa
from flask import Flask
from redis import Redis
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers

from opsapp.config import ConfigError, Settings, current_settings
from opsapp.embedded_redis import EmbeddedRedis, redis_url
from opsapp.extensions import db
from opsapp.logging import start_logging
from opsapp.models import Tenant, WorkerState
from opsapp.parent_death import die_with_parent
from opsapp.runs.queue import QUEUE_NAME
from workers.presence import Presence
from workers.runtime import app
from workers.worker import OpsWorker

logger = logging.getLogger(__name__)

MONITORING_SECONDS = 5
MAINTENANCE_SECONDS = 60
WORKER_TTL_SECONDS = 20  # an idle worker wakes (and heartbeats) 15 s before this is over


def main() -> None:
    try:
        flask_app = app()
    except ConfigError as error:
        sys.exit(f"opsapp: {error}")
    with flask_app.app_context():
        settings = current_settings()
        start_logging(settings)
        _preload()
    embedded = None if settings.redis_url else EmbeddedRedis(settings.instance)
    if embedded:
        embedded.start_or_attach()
    try:
        _work(flask_app, settings)
    finally:
        if embedded:
            embedded.stop()


def _preload() -> None:
    """Everything a job needs is loaded once here, so that a forked job starts in milliseconds."""
    configure_mappers()
    db.session.scalar(sa.select(Tenant.id).limit(1))
    db.session.remove()
    db.engine.dispose()
    gc.collect()
    gc.freeze()


def _work(flask_app: Flask, settings: Settings) -> None:
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    presence = Presence(flask_app, name)
    worker = OpsWorker(
        [QUEUE_NAME],
        name=name,
        connection=Redis.from_url(redis_url(settings)),
        serializer=JSONSerializer,
        presence=presence,
        shutdown_seconds=int(settings.shutdown_seconds),
        job_monitoring_interval=MONITORING_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        worker_ttl=WORKER_TTL_SECONDS,
    )
    ticker = subprocess.Popen(
        [sys.executable, "-m", "workers.schedule", name],
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - it only makes one system call
    )
    try:
        presence.now(WorkerState.IDLE)
        worker.work(logging_level=settings.log_level)
    finally:
        ticker.send_signal(signal.SIGTERM)
        ticker.wait(timeout=10)
        presence.now(WorkerState.STOPPED)


if __name__ == "__main__":
    main()
