"""Independent clients in a virtual environment of their own, against one simulator."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsapp.simulator.process import Simulator, running_simulator
from tests.simulator.conftest import Caller

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"


@pytest.fixture(scope="session")
def client_python() -> Path:
    """The interpreter that has the clients; ``make clients`` makes it."""
    if not PYTHON.exists():
        reason = "no .venv-clients: make clients makes it"
        if os.environ.get("OPSAPP_REQUIRE_CLIENTS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return PYTHON


@pytest.fixture(scope="session")
def simulator(client_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator"), demo=True) as running:
        yield running


@pytest.fixture
def contoso(simulator: Simulator) -> Iterator[Caller]:
    caller = Caller(simulator, simulator.tenants["contoso"])
    yield caller
    caller.http.close()


@pytest.fixture
def token(contoso: Caller) -> str:
    return contoso.ask_token().json()["access_token"]
