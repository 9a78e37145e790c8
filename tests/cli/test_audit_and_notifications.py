"""``flask audit`` and ``flask notifications`` as scripts use them."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from opsapp.database import utcnow
from opsapp.models import AuditEvent, Channel, Notification
from opsapp.models.base import write
from tests.support.deliveries import Deliveries
from tests.support.ledger_rows import FAILED

OPERATOR = ("--as", "operator@opsapp.test")


@pytest.fixture
def flask(runner):
    return lambda *arguments: runner.invoke(args=list(arguments))


def data_of(result):
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


@pytest.fixture
def trail(app, cast):
    lines = [
        ("ana@opsapp.test", "tenant.created", "contoso", 1),
        ("ana@opsapp.test", "tenant.changed", "contoso", 2),
        ("ben@opsapp.test", "user.created", "=cmd", 3),
    ]
    with app.app_context(), write() as session:
        session.add_all(
            AuditEvent(
                actor=actor,
                action=action,
                subject=subject,
                at=datetime(2026, 3, day, 12, tzinfo=UTC),
                tenant_id=cast.tenant_id if action.startswith("tenant.") else None,
            )
            for actor, action, subject, day in lines
        )


@pytest.mark.usefixtures("trail")
class TestAudit:
    @pytest.mark.parametrize(
        ("arguments", "days"),
        [
            ([], [3, 2, 1]),
            (["--limit", "1"], [3]),
            (["--actor", "ANA"], [2, 1]),
            (["--action", "tenant.created"], [1]),
            (["--tenant", "contoso"], [2, 1]),
            (["--subject", "=cmd"], [3]),
            (["--since", "2026-03-02"], [3, 2]),
            (["--until", "2026-03-02"], [2, 1]),
            (["--since", "2026-03-02", "--until", "2026-03-02", "--actor", "ben"], []),
        ],
    )
    def test_it_is_listed_newest_first(self, flask, arguments, days):
        rows = data_of(flask("audit", "list", "--json", *arguments))
        shown = [row for row in rows if row["at"].startswith("2026-03")]
        assert [int(row["at"][8:10]) for row in shown] == days
        assert all(row["at"].endswith("Z") for row in rows)

    def test_the_keys(self, flask):
        [row] = data_of(flask("audit", "list", "--json", "--action", "tenant.created"))
        assert list(row) == [
            *("id", "at", "actor", "user_id", "tenant"),
            *("action", "subject", "remote_addr", "data"),
        ]
        assert row["tenant"] == "contoso"

    def test_a_table_for_people(self, flask):
        shown = flask("audit", "list", "--actor", "ben").stdout
        assert "user.created" in shown
        assert "ACTOR" in shown

    def test_it_is_exported_oldest_first(self, flask):
        lines = flask("audit", "export", "--format", "jsonl", "--actor", "opsapp").stdout
        assert [json.loads(line)["at"][8:10] for line in lines.splitlines()] == ["01", "02", "03"]
        text = flask("audit", "export", "--format", "csv", "--actor", "ben").stdout
        [row] = csv.DictReader(io.StringIO(text))
        assert row["subject"] == "'=cmd"

    def test_the_export_is_recorded(self, flask):
        flask("audit", "export", "--format", "csv", "--actor", "ana")
        flask("audit", "export", "--format", "csv", "--as", "admin@opsapp.test")
        rows = data_of(flask("audit", "list", "--json", "--action", "audit.exported"))
        assert [row["actor"] for row in rows] == ["admin@opsapp.test", "System (CLI)"]
        assert rows[1]["data"] == {"actor": "ana"}

    @pytest.mark.parametrize("command", [["list"], ["export", "--format", "csv"]])
    def test_it_is_for_administrators(self, flask, command):
        result = flask("audit", *command, "--as", "owner@opsapp.test")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "Only administrators" in result.stderr
        assert flask("audit", *command, "--as", "admin@opsapp.test").exit_code == 0

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["list", "--tenant", "nowhere"], 1),
            (["list", "--action", "tenant.eaten"], 2),
            (["list", "--since", "yesterday"], 2),
            (["export"], 2),
            (["export", "--format", "xlsx"], 2),
        ],
    )
    def test_bad_usage(self, flask, arguments, code):
        assert flask("audit", *arguments).exit_code == code


class TestNotifications:
    @pytest.fixture
    def notes(self, app, cast, ledger):
        user_id = cast["operator"].id
        first = ledger.notification(user_id, ledger.run(FAILED, user_id=user_id), "It failed.")
        second = ledger.notification(user_id, ledger.run(user_id=user_id), "Fine.", read=True)
        other = cast["manager"].id
        ledger.notification(other, ledger.run(user_id=other), "Not yours.")
        with app.app_context(), write() as session:
            row = session.get_one(Notification, first)
            row.updated_title, row.updated_at = "Repaired.", utcnow()
        return first, second

    def test_they_are_ones_own_newest_first(self, flask, notes):
        rows = data_of(flask("notifications", "list", "--json", *OPERATOR))
        assert [row["id"] for row in rows] == [notes[1], notes[0]]
        assert list(rows[1]) == [
            *("id", "run_id", "tenant", "kind", "title", "updated_title", "updated_at"),
            *("status", "outcome", "created_at", "read_at"),
        ]
        assert (rows[1]["updated_title"], rows[0]["updated_title"]) == ("Repaired.", None)
        assert rows[1]["updated_at"].endswith("Z")
        assert (rows[1]["outcome"], rows[1]["tenant"]) == ("failed", "contoso")

    def test_the_unread_alone(self, flask, notes):
        rows = data_of(flask("notifications", "list", "--unread", "--json", *OPERATOR))
        assert [row["id"] for row in rows] == [notes[0]]
        assert "Repaired." in flask("notifications", "list", *OPERATOR).stdout

    def test_one_is_read(self, flask, notes):
        row = data_of(flask("notifications", "read", str(notes[0]), "--json", *OPERATOR))
        assert row["read_at"] is not None
        assert data_of(flask("notifications", "list", "--unread", "--json", *OPERATOR)) == []

    def test_all_are_read(self, flask, notes):
        assert data_of(flask("notifications", "read", "--all", "--json", *OPERATOR)) == {"read": 1}
        manager = ("--as", "manager@opsapp.test")
        assert len(data_of(flask("notifications", "list", "--unread", "--json", *manager))) == 1

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["list"], 2),
            (["list", "--as", "nobody@opsapp.test"], 1),
            (["read", *OPERATOR], 2),
            (["read", "1", "--all", *OPERATOR], 2),
            (["read", "999", *OPERATOR], 1),
            (["deliveries"], 2),
        ],
    )
    def test_bad_usage(self, flask, cast, arguments, code):
        assert flask("notifications", *arguments).exit_code == code

    def test_nobody_reads_anothers(self, flask, notes):
        owner = ("--as", "owner@opsapp.test")
        assert flask("notifications", "read", str(notes[0]), *owner).exit_code == 1

    def test_what_was_sent(self, flask, app, cast, ledger):
        deliveries = Deliveries(app, ledger, cast["operator"].id)
        run_id = ledger.run(FAILED, user_id=cast["operator"].id)
        deliveries.add(Channel.WEBHOOK, run_id=run_id, attempts=2, message="HTTP 503")
        deliveries.add(Channel.EMAIL)
        test, real = data_of(flask("notifications", "deliveries", "--json", *OPERATOR))
        assert (real["run_id"], real["channel"], real["state"]) == (run_id, "webhook", "pending")
        assert (real["attempts"], real["message"]) == (2, "HTTP 503")
        assert real["next_attempt_at"].endswith("Z")
        assert (test["run_id"], test["title"]) == (None, "Test message")
        assert "webhook" in flask("notifications", "deliveries", *OPERATOR).stdout
        nothing = flask("notifications", "deliveries", "--as", "owner@opsapp.test")
        assert (nothing.stdout, nothing.stderr) == ("", "Nothing sent yet.\n")
