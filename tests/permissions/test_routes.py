"""Every route, as everybody, against the one table of who may do what."""

import re

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.permissions import access_of
from tests.permissions.table import Row, doors, rows
from tests.permissions.world import World
from tests.support.cast import ROLES

TABLE = rows()
SAFE = {"GET", "HEAD", "OPTIONS"}
UNSAFE_ROWS = [row for row in TABLE if row.method not in SAFE]
GET_ROWS = [row for row in TABLE if row.method == "GET"]
NOT_OURS = {"static", "bootstrap.static"}
WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|REPLACE|WITH .* (INSERT|UPDATE|DELETE))", re.IGNORECASE
)


def name_of(row: Row) -> str:
    return row.name


def answer(world: World, row: Row, role: str) -> str:
    """What happened, in the words of the table."""
    response = world.knock(row, role)
    to_sign_in = response.status_code == 302 and response.location.split("?")[0] == "/login"
    if to_sign_in and row.route != "/logout":
        assert role == "anonymous", "signed in, and yet sent to sign in"
    if to_sign_in and role == "anonymous":
        return "login"
    if response.status_code in (403, 404):
        return str(response.status_code)
    assert response.status_code < 500, response.status
    assert response.status_code != 401, "pages send people to sign in; only /api answers 401"
    return "in"


def test_the_table_lists_exactly_the_routes_of_the_app(world):
    existing = {f"{method} {route}" for method, route, _ in doors(world.app)}
    listed = [row.name for row in TABLE]
    assert len(listed) == len(set(listed)), "a route is listed twice"
    assert existing - set(listed) == set(), "add these to tests/permissions/routes.txt"
    assert set(listed) - existing == set(), "remove these from tests/permissions/routes.txt"


@pytest.mark.parametrize("row", TABLE, ids=name_of)
def test_everybody_gets_what_the_table_says(world, row):
    got = {}
    for role in ROLES:
        if row.method not in SAFE:
            world.restore()
        got[role] = answer(world, row, role)
    assert got == row.answers


def test_every_view_of_ours_carries_a_guard(world):
    views = {endpoint: world.app.view_functions[endpoint] for *_, endpoint in doors(world.app)}
    unguarded = {name for name, view in views.items() if access_of(view) is None}
    assert unguarded == NOT_OURS


@pytest.mark.parametrize("row", UNSAFE_ROWS, ids=name_of)
def test_without_its_token_an_unsafe_request_changes_nothing(world, row):
    role = next(role for role in reversed(ROLES) if row.answers[role] == "in")
    with writes_to(world) as statements:
        response = world.knock(row, role, csrf=True)
    assert response.status_code == 400
    assert b"This form is no longer valid" in response.data
    assert statements == []


@pytest.mark.parametrize("row", GET_ROWS, ids=name_of)
def test_a_get_writes_nothing(world, row):
    with writes_to(world) as statements:
        for role in ("anonymous", "readonly", "admin"):
            world.knock(row, role)
    assert statements == []


class writes_to:  # noqa: N801 - used like a function
    """Collects the writing statements the app sends to its database."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.statements: list[str] = []

    def __enter__(self) -> list[str]:
        with self.world.app.app_context():
            self.engine = db.engine
        sa.event.listen(self.engine, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, *_):
        if WRITES.match(statement):
            self.statements.append(statement)


def test_the_collector_of_writes_sees_one(world):
    row = next(row for row in TABLE if row.name == "POST /account/sessions/revoke-others")
    with writes_to(world) as statements:
        assert world.knock(row, "readonly").status_code == 302
    assert statements
