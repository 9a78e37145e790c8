"""Keyset paging and the audit trail's filters."""

import pytest

from opsapp.audit import CLI, Actor, record
from opsapp.models import Tenant
from opsapp.models.base import write
from opsapp.services import audit
from opsapp.services.audit import AuditFilter
from opsapp.services.paging import Cursor, page_of

NAMES = ["b", "a", "b", "c", "a", "d", "b"]


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def rows(app_context):
    with write() as session:
        for number, name in enumerate(NAMES):
            session.add(Tenant(slug=f"t{number}", name=name, entra_tenant_id=f"{number:036}"))


def page(cursor, *, descending=False, size=3):
    import sqlalchemy as sa

    return page_of(sa.select(Tenant), Tenant, Tenant.name, cursor, descending=descending, size=size)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10])
def test_walking_forth_and_back_shows_every_row_once(descending, size):
    expected = sorted(range(len(NAMES)), key=lambda number: (NAMES[number], number))
    slugs = [f"t{number}" for number in (reversed(expected) if descending else expected)]
    forth, found = [], page(Cursor(), descending=descending, size=size)
    assert found.before is None
    pages = [found]
    while found.after is not None:
        found = page(Cursor(after=found.after), descending=descending, size=size)
        pages.append(found)
    forth = [row.slug for part in pages for row in part.rows]
    assert forth == slugs
    back = [[row.slug for row in found.rows]]
    while found.before is not None:
        found = page(Cursor(before=found.before), descending=descending, size=size)
        back.insert(0, [row.slug for row in found.rows])
    assert [slug for part in back for slug in part] == slugs


@pytest.mark.usefixtures("rows")
def test_a_cursor_that_points_nowhere_is_the_beginning():
    for cursor in (Cursor(after=999), Cursor(before=999)):
        assert [row.name for row in page(cursor).rows] == ["a", "a", "b"]


@pytest.mark.usefixtures("app_context")
def test_an_empty_list_has_no_neighbours():
    found = page(Cursor())
    assert (list(found.rows), found.before, found.after) == ([], None, None)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("chosen", "subjects"),
    [
        (AuditFilter(), ["100%", "three", "two", "one"]),
        (AuditFilter(actor="ANA@"), ["100%", "two"]),
        (AuditFilter(action="tenant.resumed"), ["two"]),
        (AuditFilter(tenant="t1"), ["three"]),
        (AuditFilter(tenant="missing"), []),
        (AuditFilter(subject="0%"), ["100%"]),
        (AuditFilter(subject="%"), ["100%"]),
        (AuditFilter(subject="_"), []),
    ],
)
def test_the_trail_is_filtered_newest_first(chosen, subjects):
    ana = Actor("ana@demo.test")
    with write() as session:
        tenant = session.query(Tenant).filter_by(slug="t1").one()
        record(session, CLI, "tenant.suspended", "one")
        record(session, ana, "tenant.resumed", "two")
        record(session, CLI, "tenant.suspended", "three", tenant=tenant)
        record(session, ana, "tenant.suspended", "100%")
    found = audit.browse(chosen, Cursor())
    assert [event.subject for event in found.rows] == subjects
    assert set(audit.tenant_slugs(found.rows).values()) == (
        {"t1"} if "three" in subjects else set()
    )
