"""Restores into simulated tenants, on both databases."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from flask import Flask

from opsapp.models import RestoreRun
from opsapp.runs import finalize
from tests.operations.conftest import (
    perform,
    queue_url,
    settings,
    simulated,
    simulator,
    stock,
    tenant,
)
from tests.support.restore_plans import again, run_of

__all__ = ["perform", "queue_url", "settings", "simulated", "simulator", "stock", "tenant"]

Execute = Callable[[RestoreRun], RestoreRun]


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def execute(app: Flask, tenant: object, monkeypatch: pytest.MonkeyPatch) -> Execute:
    """One attempt of a confirmed restore in this process, as a worker's job would make it."""
    from workers import jobs

    monkeypatch.setattr(jobs, "app", lambda: app)

    def attempt(restore: RestoreRun) -> RestoreRun:
        run = run_of(again(restore))
        run_id, token = run.id, run.dispatch_token
        with suppress(Exception):  # RQ notes it; the run's staged result says why
            jobs.run_operation(run_id, token)
        finalize(run_id, None, token=token)
        return again(restore)

    return attempt
