"""Looking at runs of the ledger, and moving their rows in time instead of waiting."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from opsapp.config import Settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Notification, OperationRun, OperationRunEvent, OperationRunItem
from opsapp.models.base import write
from opsapp.runs.execution import Execution


def ago(seconds: float) -> Any:
    return utcnow() - timedelta(seconds=seconds)


def no_graph(_: Execution) -> Any:
    raise AssertionError("no Graph here")


def begin(run: OperationRun, worker: str = "worker-1") -> Execution:
    """Claims a queued run, as a worker does."""
    execution = Execution.begin(run.id, run.dispatch_token, worker, no_graph)
    assert execution is not None
    return execution


def edit(run: OperationRun, **values: Any) -> None:
    """Changes columns behind the ledger's back."""
    with write() as session:
        session.execute(sa.update(OperationRun).where(OperationRun.id == run.id).values(**values))


def state(run: OperationRun) -> tuple[str, str, str | None]:
    """Status, outcome and reason as they are in the database now."""
    db.session.rollback()
    return run.status.value, run.outcome.value, run.reason_code


def kinds(run: OperationRun) -> list[str]:
    query = sa.select(Notification.kind).where(Notification.run_id == run.id)
    return sorted(kind.value for kind in db.session.scalars(query))


def events(run: OperationRun) -> list[str]:
    query = sa.select(OperationRunEvent.kind).where(OperationRunEvent.run_id == run.id)
    return list(db.session.scalars(query.order_by(OperationRunEvent.id)))


def last_event(run: OperationRun) -> OperationRunEvent:
    query = sa.select(OperationRunEvent).where(OperationRunEvent.run_id == run.id)
    event = db.session.scalars(query.order_by(OperationRunEvent.id.desc())).first()
    assert event is not None
    return event


def items(run: OperationRun) -> dict[str, str]:
    query = sa.select(OperationRunItem).where(OperationRunItem.run_id == run.id)
    return {item.key: item.result.value for item in db.session.scalars(query)}


def use_redis(app: Flask, url: str) -> None:
    settings: Settings = app.extensions["opsapp.settings"]
    app.extensions["opsapp.settings"] = settings.model_copy(update={"redis_url": url})


def lose_redis(app: Flask, folder: Path) -> None:
    """From now on nobody answers."""
    use_redis(app, f"unix://{folder}/nobody?db=0")
