"""Runs an operation in this process: real ledger, real Graph client, real simulator, no queue."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from opsapp.config import Settings
from opsapp.crypto import encrypt
from opsapp.extensions import db
from opsapp.models import OperationRun, Tenant
from opsapp.models.base import write
from opsapp.runs import ensure_run, finalize
from opsapp.simulator.process import SimulatedTenant

Perform = Callable[..., OperationRun]


def connect(settings: Settings, simulated: SimulatedTenant) -> Tenant:
    """The tenant as onboarded with its own app registration."""
    with write() as session:
        tenant = Tenant(
            slug=simulated.slug,
            name=simulated.name,
            entra_tenant_id=simulated.id,
            client_id=simulated.client_id,
            client_secret_encrypted=encrypt(settings, simulated.client_secret),
        )
        session.add(tenant)
    return tenant


def performer(app: Flask, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Perform:
    """``perform("inventory.sync", {...})`` → the completed run."""
    from workers import jobs

    monkeypatch.setattr(jobs, "app", lambda: app)
    tenant_id = tenant.id

    def perform(operation_type: str, inputs: dict[str, Any] | None = None) -> OperationRun:
        run = ensure_run(db.session.get_one(Tenant, tenant_id), operation_type, inputs or {})
        run_id, token = run.id, run.dispatch_token
        try:
            jobs.run_operation(run_id, token)
        finally:
            finalize(run_id, None, token=token)
        db.session.rollback()
        return db.session.get_one(OperationRun, run_id)

    return perform
