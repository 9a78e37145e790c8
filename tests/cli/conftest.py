"""Commands as scripts run them."""

import json
from typing import Any

import pytest

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import Tenant, User


@pytest.fixture
def flask(runner, cast):
    """Runs a command and gives its result; ``role`` acts as that person."""

    def flask(*arguments: object, role: str | None = None):
        acting = ["--as", cast[role].email] if role else []
        return runner.invoke(args=[*map(str, arguments), *acting])

    return flask


@pytest.fixture
def data(flask):
    """Runs a command with ``--json``; gives the data, which is all there is on stdout."""

    def data(*arguments: object, role: str | None = None, code: int = 0) -> Any:
        result = flask(*arguments, "--json", role=role)
        assert result.exit_code == code, result.output
        assert result.stderr == ""
        return json.loads(result.stdout)

    return data


@pytest.fixture
def make(app, cast):
    """A queued run that a person (or None: the system) started; gives its id."""

    def make(role: str | None = "operator", operation: str = "inventory.sync") -> int:
        with app.app_context():
            user = db.session.get_one(User, cast[role].id) if role else None
            return runs.ensure_run(
                db.session.get_one(Tenant, cast.tenant_id), operation, {}, user
            ).id

    return make
