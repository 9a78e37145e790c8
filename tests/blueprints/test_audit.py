"""The audit trail on its page and as a file; what is written there stays."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from opsapp.audit import Actor, record
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import AuditEvent, Tenant, User
from opsapp.models.base import write
from opsapp.services import audit, audit_export
from tests.support.page_parts import words

EXPORT = "/admin/audit/export"
COLUMNS = "id,at,actor,user_id,tenant,action,subject,remote_addr,data"


@pytest.fixture
def admin(cast):
    return cast.client("admin")


@pytest.fixture
def noted(app, cast):
    """Adds a line; what is given replaces what it says."""

    def add(subject="contoso", **values):
        defaults = {"actor": "ana@opsapp.test", "action": "tenant.changed", "subject": subject}
        with app.app_context(), write() as session:
            row = AuditEvent(**(defaults | values))
            session.add(row)
            session.flush()
            return row.id

    return add


def subjects(client, query=""):
    page = BeautifulSoup(client.get(f"/admin/audit{query}").data, "html.parser")
    return [words(row.select_one(".col-subject")) for row in page.select("tbody tr")]


def exported(client, **fields):
    answer = client.post(EXPORT, data=fields)
    assert answer.status_code == 200
    return answer


def csv_rows(answer):
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8"), newline="")))


def jsonl_rows(answer):
    return [json.loads(line) for line in answer.data.decode("utf-8").splitlines()]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestPeriod:
    @pytest.fixture(autouse=True)
    def lines(self, noted):
        for moment in ("2026-03-01T23:59:59", "2026-03-02T00:00", "2026-03-03T23:59:59.999999"):
            noted(moment, at=at(moment))
        noted("2026-03-04T00:00", at=at("2026-03-04T00:00"))

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("?subject=2026-03", 4),
            ("?subject=2026-03&since=2026-03-02", 3),
            ("?subject=2026-03&until=2026-03-03", 3),
            ("?subject=2026-03&since=2026-03-02&until=2026-03-03", 2),
            ("?subject=2026-03&since=2026-03-05", 0),
        ],
    )
    def test_both_days_are_part_of_it(self, admin, query, count):
        assert len(subjects(admin, query)) == count

    def test_days_are_the_viewers(self, admin, cast, app):
        with app.app_context(), write() as session:
            session.get_one(User, cast["admin"].id).timezone = "Asia/Tokyo"
        shown = subjects(admin, "?subject=2026-03&since=2026-03-02&until=2026-03-02")
        assert shown == ["2026-03-02T00:00", "2026-03-01T23:59:59"]

    @pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31"])
    def test_what_is_no_day_is_refused(self, admin, day):
        for name in ("since", "until"):
            assert admin.get(f"/admin/audit?{name}={day}").status_code == 400
            answer = admin.post(EXPORT, data={"format": "csv", name: day})
            assert answer.status_code == 400

    def test_the_period_is_kept_in_the_form_and_shown(self, admin):
        page = BeautifulSoup(admin.get("/admin/audit?since=2026-03-02").data, "html.parser")
        assert page.select_one("input[name=since][type=date]")["value"] == "2026-03-02"
        assert "Since 2026-03-02" in words(page.select_one(".chips"))

    def test_the_export_takes_what_the_page_shows(self, admin):
        page = BeautifulSoup(
            admin.get("/admin/audit?subject=2026-03&until=2026-03-02").data, "html.parser"
        )
        forms = page.select(f"form[action='{EXPORT}']")
        assert [words(form) for form in forms] == ["Export CSV", "Export JSON lines"]
        for form, rows_of in zip(forms, (csv_rows, jsonl_rows), strict=True):
            fields = {field["name"]: field["value"] for field in form.select("input")}
            taken = [row["subject"] for row in rows_of(exported(admin, **fields))]
            assert taken == ["2026-03-01T23:59:59", "2026-03-02T00:00"]


def test_a_csv_file(admin, noted, cast):
    line = noted(
        "Grüße, „x“\n日本",
        at=at("2026-03-02T10:11:12.5"),
        user_id=7,
        tenant_id=cast.tenant_id,
        remote_addr="192.0.2.1",
        data={"name": ["a", "b"]},
    )
    answer = exported(admin, format="csv", actor="ana")
    today = f"{utcnow():%Y-%m-%d}"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="opsapp-audit-{today}.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.decode().splitlines()[0] == COLUMNS
    assert csv_rows(answer) == [
        {
            "id": str(line),
            "at": "2026-03-02T10:11:12.500000Z",
            "actor": "ana@opsapp.test",
            "user_id": "7",
            "tenant": "contoso",
            "action": "tenant.changed",
            "subject": "Grüße, „x“\n日本",
            "remote_addr": "192.0.2.1",
            "data": '{"name": ["a", "b"]}',
        }
    ]


def test_a_file_of_json_lines(admin, noted):
    line = noted("Grüße\n2", at=at("2026-03-02T10:11:12"), data={"name": ["a", None]})
    answer = exported(admin, format="jsonl", actor="ana")
    assert answer.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert answer.headers["Content-Disposition"].endswith('.jsonl"')
    assert "Grüße" in answer.data.decode()
    [row] = jsonl_rows(answer)
    assert list(row) == COLUMNS.split(",")
    assert (row["id"], row["at"], row["tenant"]) == (line, "2026-03-02T10:11:12Z", None)
    assert row["data"] == {"name": ["a", None]}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "\uff201"]
)
def test_no_cell_is_a_formula(admin, noted, text):
    noted(text, actor=f"{text}ana", remote_addr=text, data={"x": text})
    [row] = csv_rows(exported(admin, format="csv", actor="ana"))
    assert row["subject"] == row["remote_addr"] == f"'{text}"
    assert row["actor"] == f"'{text}ana"
    assert json.loads(row["data"]) == {"x": text}  # begins with a brace
    [line] = jsonl_rows(exported(admin, format="jsonl", actor="ana"))
    assert line["subject"] == text


def test_the_export_is_recorded_and_not_in_itself(admin, noted, cast):
    noted()
    first = exported(admin, format="jsonl", actor="opsapp", since="2026-01-02")
    assert "audit.exported" not in first.data.decode()
    [line] = jsonl_rows(exported(admin, format="jsonl", action="audit.exported"))
    assert (line["actor"], line["subject"]) == (cast["admin"].email, "jsonl")
    assert line["data"] == {"actor": "opsapp", "since": "2026-01-02T00:00:00Z"}
    assert line["remote_addr"] == "127.0.0.1"


def test_nothing_that_fits_is_an_empty_file(admin):
    assert exported(admin, format="csv", actor="nobody").data.decode() == f"{COLUMNS}\r\n"
    assert exported(admin, format="jsonl", actor="nobody").data == b""


@pytest.mark.parametrize("form", ["", "xlsx", "../csv"])
def test_an_unknown_format_is_refused_and_not_recorded(admin, app, form):
    assert admin.post(EXPORT, data={"format": form}).status_code == 400
    with app.app_context():
        query = sa.select(AuditEvent.id).where(AuditEvent.action == "audit.exported")
        assert db.session.scalar(query) is None


def test_memory_does_not_grow_with_the_trail(app, monkeypatch):
    monkeypatch.setattr(audit_export, "BATCH", 50)
    line = {"actor": "ana", "action": "tenant.changed", "data": {"x": "y" * 1000}}

    def peak(count):
        with app.app_context():
            with write() as session:
                session.execute(sa.insert(AuditEvent), [line | {"subject": "s"}] * count)
            tracemalloc.start()
            for _piece in audit_export.export(Actor("x"), audit.AuditFilter(), "jsonl"):
                pass
            _, highest = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return highest

    peak(100)  # whatever is loaded once
    few = peak(100)
    assert peak(2000) < 2 * few


def test_only_administrators_export(cast, noted):
    noted()
    assert cast.client("owner").post(EXPORT, data={"format": "csv"}).status_code == 403


def test_the_period_is_not_narrower_than_its_days(app, noted):
    """A line of right now is in the period that begins and ends today."""
    noted("now")
    today = datetime.combine(utcnow().date(), datetime.min.time(), UTC)
    chosen = audit.AuditFilter(since=today - timedelta(days=1), until=today + timedelta(days=2))
    with app.app_context():
        assert "now" in [event.subject for event in audit.newest(chosen, 10)]


class TestOnBothDatabases:
    @pytest.fixture
    def database_url(self, any_database):
        return any_database

    def test_all_batches_in_order_and_in_pieces(self, app, admin, monkeypatch):
        monkeypatch.setattr(audit_export, "BATCH", 10)
        with app.app_context(), write() as session:
            for number in range(35):
                record(session, Actor("ana@opsapp.test"), "tenant.changed", f"line {number}")
        for form, rows_of in (("csv", csv_rows), ("jsonl", jsonl_rows)):
            rows = rows_of(exported(admin, format=form, actor="ana"))
            assert [row["subject"] for row in rows] == [f"line {number}" for number in range(35)]
        with app.app_context():
            pieces = audit_export.export(Actor("x"), audit.AuditFilter(actor="ana"), "csv")
            assert len(list(pieces)) == 4

    def test_what_is_added_meanwhile_is_left_out(self, app, noted, monkeypatch):
        monkeypatch.setattr(audit_export, "BATCH", 1)
        noted("first")
        noted("second")
        with app.app_context():
            pieces = audit_export.export(Actor("x"), audit.AuditFilter(actor="ana"), "jsonl")
            text = next(pieces)
            assert not db.session().in_transaction()
            noted("third")
            text += "".join(pieces)
        assert [json.loads(line)["subject"] for line in text.splitlines()] == ["first", "second"]

    def test_lines_outlive_their_person(self, app, admin, noted):
        with app.app_context(), write() as session:
            leaver = User(email="leaver@opsapp.test", name="Leaver")
            session.add(leaver)
            session.flush()
            user_id = leaver.id
        noted("kept", actor="leaver@opsapp.test", user_id=user_id)
        with app.app_context(), write() as session:
            session.execute(sa.delete(User).where(User.id == user_id))
        assert subjects(admin, "?actor=leaver") == ["kept"]
        [row] = jsonl_rows(exported(admin, format="jsonl", actor="leaver"))
        assert (row["user_id"], row["actor"]) == (user_id, "leaver@opsapp.test")
        [row] = csv_rows(exported(admin, format="csv", actor="leaver"))
        assert row["user_id"] == str(user_id)

    @pytest.mark.parametrize(
        "statement", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"]
    )
    def test_lines_are_only_ever_added(self, app, noted, statement):
        line = noted("stays")
        with app.app_context():
            with (
                pytest.raises(sa.exc.IntegrityError, match="append-only"),
                write() as session,
            ):
                session.execute(sa.text(statement))
            assert db.session.get_one(AuditEvent, line).subject == "stays"

    def test_a_tenant_is_filtered_by_its_short_name(self, admin, noted, app, cast):
        with app.app_context(), write() as session:
            other = Tenant(slug="fabrikam", name="F", entra_tenant_id="2" * 36)
            session.add(other)
            session.flush()
            other_id = other.id
        noted("here", tenant_id=cast.tenant_id)
        noted("there", tenant_id=other_id)
        rows = jsonl_rows(exported(admin, format="jsonl", tenant="fabrikam"))
        assert [(row["subject"], row["tenant"]) for row in rows] == [("there", "fabrikam")]
