"""``python -m workers``: one worker. Start as many as needed, on as many machines as needed."""

import gc
import importlib
import logging
import os
import secrets
import socket
import sys

import sqlalchemy as sa
from flask import Flask
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.driver_info import DriverInfo
from redis.retry import Retry
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers

from opsapp.config import ConfigError, Settings, current_settings
from opsapp.database_trouble import trouble
from opsapp.embedded_redis import EmbeddedRedis, EmbeddedRedisError, redis_url
from opsapp.extensions import db
from opsapp.logging import start_logging
from opsapp.models import Tenant, WorkerState
from opsapp.runs.queue import QUEUE_NAME
from workers.helpers import Helpers
from workers.presence import Presence
from workers.rehearsal import rehearse
from workers.runtime import app
from workers.turn_taker import TurnTaker
from workers.worker import OpsWorker

logger = logging.getLogger(__name__)

RETRIES = Retry(ExponentialBackoff(base=0.1, cap=0.5), 3)  # then RQ's loop tries again by itself
MONITORING_SECONDS = 4
MAINTENANCE_SECONDS = 60
WORKER_TTL_SECONDS = 19  # after which Redis forgets a worker that sends no heartbeat


def main() -> None:
    try:
        flask_app = app()
    except ConfigError as error:
        sys.exit(f"opsapp: {error}")
    with flask_app.app_context():
        settings = current_settings()
        start_logging(settings)
        try:
            _preload()
        except sa.exc.DBAPIError as error:
            if line := trouble(error):
                sys.exit(f"opsapp: {line}")
            raise
    embedded = None if settings.redis_url else _embedded(settings)
    try:
        _work(flask_app, settings, embedded)
    finally:
        if embedded:
            embedded.stop()


def _embedded(settings: Settings) -> EmbeddedRedis:
    embedded = EmbeddedRedis(settings.instance)
    try:
        embedded.start_or_attach()
    except EmbeddedRedisError as error:
        sys.exit(f"opsapp: REDIS_URL is not set, and {error}")
    return embedded


def _preload() -> None:
    """Everything a job needs is loaded once here, so that a forked job starts in milliseconds."""
    importlib.import_module("workers.jobs")
    configure_mappers()
    db.session.scalar(sa.select(Tenant.id).limit(1))
    rehearse()
    db.session.remove()
    db.engine.dispose()
    gc.collect()
    gc.freeze()


def _work(flask_app: Flask, settings: Settings, embedded: EmbeddedRedis | None) -> None:
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    presence = Presence(flask_app, name)
    helpers = Helpers(name, embedded)
    worker = OpsWorker(
        [QUEUE_NAME],
        name=name,
        connection=Redis.from_url(redis_url(settings), retry=RETRIES, driver_info=DriverInfo()),
        serializer=JSONSerializer,
        presence=presence,
        turn_taker=TurnTaker(flask_app),
        housekeeping=helpers.keep_alive,
        shutdown_seconds=int(settings.shutdown_seconds),
        job_monitoring_interval=MONITORING_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        worker_ttl=WORKER_TTL_SECONDS,
    )
    try:
        presence.now(WorkerState.IDLE)
        helpers.keep_alive()
        worker.work(logging_level=settings.log_level)
    finally:
        helpers.stop()
        presence.now(WorkerState.STOPPED)


if __name__ == "__main__":
    main()
