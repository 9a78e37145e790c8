import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

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


@pytest.fixture(scope="session")
def rsa_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Private key and certificate in one file, as an app registration uses them."""
    path = tmp_path_factory.mktemp("app") / "app.pem"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "OpsApp")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
