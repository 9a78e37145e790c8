import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography.fernet import Fernet

from opsapp.graph.client import GraphClient, open_client
from opsapp.graph.settings import AppCredential, GraphSettings, RetryPolicy, Timeouts
from tests.graph.stub import CLIENT, SECRET, TENANT, Stub, running_stub, write_certificates

QUICK = RetryPolicy(
    tries=4, seconds=20, first_backoff=0.01, first_throttle_backoff=0.02, longest_backoff=0.1
)


@dataclass
class Waits:
    """Sleeps for real and remembers."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        time.sleep(seconds)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def stub(certificates: tuple[Path, Path]) -> Iterator[Stub]:
    with running_stub(*certificates) as server:
        yield server


@pytest.fixture
def shared(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def graph_settings(stub: Stub) -> GraphSettings:
    return GraphSettings(
        login_base_url=stub.base_url,
        graph_base_url=stub.base_url,
        ca_bundle=stub.ca_path,
        timeouts=Timeouts(connect=5, read=5, write=5, pool=5),
        retry=QUICK,
    )


OpenGraph = Callable[..., GraphClient]


@pytest.fixture
def open_graph(graph_settings: GraphSettings, waits: Waits) -> Iterator[OpenGraph]:
    """Opens clients of the stub; without ``redis`` each is on its own."""
    fernet = Fernet(Fernet.generate_key())
    with ExitStack() as stack:

        def opened(**options: Any) -> GraphClient:
            client = open_client(
                options.pop("settings", graph_settings),
                options.pop("tenant_id", TENANT),
                options.pop("credential", AppCredential(CLIENT, SECRET)),
                redis=options.pop("redis", None),
                fernet=options.pop("fernet", fernet),
                wait=options.pop("wait", waits),
                **options,
            )
            return stack.enter_context(client)

        yield opened


@pytest.fixture
def graph(open_graph: OpenGraph) -> GraphClient:
    return open_graph()
