"""Old runs are deleted daily, for each tenant once, and an owner sees what would go."""

import re
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from opsapp.audit import CLI
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus, Tenant, Tick, WorkerHeartbeat
from opsapp.models.base import write
from opsapp.services import retention, tenants
from tests.support.page_parts import words

DAY = timedelta(days=1)
SETTINGS = "/tenants/contoso/settings"


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def old(ledger):
    """Two old runs, of which one may go."""
    return [ledger.run(age=100 * DAY) for _ in range(2)]


def purges():
    db.session.rollback()
    query = sa.select(OperationRun).where(OperationRun.type == "runs.purge")
    return list(db.session.scalars(query))


def until_done(by="worker-1"):
    while retention._next_tenants(by):
        pass


class TestDaily:
    def test_it_starts_where_something_is_old(self, old, app_context):
        with write() as session:
            session.add(Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36))
        assert retention.start_due("worker-1") == 1
        [run] = purges()
        assert (run.tenant.slug, run.initiator_name) == ("contoso", "Schedule: Retention")
        assert run.user_id is None

    def test_without_redis_it_waits_to_be_handed_over(self, old, app_context):
        retention.start_due("worker-1")
        [run] = purges()
        assert (run.status, run.dispatched_at) == (RunStatus.QUEUED, None)

    def test_once_a_day(self, old, app_context):
        retention.start_due("worker-1")
        assert retention.start_due("worker-2") == 0
        assert len(purges()) == 1
        with write():
            db.session.get_one(Tick, "retention").report = {"done": "2020-01-01"}
        assert retention.start_due("worker-2") == 0, "it is still active"
        assert len(purges()) == 1

    def test_once_a_day_however_many_tick(self, app, old, app_context, monkeypatch):
        monkeypatch.setattr(retention, "TENANTS_AT_ONCE", 1)
        with write() as session:
            for number in range(5):
                slug, guid = f"t{number}", str(number) * 36
                session.add(Tenant(slug=slug, name=slug, entra_tenant_id=guid))
        seen = []

        def look(by):
            with app.app_context():
                while ids := retention._next_tenants(by):
                    seen.extend(ids)

        threads = [threading.Thread(target=look, args=(f"w{n}",)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(seen) == len(set(seen)) == 6

    def test_a_tenant_whose_old_runs_all_stay_is_left_in_peace(self, ledger, app_context):
        ledger.run(age=100 * DAY)
        assert retention.start_due("worker-1") == 0

    def test_suspended_tenants_are_left_alone(self, old, app_context):
        tenants.suspend(CLI, tenants.find("contoso"))
        assert retention.start_due("worker-1") == 0
        assert purges() == []

    def test_never_where_runs_are_kept_for_ever(self, app, old, app_context):
        now = app.extensions["opsapp.settings"]
        app.extensions["opsapp.settings"] = now.model_copy(update={"retention_days": 0})
        assert retention.start_due("worker-1") == 0

    def test_workers_of_last_week_are_forgotten(self, ledger, app_context):
        ledger.worker("old", silent=8 * DAY)
        ledger.worker("gone", silent=6 * DAY)
        until_done()
        assert list(db.session.scalars(sa.select(WorkerHeartbeat.name))) == ["gone"]


class TestSettings:
    def panel(self, cast, role="owner"):
        response = cast.client(role).get(SETTINGS)
        assert response.status_code == 200
        return BeautifulSoup(response.data, "html.parser")

    def test_an_owner_is_told_what_would_go_and_what_stays(self, cast, old):
        shown = self.panel(cast)
        dialog = words(shown.find(id="delete-old-runs"))
        before = utcnow() - 90 * DAY
        assert f"Deletes 1 run that ended before {before:%-d %b %Y} (UTC)." in dialog
        assert "1 kept: 1 the latest of its type" in dialog

    def test_starting_it(self, cast, old, app_context):
        answer = cast.client("owner").post("/tenants/contoso/runs", data={"type": "runs.purge"})
        assert answer.status_code == 303
        [run] = purges()
        assert run.user_id == cast["owner"].id

    def test_only_an_owner(self, cast, old, app_context):
        assert self.panel(cast, "manager").find(id="history") is None
        cast.client("manager").post("/tenants/contoso/runs", data={"type": "runs.purge"})
        assert purges() == []

    def test_nothing_is_old(self, cast, ledger):
        ledger.run()
        panel = self.panel(cast).find(id="history")
        assert "No run is old enough." in words(panel)
        assert (
            panel.find(string=re.compile("Delete old runs"))
            .find_parent("button")
            .has_attr("disabled")
        )
