"""The ledger on both databases, with drills to run and a tenant to run them in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import OperationRun, Tenant, User
from tests.support.cast import Cast
from tests.support.drill import registered_drills

EnsureDrill = Callable[..., OperationRun]


@pytest.fixture(autouse=True)
def drills() -> Iterator[None]:
    with registered_drills():
        yield


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def queue_url(redis_url: str) -> str:
    return redis_url


@pytest.fixture
def tenant(cast: Cast, app_context: None) -> Tenant:
    return db.session.get_one(Tenant, cast.tenant_id)


@pytest.fixture
def operator(cast: Cast, app_context: None) -> User:
    return db.session.get_one(User, cast["operator"].id)


@pytest.fixture
def ensure(tenant: Tenant, operator: User) -> EnsureDrill:
    """A queued drill that nobody has dispatched."""

    def ensure_drill(kind: str = "plain", /, **inputs: Any) -> OperationRun:
        inputs = {"trace": "/dev/null", "name": "drill", **inputs}
        return runs.ensure_run(tenant, f"drill.{kind}", inputs, operator)

    return ensure_drill
