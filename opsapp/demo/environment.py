"""The demo's configuration: made once, kept in ``demo.env``, given to every process it starts.

The demo never uses the settings of the shell it is started from: seeding well-known accounts into
somebody's real database would be a disaster.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from opsapp.config import Settings
from opsapp.demo import DemoError
from opsapp.embedded_redis import url

PASSWORD = "OPSAPP_DEMO_PASSWORD"  # noqa: S105 - the name of a variable
SECRETS = ("SECRET_KEY", "OPSAPP_ENCRYPTION_KEYS", PASSWORD)
_FOREIGN = {"PORT", "HOST", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", PASSWORD}
_FOREIGN_PREFIXES = ("FLASK_", "OPSAPP_", "RQ_")


def own_secrets(file: Path, data: Path) -> dict[str, str]:
    """The secrets of earlier starts, or new ones; raises DemoError if the data outlived them."""
    kept = read(file) if file.exists() else {}
    if kept.keys() >= set(SECRETS):
        return {name: kept[name] for name in SECRETS}
    if (data / "opsapp.sqlite3").exists():
        raise DemoError(
            f"{file} with the keys of the data in {data} is gone. "
            f"Delete {data} to start with fresh data."
        )
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "OPSAPP_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        PASSWORD: "-".join(secrets.token_hex(2) for _ in range(4)),
    }


def configuration(own: Mapping[str, str], data: Path) -> dict[str, str]:
    """What the application needs, spelled out, so that no `.env` can fill a gap."""
    return {
        **own,
        "OPSAPP_INSTANCE": str(data),
        "DATABASE_URL": f"sqlite:///{data / 'opsapp.sqlite3'}",
        "REDIS_URL": url(data),
        "OPSAPP_SECURE_COOKIES": "0",
        "OPSAPP_SHUTDOWN_SECONDS": "5",
    }


def simulated(base_url: str, ca: Path) -> dict[str, str]:
    """Points everything that would go to Microsoft at the simulator."""
    return {
        "OPSAPP_LOGIN_BASE_URL": base_url,
        "OPSAPP_GRAPH_BASE_URL": base_url,
        "OPSAPP_CA_BUNDLE": str(ca),
    }


def for_children(values: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: the shell's, without its settings, with the demo's."""
    foreign = _FOREIGN | {Settings.variable(field) for field in Settings.model_fields}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in foreign and not name.startswith(_FOREIGN_PREFIXES)
    }
    return {**inherited, **values, "FLASK_SKIP_DOTENV": "1", "PYTHONUNBUFFERED": "1"}


def read(file: Path) -> dict[str, str]:
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value.strip("'") for name, _, value in pairs}


def write(file: Path, values: Mapping[str, str]) -> None:
    """Replaces the file as a whole; only its owner can read it."""
    text = "# Written by `make demo` at every start. Use: flask -e <this file> runs list\n"
    text += "".join(f"{name}='{value}'\n" for name, value in values.items())
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    draft.replace(file)
