"""Many start the same work at once: one run, everybody gets its id, the first is its initiator."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import OperationRun, OperationRunEvent, Tenant, User
from opsapp.models.base import write
from opsapp.runs.transitions import request_cancel
from tests.runs.conftest import EnsureDrill
from tests.support.cast import Cast

STARTERS = 24


@dataclass(frozen=True)
class Got:
    """What a caller of ``ensure_run`` was told."""

    identity: int
    run_id: int
    is_new: bool
    user_id: int


@pytest.fixture
def user_ids(app: Flask) -> list[int]:
    with app.app_context():
        users = [User(email=f"s{n}@opsapp.test", name=f"Starter {n}") for n in range(STARTERS)]
        with write() as session:
            session.add_all(users)
        return [user.id for user in users]


def start_all(
    app: Flask, cast: Cast, user_ids: list[int], identities: int, *, end_at_once: bool = False
) -> list[Got]:
    """Every starter walks all identities, all at the same time."""
    barrier = threading.Barrier(STARTERS)

    def starter(user_id: int) -> list[Got]:
        with app.app_context():
            tenant = db.session.get_one(Tenant, cast.tenant_id)
            user = db.session.get_one(User, user_id)
            db.session.rollback()
            barrier.wait(timeout=60)
            return [ensure(tenant, user, identity) for identity in range(identities)]

    def ensure(tenant: Tenant, user: User, identity: int) -> Got:
        inputs = {"trace": "/dev/null", "name": str(identity)}
        run = runs.ensure_run(tenant, "drill.plain", inputs, user)
        got = Got(identity, run.id, run.is_new, user.id)
        if end_at_once and run.is_new:
            request_cancel(run.id, "the winner")
        return got

    with ThreadPoolExecutor(STARTERS) as pool:
        return [got for mine in pool.map(starter, user_ids) for got in mine]


@pytest.mark.timeout(300)
def test_concurrent_starters_share_one_run_per_identity(
    app: Flask, cast: Cast, user_ids: list[int]
) -> None:
    identities = 200
    everybody = start_all(app, cast, user_ids, identities)
    assert len(everybody) == STARTERS * identities
    first = {got.identity: got for got in everybody if got.is_new}
    assert len(first) == sum(got.is_new for got in everybody) == identities
    assert all(got.run_id == first[got.identity].run_id for got in everybody)
    with app.app_context():
        rows = db.session.scalars(sa.select(OperationRun)).all()
        assert len(rows) == identities
        assert {run.id: run.user_id for run in rows} == {
            got.run_id: got.user_id for got in first.values()
        }
        assert set(_created_events().values()) == {1}


@pytest.mark.timeout(300)
def test_concurrent_starters_when_the_winner_ends_at_once(
    app: Flask, cast: Cast, user_ids: list[int]
) -> None:
    identities = 20
    everybody = start_all(app, cast, user_ids, identities, end_at_once=True)
    assert len(everybody) == STARTERS * identities
    with app.app_context():
        rows = db.session.scalars(sa.select(OperationRun)).all()
        identity_of = {run.id: int(run.inputs["name"]) for run in rows}
        assert all(identity_of[got.run_id] == got.identity for got in everybody)
        assert sum(got.is_new for got in everybody) == len(rows)
        assert not any(run.is_active for run in rows)
        created = _created_events()
        assert set(created) == {run.id for run in rows}
        assert set(created.values()) == {1}


def _created_events() -> Counter[int]:
    query = sa.select(OperationRunEvent.run_id).where(OperationRunEvent.kind == "created")
    return Counter(db.session.scalars(query))


def test_joining_an_active_run_never_replaces_its_initiator(
    ensure: EnsureDrill, tenant: Tenant, cast: Cast
) -> None:
    first = ensure()
    assert first.is_new
    manager = db.session.get_one(User, cast["manager"].id)
    second = runs.ensure_run(tenant, first.type, first.inputs, manager)
    assert second.id == first.id
    assert not second.is_new
    assert second.user_id == cast["operator"].id


def test_ended_work_can_be_started_again(ensure: EnsureDrill) -> None:
    first = ensure()
    runs.cancel(first, "Olga")
    second = ensure()
    assert second.is_new
    assert second.id != first.id


def test_the_same_work_in_two_tenants_is_two_runs(ensure: EnsureDrill, tenant: Tenant) -> None:
    other = Tenant(slug="other", name="Other", entra_tenant_id="2" * 36)
    with write() as session:
        session.add(other)
    first = ensure()
    assert runs.ensure_run(other, first.type, first.inputs, None).id != first.id


def test_the_database_itself_refuses_a_second_active_run(ensure: EnsureDrill) -> None:
    run = ensure()
    columns = [c for c in OperationRun.__table__.columns if c.name != "id"]
    values = {column: getattr(run, column.name) for column in columns}
    with pytest.raises(sa.exc.IntegrityError), write() as session:
        session.execute(sa.insert(OperationRun.__table__).values(values))
