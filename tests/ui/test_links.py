"""Addresses, chips, remembered columns, the viewer's cookies."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsapp.models import User
from opsapp.models.base import write
from opsapp.presenters import viewer
from opsapp.presenters.chips import chips_for
from opsapp.presenters.columns import chosen_columns
from opsapp.presenters.links import dom_id, url_with

COLUMNS = [
    {"key": "name", "label": "Name"},
    {"key": "by", "label": "By", "optional": True},
    {"key": "took", "label": "Took", "optional": True, "hidden": True},
]


def test_a_new_filter_starts_at_the_first_page(app):
    with app.test_request_context("/runs?type=a&before=815&x=1&x=2"):
        assert url_with(outcome="failed") == "/runs?type=a&x=1&x=2&outcome=failed"


def test_paging_keeps_the_filters(app):
    with app.test_request_context("/runs?type=a&before=815"):
        assert url_with(before=700) == "/runs?type=a&before=700"


def test_turning_back_forgets_where_one_came_from(app):
    with app.test_request_context("/runs?type=a&after=815"):
        assert url_with(before=814) == "/runs?type=a&before=814"


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_value_can_go(app, nothing):
    with app.test_request_context("/runs?type=a"):
        assert url_with(type=nothing) == "/runs"


def test_addresses_stay_below_the_prefix(app):
    with app.test_request_context("/runs?q=a", base_url="http://localhost/ops"):
        assert url_with(q="b&c") == "/ops/runs?q=b%26c"


@given(st.text(), st.text())
def test_ids_differ_when_what_they_stand_for_differs(one, other):
    assert (dom_id("x", one) == dom_id("x", other)) == (one == other)
    assert dom_id(one)[0].isascii()


def test_a_chip_shows_words_and_removes_only_itself(app):
    with app.test_request_context("/runs?outcome=failed&outcome=cancelled&q=ab&sort=at"):
        chips = chips_for({"outcome": "Outcome", "q": "Search"}, {"outcome": {"failed": "Failed"}})

    assert [(chip.label, chip.value) for chip in chips] == [
        ("Outcome", "Failed"),
        ("Outcome", "cancelled"),
        ("Search", "ab"),
    ]
    assert chips[0].remove_url == "/runs?q=ab&sort=at&outcome=cancelled"
    assert chips[2].remove_url == "/runs?outcome=failed&outcome=cancelled&sort=at"


@pytest.mark.parametrize(
    ("query", "cookie", "shown"),
    [
        ("", "", ["name", "by"]),
        ("?columns=none&columns=took", "by", ["name", "took"]),
        ("?columns=none", "by.took", ["name"]),
        ("", "none.took", ["name", "took"]),
        ("", "none", ["name"]),
        ("?columns=bogus", "", ["name", "by"]),
    ],
)
def test_columns_come_from_the_address_then_from_the_cookie(app, query, cookie, shown):
    headers = {"Cookie": f"columns_runs={cookie}"} if cookie else {}
    with app.test_request_context(f"/{query}", headers=headers):
        assert [column["key"] for column in chosen_columns("runs", COLUMNS)] == shown


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><b>', "system"), ("", "system")]
)
def test_only_known_themes_reach_the_page(app, cookie, theme):
    with app.test_request_context("/", headers={"Cookie": f"theme={cookie}"}):
        assert viewer.theme() == theme


@pytest.mark.parametrize(
    "name", ["", "Nowhere/Land", "../../etc/passwd", "/etc/localtime", "x" * 65, "Europe", "a\0b"]
)
def test_a_zone_that_does_not_exist_is_none(name):
    assert viewer.named_zone(name) is None


def test_the_accounts_zone_wins_over_the_browsers(app, cast):
    def zone(client):
        with client:
            client.get("/styleguide", headers={})
            return viewer.zone()

    client = cast.client("operator")
    assert zone(client) is UTC
    client.set_cookie("tz", "Asia/Tokyo")
    assert zone(client) == ZoneInfo("Asia/Tokyo")

    for chosen in ("Europe/Berlin", "UTC"):  # UTC is a choice like any other
        choose_zone(app, cast, chosen)
        assert zone(client) == ZoneInfo(chosen)


def choose_zone(app, cast, name):
    with app.app_context(), write() as session:
        session.get_one(User, cast["operator"].id).timezone = name


def test_the_page_tells_its_script_which_zone_was_chosen(app, cast):
    client = cast.client("operator")
    assert "data-zone" not in client.get("/account").text
    choose_zone(app, cast, "Asia/Tokyo")
    assert 'data-zone="Asia/Tokyo"' in client.get("/account").text


def test_a_date_is_that_of_the_viewers_zone(app):
    late = datetime(2025, 3, 31, 23, 30, tzinfo=UTC)
    with app.test_request_context("/", headers={"Cookie": "tz=Asia/Tokyo"}):
        assert viewer.relative(late) == "1 Apr 2025"
    with app.test_request_context("/"):
        assert viewer.relative(late) == "31 Mar 2025"
