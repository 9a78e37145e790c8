"""Receivers, and a certificate that is trusted while a test runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from opsapp.config import Settings
from tests.graph.stub import write_certificates
from tests.support import apps
from tests.support.cast import Cast
from tests.support.deliveries import Deliveries
from tests.support.ledger_rows import Ledger
from tests.support.receivers import Hooks, Mailbox, running_hooks, running_mailbox


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(certificates: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's key and certificate; what is signed by it is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
    return certificates[1]


@pytest.fixture
def hooks(trusted: Path) -> Iterator[Hooks]:
    with running_hooks(trusted) as hooks:
        yield hooks


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def settings(
    tmp_path: Path, database_url: str, queue_url: str, hooks: Hooks, mailbox: Mailbox
) -> Settings:
    return apps.make_settings(
        tmp_path,
        database_url=database_url,
        redis_url=queue_url,
        smtp_url=mailbox.url,
        mail_from="OpsApp <ops@opsapp.test>",
        public_url="https://opsapp.test/console",
        webhook_private_hosts=True,
    )


@pytest.fixture
def deliveries(app: Flask, cast: Cast, ledger: Ledger) -> Deliveries:
    """The operator's."""
    return Deliveries(app, ledger, cast["operator"].id)
