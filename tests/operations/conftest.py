"""A simulator with a stock of empty tenants: each test takes one of its own."""

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask

from opsapp.config import Settings
from opsapp.models import Tenant
from opsapp.simulator.process import SimulatedTenant, Simulator, TenantSpec, running_simulator
from tests.support import apps
from tests.support.performing import Perform, connect, performer


@pytest.fixture(scope="session")
def simulator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulator]:
    wanted = sum("simulated" in item.fixturenames for item in request.session.items)
    specs = [TenantSpec(f"tenant-{n}", str(uuid.uuid4())) for n in range(wanted)]
    with running_simulator(tmp_path_factory.mktemp("simulator"), tenants=specs) as running:
        yield running


@pytest.fixture(scope="session")
def stock(simulator: Simulator) -> Iterator[SimulatedTenant]:
    return iter(simulator.tenants.values())


@pytest.fixture
def simulated(simulator: Simulator, stock: Iterator[SimulatedTenant]) -> Iterator[SimulatedTenant]:
    """An empty tenant that no other test has used."""
    yield next(stock)
    simulator.clear_faults()


@pytest.fixture
def queue_url(redis_url: str) -> str:
    return redis_url


@pytest.fixture
def settings(tmp_path, database_url: str, queue_url: str, simulator: Simulator) -> Settings:
    return apps.make_settings(
        tmp_path,
        database_url=database_url,
        redis_url=queue_url,
        login_base_url=simulator.base_url,
        graph_base_url=simulator.base_url,
        ca_bundle=simulator.ca_path,
        heartbeat_seconds=1,
    )


@pytest.fixture
def tenant(app_context: None, settings: Settings, simulated: SimulatedTenant) -> Tenant:
    return connect(settings, simulated)


@pytest.fixture
def perform(app: Flask, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Perform:
    return performer(app, tenant, monkeypatch)
