"""The administrators' pages."""

import re

from opsapp.audit import Actor, record
from opsapp.extensions import db
from opsapp.models import User
from opsapp.models.base import write
from opsapp.services import passwords


def the_user(cast, email):
    return db.session.query(User).filter_by(email=email).one()


def shown_password(page):
    return re.search(r"<code>([0-9a-f]{4}(?:-[0-9a-f]{4}){3})</code>", page)[1]


def test_a_new_users_password_is_shown_once(cast):
    admin = cast.client("admin")
    page = admin.post("/admin/users/new", data={"email": "new@demo.test", "name": "New"}).text
    password = shown_password(page)
    with cast.app.app_context():
        user = the_user(cast, "new@demo.test")
        assert passwords.matches(user, password)
        user_id = user.id
    for later in (f"/admin/users/{user_id}", "/admin/users", "/admin/audit"):
        assert password not in admin.get(later).text


def test_a_refused_user_is_explained_at_the_field(cast):
    data = {"email": cast["owner"].email, "name": "Again"}
    response = cast.client("admin").post("/admin/users/new", data=data)
    assert response.status_code == 422
    assert "There is already an account" in response.text
    assert 'id="email-error"' in response.text


def test_a_reset_shows_the_password_and_ends_sessions(cast):
    operator = cast.client("operator")
    url = f"/admin/users/{cast['operator'].id}/reset-password"
    password = shown_password(cast.client("admin").post(url).text)
    assert operator.get("/account").status_code == 302
    with cast.app.app_context():
        assert passwords.matches(the_user(cast, cast["operator"].email), password)


def test_the_last_administrator_is_told_why_not(cast):
    admin = cast.client("admin")
    response = admin.post(f"/admin/users/{cast['admin'].id}/remove-admin", follow_redirects=True)
    assert "is the last active administrator" in response.text
    with cast.app.app_context():
        assert the_user(cast, cast["admin"].email).is_admin


def test_users_are_searched_and_filtered(cast):
    admin = cast.client("admin")
    admin.post(f"/admin/users/{cast['outsider'].id}/deactivate")
    inactive = admin.get("/admin/users?state=inactive").text
    assert "outsider@opsapp.test" in inactive
    assert "owner@opsapp.test" not in inactive
    assert "owner@opsapp.test" in admin.get("/admin/users?q=OWNER").text
    assert "No user matches" in admin.get("/admin/users?q=%25").text


def test_unknown_users_are_not_found(cast):
    admin = cast.client("admin")
    assert admin.get("/admin/users/999").status_code == 404
    assert admin.post("/admin/users/999/deactivate").status_code == 404


def test_the_trail_is_paged_without_losing_the_filter(cast):
    with cast.app.app_context(), write() as session:
        for number in range(60):
            record(session, Actor("ana@demo.test"), "tenant.changed", f"line {number:02}")
    admin = cast.client("admin")
    first = admin.get("/admin/audit?actor=ana").text
    assert "line 59" in first
    assert "line 09" not in first
    older = re.search(r'href="(/admin/audit\?[^"]*after=\d+[^"]*)"', first)[1]
    second = admin.get(older.replace("&amp;", "&")).text
    assert "actor=ana" in older
    assert "line 09" in second
    assert "line 59" not in second


def test_what_people_typed_is_text_in_the_trail(cast):
    with cast.app.app_context(), write() as session:
        record(session, Actor("<b>x</b>"), "tenant.changed", "<script>", data={"<i>": "<u>"})
    page = cast.client("admin").get("/admin/audit").text
    for markup in ("<b>x</b>", "<script>", "<i>", "<u>"):
        assert markup not in page.partition("<main")[2]
