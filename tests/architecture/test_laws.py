"""Laws 1 to 3 of docs/constitution.md, on every page there is."""

import socket
import time

import bs4
import flask
import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.graph import guard
from opsapp.models import OperationRun, RunStatus
from opsapp.operations import REGISTRY
from opsapp.runs import queue
from tests.permissions.table import rows

PAGES = [row for row in rows() if row.method == "GET"]
ANSWER_SECONDS = 2


@pytest.fixture
def connections(monkeypatch):
    """Every address this process connects to, in place of an answer from there."""
    addresses = []

    def refuse(_socket, address):
        addresses.append(address)
        raise ConnectionRefusedError(address)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return addresses


def test_the_recorder_of_connections_sees_one(connections):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 9))
    assert connections == [("127.0.0.1", 9)]


@pytest.mark.parametrize("page", PAGES, ids=lambda row: row.route)
def test_pages_render_from_the_database_only(world, connections, page):
    roles = [role for role in ("readonly", "owner", "admin") if page.answers[role] == "in"]
    answer = world.knock(page, roles[0] if roles else "admin")
    assert answer.status_code < 400 if roles else answer.status_code == 404
    assert connections == []


@pytest.mark.parametrize("page", PAGES, ids=lambda row: row.route)
def test_graph_raises_while_any_page_is_rendered(world, page):
    forbidden = []

    def look(_app, **_):
        try:
            guard.check()
        except guard.GraphForbiddenHere:
            forbidden.append(page.route)

    with flask.request_finished.connected_to(look, world.app):
        world.knock(page, "admin")
    assert forbidden == [page.route]
    guard.check()  # and only then


NEEDED_INPUTS = {
    "policy.capture_snapshot": {"policies": "1"},
    "backup_set.import": {"upload": "1", "name": "Brought"},
    "restore.preview": {"restore": "1"},
    "backup_set.create": {"name": "Monday"},
    "backup_set.add_policies": {"set": "1", "policies": "1"},
    "backup_schedule.run_now": {"schedule": "1", "nonce": "n"},
    "backup_schedule.retry": {"schedule": "1", "scheduled_for": "2026-01-31T02:00Z", "nonce": "n"},
    "backup_schedule.scheduled": {"schedule": "1", "scheduled_for": "2026-01-31T02:00Z"},
}


@pytest.mark.usefixtures("operation_type")
class TestAClickStartsWork:
    @pytest.fixture
    def queue_url(self, redis_url):
        return redis_url

    @pytest.fixture(params=sorted(key for key, one in REGISTRY.items() if not one.instead))
    def operation_type(self, request):
        return request.param

    def test_a_click_starts_work_and_never_does_it(self, app, cast, operation_type, monkeypatch):
        places = set()
        connect = socket.socket.connect

        def note(self, address):
            places.add(str(address))
            return connect(self, address)

        owner = cast.client("owner")
        monkeypatch.setattr(socket.socket, "connect", note)
        started = time.process_time()  # the clock on the wall also counts our neighbours' work
        fields = {"type": operation_type, **NEEDED_INPUTS.get(operation_type, {})}
        answer = owner.post(f"/tenants/{cast.slug}/runs", data=fields)
        assert time.process_time() - started < ANSWER_SECONDS
        assert answer.status_code == 303
        page = bs4.BeautifulSoup(owner.get(answer.location).text, "html.parser")
        with app.app_context():
            run = db.session.scalars(sa.select(OperationRun)).one()
            assert (run.type, run.status) == (operation_type, RunStatus.QUEUED)
            assert queue.contents().waiting == 1
        link = page.find("a", string=lambda text: text and "View run" in text)
        assert link["href"].endswith(f"/monitoring/operations/{run.id}")
        assert all(place in app.extensions["opsapp.settings"].redis_url for place in places)
