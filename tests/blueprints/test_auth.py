"""The door: signing in and out in a browser, cookies, where one is sent."""

import re

import pytest

from opsapp.audit import CLI
from opsapp.extensions import db
from opsapp.models import SignInFailure, User, UserSession
from opsapp.models.base import write
from opsapp.services import passwords, sign_in, users
from tests.support import apps
from tests.support.cast import PASSWORD


def submit(client, email, password=PASSWORD, **more):
    return client.post("/login", data={"email": email, "password": password, **more})


def test_signing_in_leads_to_the_wanted_page_and_out_again(cast):
    client = cast.client()
    assert client.get("/account?x=1").location == "/login?next=/account?x%3D1"
    assert submit(client, cast["operator"].email, next="/account?x=1").location == "/account?x=1"
    assert client.get("/account").status_code == 200
    assert client.post("/logout").location == "/login"
    assert client.get("/account").status_code == 302


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(cast):
    client = cast.client()
    submit(client, cast["operator"].email)
    stolen = client.get_cookie("session").value
    client.post("/logout")
    thief = cast.client()
    thief.set_cookie("session", stolen)
    assert thief.get("/account").status_code == 302


def test_signing_in_replaces_the_session_of_before(cast):
    client = cast.client("readonly")
    before = client.get_cookie("session").value
    submit(client, cast["operator"].email)
    assert client.get_cookie("session").value != before
    assert cast["operator"].email in client.get("/account").text


def test_a_token_from_before_signing_in_is_worth_nothing_after(cast):
    client = cast.client(csrf=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)[1]
    assert submit(client, cast["operator"].email, csrf_token=token).status_code == 302
    after = client.post("/account/sessions/revoke-others", data={"csrf_token": token})
    assert after.status_code == 400


def test_the_cookie_has_its_flags(make_app, tmp_path, sqlite_url):
    from tests.support import cast as cast_support

    app = make_app(apps.make_settings(tmp_path, database_url=sqlite_url, secure_cookies=True))
    cast = cast_support.create(app)
    header = submit(cast.client(), cast["operator"].email).headers["Set-Cookie"]
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Expires="):
        assert flag in header


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
        "evil",
        "http:evil.test",
        "",
    ],
)
def test_next_never_leads_elsewhere(cast, target):
    assert submit(cast.client(), cast["operator"].email, next=target).location == "/"


def test_a_refusal_keeps_the_address_and_never_the_password(cast):
    response = submit(cast.client(), cast["operator"].email, "wrong password here")
    assert response.status_code == 422
    assert sign_in.WRONG in response.text
    assert cast["operator"].email in response.text
    assert "wrong password here" not in response.text


def test_a_throttled_attempt_says_when_to_come_back(cast):
    with cast.app.app_context(), write() as session:
        subject = f"account:{cast['operator'].email}"
        session.add(SignInFailure(subject=subject, count=sign_in.MAX_PER_ACCOUNT))
    response = submit(cast.client(), cast["operator"].email)
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= sign_in.WINDOW.total_seconds()
    assert "Try again in 15 minutes" in response.text


def test_the_api_answers_anonymous_with_401_as_json(cast):
    from opsapp.permissions import signed_in

    cast.app.add_url_rule("/api/probe", view_func=signed_in(lambda: "in"), endpoint="probe")
    response = cast.client().get("/api/probe")
    assert response.status_code == 401
    assert response.is_json


def test_a_live_region_of_an_ended_session_reloads_its_page(cast):
    response = cast.client().get("/account", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response.headers["HX-Refresh"] == "true"


def test_a_one_time_password_lets_in_only_to_choose_ones_own(cast):
    with cast.app.app_context():
        _, one_time = users.reset_password(CLI, cast["operator"].id)
    client = cast.client()
    submit(client, cast["operator"].email, one_time)
    for page in ("/tenants/", "/tenants/contoso/settings"):
        assert client.get(page).location == "/account#password"
    assert client.post("/account/profile").location == "/account#password"
    assert "Choose a password of your own" in client.get("/account").text
    own = "a password of my own"
    data = {"current": one_time, "password": own, "repeated": own}
    assert client.post("/account/password", data=data).location == "/account"
    assert client.get("/tenants/").status_code == 200
    with cast.app.app_context():
        assert not passwords.is_one_time(db.session.get_one(User, cast["operator"].id))


def test_requests_do_not_rewrite_the_cookie(cast):
    client = cast.client("operator")
    client.get("/account")
    assert "Set-Cookie" not in client.get("/healthz").headers
    assert "Set-Cookie" not in client.get("/account").headers


def test_a_deactivated_person_is_out_at_once(cast):
    client = cast.client("operator")
    with cast.app.app_context():
        users.deactivate(CLI, cast["operator"].id)
        assert db.session.query(UserSession).filter_by(revoked_at=None).count() == 0
    assert client.get("/account").status_code == 302
