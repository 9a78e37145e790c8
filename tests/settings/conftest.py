"""The environment of a process that has what is required, and nothing else of ours."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.graph.stub import write_certificates
from tests.support import apps


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    for name in ("PORT", "HOST", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
        monkeypatch.delenv(name, raising=False)
    ours = {
        "SECRET_KEY": "k" * 32,
        "OPSAPP_ENCRYPTION_KEYS": apps.ENCRYPTION_KEY,
        "OPSAPP_INSTANCE": str(tmp_path / "instance"),
        "FLASK_SKIP_DOTENV": "1",
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **ours}


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of certificates and keys: sound ones, incomplete ones, wrong ones."""
    folder = tmp_path_factory.mktemp("pem")
    (folder / "other").mkdir()
    trusted, served = write_certificates(folder)
    _, others = write_certificates(folder / "other")
    certificate = trusted.read_bytes()
    key = served.read_bytes().removesuffix(certificate)
    other_key = others.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0]
    texts = {
        "certificate": certificate,
        "key": key,
        "both": key + certificate,
        "strangers": other_key + certificate,
        "keys": key + other_key + certificate,
        "garbled": certificate.replace(b"M", b"!") + key,
        "nothing": b"no PEM at all\n",
        "empty": b"",
    }
    files = {name: folder / f"{name}.pem" for name in texts}
    for name, text in texts.items():
        files[name].write_bytes(text)
    return files
