"""Applications under test, and databases migrated once and copied for each test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from cryptography.fernet import Fernet
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from opsapp import create_app
from opsapp.config import Settings
from opsapp.extensions import db

ENCRYPTION_KEY = Fernet.generate_key().decode()
_FOLDER = tempfile.TemporaryDirectory(prefix="opsapp-templates-")
COMPILED_TEMPLATES = FileSystemBytecodeCache(_FOLDER.name)


def make_settings(folder: Path, **changes: object) -> Settings:
    """Settings of a test: SQLite and an unreachable Redis in ``folder`` unless changed."""
    values: dict[str, object] = {
        "secret_key": "k" * 32,
        "encryption_keys": (ENCRYPTION_KEY,),
        "instance": folder,
        "redis_url": f"unix://{folder}/nothing-listens-here?db=0",
        "secure_cookies": False,
    }
    return Settings(**(values | changes))


@contextmanager
def running_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED_TEMPLATES  # most of a page's first rendering
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def migrate(folder: Path, url: str) -> None:
    with (
        running_app(make_settings(folder, database_url=url)) as app,
        app.app_context(),
    ):
        flask_migrate.upgrade()


def migrated_sqlite(folder: Path) -> Path:
    """A migrated, closed SQLite file to be copied."""
    file = folder / "template.sqlite3"
    migrate(folder, f"sqlite:///{file}")
    return file


def copy_of(template: Path, folder: Path) -> str:
    """The URL of a fresh copy of a closed SQLite file."""
    file = folder / "opsapp.sqlite3"
    shutil.copyfile(template, file)
    return f"sqlite:///{file}"
