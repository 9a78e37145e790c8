"""One's own account page."""

import re

import pytest

from opsapp.blueprints.account import _browser_of
from opsapp.extensions import db
from opsapp.models import User
from tests.support.cast import PASSWORD

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
EDGE = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Chrome/130.0 Safari/537.36 Edg/130.0"


def test_name_and_time_zone_are_saved(cast):
    client = cast.client("operator")
    client.post("/account/profile", data={"name": "Ana", "timezone": "Europe/Lisbon"})
    with cast.app.app_context():
        user = db.session.get_one(User, cast["operator"].id)
        assert (user.name, user.timezone) == ("Ana", "Europe/Lisbon")


def saved_zone(cast):
    with cast.app.app_context():
        return db.session.get_one(User, cast["operator"].id).timezone


def test_a_new_account_follows_the_browser_until_a_zone_is_chosen(cast):
    client = cast.client("operator")
    assert saved_zone(cast) is None
    assert '<option selected value="browser">Follow the browser' in client.get("/account").text
    client.post("/account/profile", data={"name": "Ana", "timezone": "UTC"})
    assert saved_zone(cast) == "UTC"
    assert '<option selected value="UTC">UTC' in client.get("/account").text
    client.post("/account/profile", data={"name": "Ana", "timezone": "browser"})
    assert saved_zone(cast) is None


@pytest.mark.parametrize("data", [{}, {"timezone": ""}, {"timezone": "Mars/Olympus"}])
def test_a_zone_that_is_not_offered_changes_nothing(cast, data):
    client = cast.client("operator")
    client.post("/account/profile", data={"name": "Ana", "timezone": "Europe/Lisbon"})
    assert client.post("/account/profile", data={"name": "Ana"} | data).status_code == 422
    assert saved_zone(cast) == "Europe/Lisbon"


def test_a_wrong_form_keeps_what_was_entered(cast):
    data = {"name": "", "timezone": "Europe/Lisbon"}
    response = cast.client("operator").post("/account/profile", data=data)
    assert response.status_code == 422
    assert "Enter your name." in response.text
    assert re.search(r'<option selected value="Europe/Lisbon">', response.text)


def test_two_different_new_passwords_are_refused(cast):
    data = {"current": PASSWORD, "password": "one new password", "repeated": "another password"}
    response = cast.client("operator").post("/account/password", data=data)
    assert response.status_code == 422
    assert "The two new passwords differ." in response.text
    assert "one new password" not in response.text


def test_another_session_is_signed_out_and_this_one_stays(cast):
    here, there = cast.client("operator"), cast.client("operator")
    page = here.get("/account").text
    revoke = re.findall(r'action="(/account/sessions/\d+/revoke)"', page)
    assert len(revoke) == 1
    here.post(revoke[0])
    assert there.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


def test_somebody_elses_session_cannot_be_found(cast):
    operator = cast.client("operator")
    cast.client("operator")
    revoke = re.findall(r'action="(/account/sessions/\d+/revoke)"', operator.get("/account").text)
    assert cast.client("owner").post(revoke[0]).status_code == 404


def test_the_theme_is_remembered_without_an_account(cast):
    client = cast.client()
    response = client.post("/account/theme", data={"theme": "dark", "next": "/login"})
    assert response.location == "/login"
    assert client.get_cookie("theme").value == "dark"
    assert 'data-bs-theme="dark"' in client.get("/login").text
    assert client.post("/account/theme", data={"theme": "pink"}).status_code == 400


def test_browsers_are_named_although_they_claim_to_be_others():
    assert _browser_of(FIREFOX) == "Firefox on Windows"
    assert _browser_of(EDGE) == "Edge on macOS"
    assert _browser_of("curl/8") == "curl/8"
    assert _browser_of("") == "Unknown browser"
