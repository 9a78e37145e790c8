"""A run that a worker does reaches its initiator's webhook, sent by the worker's tick."""

from collections.abc import Iterator

import pytest

from opsapp.extensions import db
from opsapp.models import Delivery, DeliveryState
from opsapp.services import deliveries as service
from tests.support.deliveries import Deliveries
from tests.support.ledger_rows import Ledger
from tests.support.processes import wait_until
from tests.support.receivers import Hooks, running_hooks
from tests.workers.rig import Rig


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with running_hooks() as hooks:
        yield hooks


def test_a_run_reaches_the_webhook_of_who_started_it(rig: Rig, hooks: Hooks) -> None:
    user_id = rig.cast["operator"].id
    ledger = Ledger(rig.app, rig.cast.tenant_id)
    Deliveries(rig.app, ledger, user_id).prefer(url=hooks.url)
    rig.ready_worker(webhook_private_hosts=True)
    run_id = rig.start()
    rig.wait_for(run_id)
    wait_until(lambda: hooks.posted, seconds=30, what=f"the webhook is called\n{rig.logs()}")
    assert hooks.posted[0].json["data"]["run"]["id"] == run_id

    def delivered() -> bool:
        db.session.rollback()
        return db.session.query(Delivery).one().state == DeliveryState.DELIVERED

    wait_until(delivered, seconds=30, what=f"it is noted\n{rig.logs()}")
    assert len(hooks.posted) == 1
    assert service.newest(rig.run(run_id).user, 10)[0].message == "HTTP 204"
