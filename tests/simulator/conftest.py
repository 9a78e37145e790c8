"""One simulator per test process; every test that changes something has a tenant of its own."""

import itertools
import ssl
from collections.abc import Iterator

import httpx
import pytest

from opsapp.simulator.process import SimulatedTenant, Simulator, running_simulator

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator"), demo=True) as simulator:
        yield simulator
        log = (simulator.directory / "simulator.log").read_text()
    assert log == "", "the simulator must be quiet"


@pytest.fixture
def simulator(simulator_process: Simulator) -> Iterator[Simulator]:
    simulator_process.clear_requests()
    yield simulator_process
    simulator_process.clear_faults()


@pytest.fixture
def tenant(simulator: Simulator) -> SimulatedTenant:
    """An empty tenant of the test's own."""
    return simulator.add_tenant(f"test{next(_numbers)}")


class Caller:
    """A plain HTTPS client with a token, as an independent look at the simulator."""

    def __init__(self, simulator: Simulator, tenant: SimulatedTenant) -> None:
        self.simulator = simulator
        self.tenant = tenant
        self.trust = ssl.create_default_context(cafile=str(simulator.ca_path))
        self.http = httpx.Client(
            base_url=simulator.base_url,
            verify=self.trust,
            trust_env=False,
        )
        self.renew()

    def ask_token(self, **form: str) -> httpx.Response:
        default = {
            "grant_type": "client_credentials",
            "client_id": self.tenant.client_id,
            "client_secret": self.tenant.client_secret,
            "scope": f"{self.simulator.base_url}/.default",
        }
        return self.http.post(f"/{self.tenant.id}/oauth2/v2.0/token", data=default | form)

    def renew(self) -> None:
        token = self.ask_token().json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **options) -> httpx.Response:
        url = path if path.startswith("https://") else f"/beta/{path}"
        return self.http.request(method, url, **options)

    def get(self, path: str, **options) -> httpx.Response:
        return self.call("GET", path, **options)

    def body(self, path: str, **options) -> dict:
        response = self.get(path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def pages(self, path: str, **options) -> list[dict]:
        found = [self.body(path, **options)]
        while "@odata.nextLink" in found[-1]:
            found.append(self.body(found[-1]["@odata.nextLink"], **options))
        return found

    def everything(self, path: str, **options) -> list[dict]:
        return [row for page in self.pages(path, **options) for row in page["value"]]


@pytest.fixture
def caller(simulator: Simulator, tenant: SimulatedTenant) -> Iterator[Caller]:
    """Speaks for the test's own tenant."""
    caller = Caller(simulator, tenant)
    yield caller
    caller.http.close()


@pytest.fixture
def contoso(simulator: Simulator) -> Iterator[Caller]:
    """Speaks for a demo tenant; for reading only."""
    caller = Caller(simulator, simulator.tenants["contoso"])
    yield caller
    caller.http.close()
