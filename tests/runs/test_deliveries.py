"""The end of a run also leaves a delivery for each channel that its initiator chose."""

import pytest
import sqlalchemy as sa

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import Delivery, DeliveryPreference, DeliveryState, Notification, Tenant, User
from opsapp.models.base import write
from tests.runs.conftest import EnsureDrill


def prefer(user: User, *, email: bool, webhook: bool) -> None:
    with write() as session:
        session.add(
            DeliveryPreference(
                user_id=user.id,
                email=email,
                webhook_url_encrypted="x" if webhook else None,
                webhook_secret_encrypted="x" if webhook else None,
            )
        )


def queued() -> list[Delivery]:
    return list(db.session.scalars(sa.select(Delivery).order_by(Delivery.channel)))


@pytest.mark.parametrize(
    ("email", "webhook", "channels"),
    [
        (False, False, []),
        (True, False, ["email"]),
        (False, True, ["webhook"]),
        (True, True, ["email", "webhook"]),
    ],
)
def test_the_end_is_sent_where_the_initiator_wants_it(
    ensure: EnsureDrill, operator: User, email: bool, webhook: bool, channels: list[str]
) -> None:
    prefer(operator, email=email, webhook=webhook)
    run = runs.dispatch(ensure())
    assert queued() == []  # being queued is no news for elsewhere
    runs.fail_run(run, "worker.lost")
    rows = queued()
    assert [row.channel for row in rows] == channels
    for row in rows:
        assert (row.user_id, row.state, row.attempts) == (operator.id, DeliveryState.PENDING, 0)
        assert row.notification.run_id == run.id
        assert row.notification.kind == "terminal"
        assert row.next_attempt_at == row.created_at


def test_nobody_opted_in(ensure: EnsureDrill) -> None:
    runs.fail_run(ensure(), "worker.lost")
    assert db.session.scalar(sa.select(sa.func.count(Notification.id))) == 1
    assert queued() == []


def test_it_is_sent_once_however_often_the_run_is_ended(
    ensure: EnsureDrill, operator: User
) -> None:
    prefer(operator, email=True, webhook=True)
    run = ensure()
    for _ in range(3):
        runs.fail_run(run, "worker.lost")
    assert len(queued()) == 2


def test_the_deactivated_get_nothing(ensure: EnsureDrill, operator: User) -> None:
    prefer(operator, email=True, webhook=True)
    run = ensure()
    with write():
        operator.is_active = False
    runs.fail_run(run, "worker.lost")
    assert queued() == []


def test_others_runs_and_those_of_the_system_are_not_sent(
    ensure: EnsureDrill, operator: User, tenant: Tenant
) -> None:
    other = db.session.scalars(sa.select(User).where(User.id != operator.id)).first()
    prefer(other, email=True, webhook=True)
    runs.fail_run(ensure(), "worker.lost")
    system = runs.ensure_run(tenant, "drill.plain", {"trace": "/dev/null", "name": "x"}, None)
    runs.fail_run(system, "worker.lost")
    assert queued() == []


def test_a_run_that_is_deleted_takes_them_along(ensure: EnsureDrill, operator: User) -> None:
    prefer(operator, email=True, webhook=True)
    run = ensure()
    runs.fail_run(run, "worker.lost")
    with write() as session:
        session.execute(sa.text("DELETE FROM operation_runs"))
    assert queued() == []
