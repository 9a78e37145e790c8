"""Handing a run to the queue: truthfully handed over, or failed at once."""

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from rq import Queue

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import Notification, OperationRunEvent, RunOutcome, Tenant, User
from opsapp.runs.queue import QUEUE_NAME
from tests.runs.conftest import EnsureDrill
from tests.support.run_looks import begin, events, kinds, last_event, lose_redis, use_redis

RUNS = 20


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="opsapp-px-"))  # short: socket paths are limited
    yield folder
    shutil.rmtree(folder)


def drill(tmp_path: Path, number: int = 0) -> dict[str, Any]:
    return {"trace": str(tmp_path / "trace"), "name": f"drill{number}"}


def test_a_dispatched_run(tenant: Tenant, operator: User, tmp_path: Path, redis_url: str) -> None:
    run = runs.start(tenant, "drill.plain", drill(tmp_path), operator)
    assert run.dispatched_at is not None
    assert kinds(run) == ["queued"]
    jobs = Queue(QUEUE_NAME, connection=redis.Redis.from_url(redis_url)).job_ids
    assert jobs == [run.job_id]


def test_starting_it_again_enqueues_nothing(
    tenant: Tenant, operator: User, tmp_path: Path, redis_url: str
) -> None:
    first = runs.start(tenant, "drill.plain", drill(tmp_path), operator)
    second = runs.start(tenant, "drill.plain", drill(tmp_path), operator)
    assert second.id == first.id
    assert len(Queue(QUEUE_NAME, connection=redis.Redis.from_url(redis_url)).job_ids) == 1


def test_people_go_before_the_machinery(
    tenant: Tenant, operator: User, tmp_path: Path, redis_url: str
) -> None:
    nightly = runs.start(tenant, "drill.plain", drill(tmp_path, 1), "Schedule: Nightly")
    clicked = runs.start(tenant, "drill.plain", drill(tmp_path, 2), operator)
    jobs = Queue(QUEUE_NAME, connection=redis.Redis.from_url(redis_url)).job_ids
    assert jobs == [clicked.job_id, nightly.job_id]


def test_redis_down_at_the_click(
    app: Flask, tenant: Tenant, operator: User, tmp_path: Path, redis_url: str
) -> None:
    lose_redis(app, tmp_path)
    began = time.monotonic()
    run = runs.start(tenant, "drill.plain", drill(tmp_path), operator)
    assert time.monotonic() - began < 2
    assert (run.outcome, run.reason_code) == (RunOutcome.FAILED, "queue.dispatch_failed")
    assert run.dispatched_at is None
    assert kinds(run) == ["terminal"]
    assert redis.Redis.from_url(redis_url).keys("rq:*") == []
    message = db.session.scalar(sa.select(Notification.title))
    assert (
        message
        == "Drill of Contoso failed: The run could not be handed to the queue; nothing was done."
    )


def test_a_redis_that_does_not_answer(
    app: Flask, tenant: Tenant, operator: User, tmp_path: Path, short_folder: Path
) -> None:
    path = str(short_folder / "deaf")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        use_redis(app, f"unix://{path}?db=0")
        began = time.monotonic()
        run = runs.start(tenant, "drill.plain", drill(tmp_path), operator)
        took = time.monotonic() - began
    assert run.reason_code == "queue.dispatch_failed"
    assert last_event(run).data["dispatch"] == "unknown", "it may have taken the run"
    assert took < 4, "one time limit, no second try"


def test_no_transaction_waits_for_redis(
    ensure: EnsureDrill, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        "opsapp.runs.queue.enqueue", lambda _message: seen.append(db.session().in_transaction())
    )
    run = runs.dispatch(ensure())
    assert seen == [False]
    assert run.dispatched_at is not None


def test_what_happened_is_in_the_history(app: Flask, ensure: EnsureDrill, tmp_path: Path) -> None:
    lose_redis(app, tmp_path)
    run = runs.dispatch(ensure())
    events = db.session.scalars(
        sa.select(OperationRunEvent).where(OperationRunEvent.run_id == run.id)
    ).all()
    assert [event.kind for event in events] == ["created", "completed"]
    assert events[-1].data == {
        "reason_code": "queue.dispatch_failed",
        "error": "ConnectionError",
        "dispatch": "rejected",
    }


def test_a_worker_that_is_faster_than_the_dispatcher_says_so_itself(
    ensure: EnsureDrill, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ensure()
    monkeypatch.setattr("opsapp.runs.queue.enqueue", lambda _message: begin(run))
    runs.dispatch(run)
    assert events(run) == ["created", "dispatched", "started"]
    assert kinds(run) == ["queued"]
