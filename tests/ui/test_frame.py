"""What surrounds a page: tenant, navigation, unread count; with a constant number of queries."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import g, render_template_string

from opsapp.extensions import db
from opsapp.models import Membership, Notification, OperationRun, Role, Tenant
from opsapp.models.base import write
from opsapp.presenters.frame import TENANTS_IN_SWITCHER, Frame

PAGE = (
    "{% extends 'base.html' %}{% block title %}T{% endblock %}"
    "{% block content %}<h1>T</h1>{% endblock %}"
)


@contextmanager
def looking(app, cast, role, path="/", slug=None, base_url=None):
    """A request of that person, authorised for that tenant."""
    cookie = cast.client(role).get_cookie("session")
    headers = {"Cookie": f"session={cookie.value}"} if cookie else {}
    with app.test_request_context(path, base_url=base_url, headers=headers):
        if slug:
            g.tenant = db.session.scalars(sa.select(Tenant).where(Tenant.slug == slug)).one()
        yield Frame()


def labels(frame, group):
    return [item.label for one in frame.nav if one.title == group for item in one.items]


def add_tenants(app, cast, role, count):
    with app.app_context(), write() as session:
        for number in range(count):
            tenant = Tenant(
                slug=f"t{number:03}",
                name=f"Tenant {number:03}",
                entra_tenant_id=f"22222222-2222-4222-8222-{number:012}",
            )
            session.add(tenant)
            session.flush()
            session.add(Membership(tenant_id=tenant.id, user_id=cast[role].id, role=Role.OPERATOR))


def test_nobody_sees_nothing(app, cast):
    with looking(app, cast, "anonymous") as frame:
        assert frame.user is frame.tenant is None
        assert (frame.tenants, frame.unread) == ([], 0)


@pytest.mark.parametrize("role", ["readonly", "operator", "manager", "owner", "admin"])
def test_the_tenant_is_shown_with_the_viewers_role(app, cast, role):
    with looking(app, cast, role, "/tenants/contoso/policies", "contoso") as frame:
        assert (frame.tenant.name, frame.tenant.role) == ("Contoso", role)
        assert [tenant.slug for tenant in frame.tenants] == ["contoso"]
        settings = ["Settings"] if role in {"manager", "owner", "admin"} else []
        assert labels(frame, "Tenant") == [
            "Overview",
            "Policies",
            "Groups",
            "Backups",
            "Schedules",
            "Restores",
            *settings,
        ]


def test_an_outsider_has_no_tenants(app, cast):
    with looking(app, cast, "outsider") as frame:
        assert frame.tenants == []
        assert labels(frame, "Tenant") == []


def test_only_administrators_get_the_administration(app, cast):
    with looking(app, cast, "owner") as frame:
        owner = labels(frame, "Everywhere")
    with looking(app, cast, "admin") as frame:
        admin = labels(frame, "Everywhere")

    assert owner == ["Portfolio", "Policies", "Operations", "Notifications"]
    assert admin == [
        "Portfolio",
        "Policies",
        "Operations",
        "Queue",
        "Notifications",
        "Tenants",
        "Users",
        "Audit",
    ]


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", ["Portfolio"]),
        ("/tenants/contoso/", ["Overview"]),
        ("/tenants/contoso/policies", ["Policies"]),
        ("/tenants/contoso/policies/12", ["Policies"]),
        ("/tenants/contoso/settings", ["Settings"]),
        ("/monitoring/operations/5", ["Operations"]),
        ("/policies/compare", ["Policies"]),
        ("/monitoring/queue", ["Queue"]),
        ("/tenants/", ["Tenants"]),
        ("/admin/users/7", ["Users"]),
        ("/account", []),
    ],
)
def test_one_entry_is_the_current_place(app, cast, path, current):
    slug = "contoso" if "contoso" in path else None
    with looking(app, cast, "admin", path, slug) as frame:
        marked = [item.label for group in frame.nav for item in group.items if item.current]

    assert marked == current


def test_addresses_stay_below_the_prefix(app, cast):
    with looking(app, cast, "operator", base_url="http://localhost/ops") as frame:
        assert frame.tenants[0].url == "/ops/tenants/contoso/"
        assert all(item.url.startswith("/ops/") for group in frame.nav for item in group.items)


def test_unread_counts_the_viewers_own(app, cast):
    with app.app_context(), write() as session:
        run = OperationRun(
            tenant_id=cast.tenant_id,
            initiator_name="x",
            type="tenant.verify",
            run_identity_hash="h",
            dispatch_token="t",
        )
        session.add(run)
        session.flush()
        session.add_all(
            [
                Notification(
                    user_id=cast["operator"].id, run_id=run.id, kind="queued", title="Queued"
                ),
                Notification(
                    user_id=cast["owner"].id, run_id=run.id, kind="terminal", title="Ended"
                ),
            ]
        )
    with looking(app, cast, "operator") as frame:
        assert frame.unread == 1
    with looking(app, cast, "manager") as frame:
        assert frame.unread == 0


def test_many_tenants_cost_no_more_queries_than_one(app, cast):
    def queries():
        count = 0

        def counted(*_):
            nonlocal count
            count += 1

        with looking(app, cast, "operator", "/tenants/contoso/", "contoso"):
            engine = db.engine
            sa.event.listen(engine, "before_cursor_execute", counted)
            try:
                page = render_template_string(PAGE)
            finally:
                sa.event.remove(engine, "before_cursor_execute", counted)
        choices = BeautifulSoup(page, "html5lib").select("#tenant-choices li")
        return count, len(choices)

    few = queries()
    add_tenants(app, cast, "operator", TENANTS_IN_SWITCHER + 10)
    many = queries()

    assert few[1] == 1
    assert many[1] == TENANTS_IN_SWITCHER
    assert many[0] == few[0] <= 4


def test_a_production_tenant_is_marked(app, cast):
    with app.app_context(), write() as session:
        session.get_one(Tenant, cast.tenant_id).is_production = True

    with looking(app, cast, "operator", "/tenants/contoso/", "contoso"):
        page = BeautifulSoup(render_template_string(PAGE), "html5lib")
    assert page.body["class"] == ["production"]
    assert "Production" in page.select_one(".switcher summary").text

    with looking(app, cast, "operator"):
        page = BeautifulSoup(render_template_string(PAGE), "html5lib")
    assert not page.body.get("class")


def test_names_are_text_not_markup(app, cast):
    with app.app_context(), write() as session:
        session.get_one(Tenant, cast.tenant_id).name = "<b>Contoso</b>"

    with looking(app, cast, "operator", "/tenants/contoso/", "contoso"):
        assert "<b>Contoso</b>" not in render_template_string(PAGE)
