"""``flask runs`` as scripts use it: data, errors, exit codes, and whose rights count."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from opsapp.cli import runs as cli
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import (
    ItemResult,
    OperationRun,
    OperationRunItem,
    RunOutcome,
    RunStatus,
    Tenant,
    User,
)
from opsapp.models.base import write
from opsapp.operations import REGISTRY
from opsapp.runs.claiming import claim
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import finalize
from tests.support.inventory_rows import add_tenant
from tests.support.ledger_rows import Ledger
from tests.support.processes import wait_until
from tests.support.run_looks import lose_redis

START = ["runs", "start", "inventory.sync", "--tenant", "contoso"]
VERIFY = ["runs", "start", "tenant.verify", "--tenant", "contoso"]
OUTLOOK_KEYS = {
    "cancel_requested_by", "cancel_reason", "waits_for", "estimate", "open", "repaired", "lineage",
}  # fmt: skip
TIMES = {
    "created_at", "dispatched_at", "started_at", "completed_at", "not_before",
    "cancel_requested_at",
}  # fmt: skip
RUN_KEYS = TIMES | {
    "id", "tenant", "type", "status", "outcome", "reason_code", "hold", "initiator_name",
    "summary_counts", "failure_summary", "attempt", "retry_of_id",
}  # fmt: skip
NO_NUMBER = "99999999999999999999999"
RESULTS = {
    0: RunResult(RunOutcome.SUCCEEDED),
    3: RunResult(RunOutcome.PARTIALLY_SUCCEEDED, "run.partial"),
    4: RunResult.failed("worker.lost"),
    5: RunResult.cancelled(),
}


@pytest.fixture
def queue_url(redis_url: str) -> str:
    return redis_url


def assert_refused(result, words: str, code: int = 1) -> None:
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert words in result.stderr
    if code == 1:
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith("Error: ")


def rows(app) -> list[OperationRun]:
    with app.app_context():
        return list(db.session.scalars(sa.select(OperationRun).order_by(OperationRun.id)))


@contextmanager
def meanwhile(app, action: Callable[[OperationRun], object]) -> Iterator[None]:
    """Does something to the newest active run as soon as there is one, on another connection."""

    def active() -> OperationRun | None:
        db.session.rollback()
        return db.session.scalar(
            sa.select(OperationRun).where(OperationRun.status != RunStatus.COMPLETED)
        )

    def act() -> None:
        with app.app_context():
            wait_until(active, seconds=30)
            action(active())

    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join()


class TestStart:
    def test_a_run_is_started(self, app, data):
        run = data(*START)
        assert set(run) == RUN_KEYS | {"created"}
        assert run["created"] is True
        assert (run["tenant"], run["type"], run["attempt"]) == ("contoso", "inventory.sync", 1)
        assert (run["status"], run["outcome"], run["reason_code"]) == ("queued", "pending", None)
        assert run["initiator_name"] == "System (CLI)"
        assert run["dispatched_at"].endswith("Z")
        assert [row.id for row in rows(app)] == [run["id"]]

    def test_it_joins_an_active_run(self, data):
        first = data(*START, role="operator")
        second = data(*START, role="manager")
        assert second["id"] == first["id"]
        assert second["created"] is False
        assert second["initiator_name"] == "Operator Person"

    def test_inputs(self, app, data):
        data(*START, "--input", "types=namedLocations,deviceConfigurations")
        assert rows(app)[0].inputs == {"types": ["deviceConfigurations", "namedLocations"]}

    def test_an_input_given_twice_is_a_list(self, app, data):
        inputs = ["--input", "types=namedLocations", "--input", "types=deviceConfigurations"]
        data(*START, *inputs)
        assert rows(app)[0].inputs == {"types": ["deviceConfigurations", "namedLocations"]}

    def test_the_initiator(self, app, cast, data):
        assert data(*START, role="operator")["initiator_name"] == "Operator Person"
        assert rows(app)[0].user_id == cast["operator"].id
        data(*VERIFY)
        assert rows(app)[1].user_id is None

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([*START, "--as", "readonly@opsapp.test"], "You may not start"),
            ([*START, "--as", "outsider@opsapp.test"], "There is no tenant"),
            ([*START, "--as", "nobody@opsapp.test"], "There is no account"),
            ([*START[:-1], "nowhere"], "There is no tenant"),
            ([*START, "--input", "types=nonsense"], "Unknown policy type: nonsense"),
            ([*START, "--input", "types=\udcff"], "Unknown policy type"),
            ([*START, "--input", "colour=red"], "colour"),
            ([*VERIFY, "--input", "=x"], "takes no inputs"),
        ],
        ids=lambda value: ascii(value[-1]) if isinstance(value, list) else "",
    )
    def test_refusals(self, app, flask, arguments, words):
        assert_refused(flask(*arguments, "--json"), words)
        assert rows(app) == []

    @pytest.mark.parametrize(
        "arguments",
        [
            START[:3],
            ["runs", "start", "--tenant", "contoso"],
            ["runs", "start", "no.such.type", "--tenant", "contoso"],
            [*START, "--input", "types"],
            [*START, "--wait", "-1"],
            [*START, "--wait", "soon"],
        ],
        ids=" ".join,
    )
    def test_bad_usage(self, app, flask, arguments):
        assert_refused(flask(*arguments, "--json"), "Error", code=2)
        assert rows(app) == []

    def test_in_a_suspended_tenant(self, app, cast, flask):
        with app.app_context(), write() as session:
            session.get_one(Tenant, cast.tenant_id).suspended_at = utcnow()
        assert_refused(flask(*START), "Contoso is suspended")

    def test_as_somebody_deactivated(self, app, cast, flask):
        with app.app_context(), write() as session:
            session.get_one(User, cast["manager"].id).is_active = False
        assert_refused(flask(*START, role="manager"), "deactivated")

    def test_when_redis_is_unreachable(self, app, data, tmp_path):
        lose_redis(app, tmp_path)
        run = data(*START, code=4)
        assert (run["status"], run["outcome"]) == ("completed", "failed")
        assert run["reason_code"] == "queue.dispatch_failed"
        [failure] = run["failure_summary"]
        assert failure["code"] == "queue.dispatch_failed"
        assert data(*START, "--wait", "60", code=4)["id"] != run["id"]

    def test_for_people(self, flask):
        lines = flask(*START).stdout.splitlines()
        assert lines[0] == "Sync inventory of Contoso is queued."
        assert dict(line.split(maxsplit=1) for line in lines[1:])["created"] == "yes"


class TestWait:
    @pytest.mark.parametrize("code", RESULTS)
    def test_until_it_ends(self, app, data, monkeypatch, code):
        monkeypatch.setattr(cli, "POLL_SECONDS", 0.01)
        with meanwhile(app, lambda run: finalize(run.id, RESULTS[code])):
            run = data(*START, "--wait", "60", code=code)
        assert run["status"] == "completed"
        assert run["outcome"] == RESULTS[code].outcome
        assert run["created"] is True

    def test_when_the_time_is_up(self, data):
        assert data(*START, "--wait", "0.01", code=6)["status"] == "queued"
        for none in ("0", "nan"):
            assert data(*START, "--wait", none, code=6)["created"] is False

    def test_without_it_nothing_is_waited_for(self, data):
        assert data(*START)["outcome"] == "pending"

    def test_for_a_cancel(self, app, make, data, monkeypatch):
        monkeypatch.setattr(cli, "POLL_SECONDS", 0.01)
        run_id = make()
        _claim(app, run_id)

        def stop(run: OperationRun) -> None:
            wait_until(lambda: db.session.rollback() or run.cancel_requested_at)
            finalize(run.id, RunResult.cancelled())

        with meanwhile(app, stop):
            run = data("runs", "cancel", run_id, "--wait", "60", code=5)
        assert run["reason_code"] == "run.cancelled_by_user"

    def test_for_a_retry(self, app, ledger, data, monkeypatch):
        monkeypatch.setattr(cli, "POLL_SECONDS", 0.01)
        with meanwhile(app, lambda run: finalize(run.id, RESULTS[3])):
            data("runs", "retry", ledger.run(), "--wait", "60", code=3)


class TestList:
    def test_the_newest_first(self, ledger, data):
        ids = [ledger.run(state) for state in (RunOutcome.SUCCEEDED, RunStatus.QUEUED)]
        listed = data("runs", "list")
        assert [run["id"] for run in listed] == ids[::-1]
        assert all(set(run) == RUN_KEYS for run in listed)
        assert listed[1]["completed_at"].endswith("Z")

    def test_none(self, flask, data):
        assert data("runs", "list") == []
        result = flask("runs", "list")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No runs.\n")

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ([], "done failed running verify ancient elsewhere"),
            (["--status", "running"], "running"),
            (["--outcome", "failed"], "failed"),
            (["--outcome", "pending"], "running"),
            (["--status", "completed", "--outcome", "succeeded"], "done verify ancient elsewhere"),
            (["--status", "running", "--outcome", "succeeded"], ""),
            (["--type", "tenant.verify"], "verify"),
            (["--type", "no.longer.known"], "ancient"),
            (["--type", "directory_groups.sync"], ""),
            (["--tenant", "fabrikam"], "elsewhere"),
            (["--tenant", "contoso", "--type", "inventory.sync", "--limit", "1"], "running"),
        ],
        ids=" ".join,
    )
    def test_filters(self, app, ledger, data, options, expected):
        made = {
            "done": ledger.run(),
            "failed": ledger.run(RunOutcome.FAILED),
            "running": ledger.run(RunStatus.RUNNING),
            "verify": ledger.run(type="tenant.verify"),
            "ancient": ledger.run(type="no.longer.known"),
            "elsewhere": Ledger(app, add_tenant(app, "fabrikam").tenant_id).run(),
        }
        listed = {run["id"] for run in data("runs", "list", *options)}
        assert listed == {made[name] for name in expected.split()}

    def test_a_type_that_no_run_ever_had_is_bad_usage(self, ledger, flask):
        ledger.run(type="no.longer.known", age=timedelta(days=400))
        result = flask("runs", "list", "--type", "bogus\x1b", "--json")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "“bogus\ufffd” is neither one of backup_schedule.retry, " in result.stderr
        assert flask("runs", "list", "--type", "\udcff").exit_code == 2
        assert flask("runs", "list", "--type", "no.longer.known").exit_code == 0
        outsider = flask("runs", "list", "--type", "no.longer.known", role="outsider")
        assert outsider.exit_code == 2

    @pytest.mark.parametrize(
        ("since", "expected"),
        [
            ("", [40, 10, 1]),
            ("90m", [1]),
            ("2h", [1]),
            ("24h", [10, 1]),
            ("2d", [40, 10, 1]),
            ("31d", [730, 40, 10, 1]),
            ("9999d", [9000, 730, 40, 10, 1]),
            ("0d", []),
            ("2000-01-01", [9000, 730, 40, 10, 1]),
            ("2000-01-01T12:00:00+02:00", [9000, 730, 40, 10, 1]),
            ("9999-12-31", []),
            ("0001-01-01", [9000, 730, 40, 10, 1]),
        ],
    )
    def test_since(self, ledger, data, since, expected):
        hours = {ledger.run(age=timedelta(hours=h)): h for h in (9000, 730, 40, 10, 1)}
        options = ["--since", since] if since else []
        listed = data("runs", "list", *options)
        assert sorted(hours[run["id"]] for run in listed) == sorted(expected)

    def test_a_day_starts_in_utc(self, ledger, data):
        ledger.run(age=timedelta(hours=1))
        moment = utcnow() - timedelta(hours=1)
        before, after = moment - timedelta(minutes=1), moment + timedelta(minutes=1)
        naive = "%Y-%m-%dT%H:%M:%S"
        assert len(data("runs", "list", "--since", before.strftime(naive))) == 1
        assert len(data("runs", "list", "--since", after.strftime(naive))) == 0

    @pytest.mark.parametrize(
        "since",
        [
            "yesterday", "7", "7w", "d", "-7d", "1.5h", "²d", "2000-13-01", "99999999999999999d",
            "9" * 5000 + "m", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        ],
        ids=lambda value: value[:30],
    )  # fmt: skip
    def test_since_nonsense(self, flask, since):
        assert_refused(flask("runs", "list", "--json", "--since", since), "--since", code=2)

    @pytest.mark.parametrize(
        "options",
        [["--status", "done"], ["--outcome", "good"], ["--limit", "0"], ["--limit", "x"]],
        ids=" ".join,
    )
    def test_bad_usage(self, flask, options):
        assert_refused(flask("runs", "list", "--json", *options), options[0], code=2)

    def test_only_what_one_may_see(self, app, ledger, data, flask):
        mine = ledger.run()
        other = Ledger(app, add_tenant(app, "fabrikam").tenant_id).run()
        assert [run["id"] for run in data("runs", "list")] == [other, mine]
        assert [run["id"] for run in data("runs", "list", role="admin")] == [other, mine]
        assert [run["id"] for run in data("runs", "list", role="readonly")] == [mine]
        assert data("runs", "list", role="outsider") == []
        assert_refused(flask("runs", "list", "--tenant", "fabrikam", role="owner"), "no tenant")
        assert_refused(flask("runs", "list", "--tenant", "nowhere"), "no tenant")

    def test_for_people(self, ledger, flask):
        run_id = ledger.run(RunOutcome.FAILED)
        header, row = flask("runs", "list").stdout.splitlines()
        assert header.split()[:4] == ["ID", "TENANT", "TYPE", "STATUS"]
        assert row.split()[:6] == [
            *(str(run_id), "contoso", "inventory.sync", "completed", "failed", "worker.lost"),
        ]


class TestShow:
    def test_with_items_and_events(self, ledger, data):
        item = OperationRunItem(
            kind="thing",
            key="1",
            name="One",
            result=ItemResult.FAILED,
            reason_code="graph.conflict",
            message="Changed.",
            request_id="r-1",
            duration_ms=17,
        )
        run_id = ledger.run(RunOutcome.FAILED, items=[item], events=[("created", "Created.")])
        shown = data("runs", "show", run_id)
        assert set(shown) == RUN_KEYS | {"inputs", "items", "events"} | OUTLOOK_KEYS
        assert shown["items"] == [
            {
                "kind": "thing",
                "key": "1",
                "name": "One",
                "result": "failed",
                "reason_code": "graph.conflict",
                "message": "Changed.",
                "request_id": "r-1",
                "policy_id": None,
                "reason_class": "permanent",
                "duration_ms": 17,
            }
        ]
        assert {"at", "kind", "actor", "message"} == set(shown["events"][0])
        assert shown["events"][0]["message"] == "Created."

    def test_for_people(self, ledger, flask):
        lines = flask("runs", "show", ledger.run(RunOutcome.FAILED)).stdout.splitlines()
        assert lines[0].startswith("Sync inventory of Contoso failed: ")
        assert dict(line.split(maxsplit=1) for line in lines[1:])["reason_code"] == "worker.lost"

    def test_a_message_cannot_make_the_terminal_do_things(self, ledger, flask, data):
        failures = [{"code": "worker.lost", "message": "\x1b[2J", "count": 1}]
        run_id = ledger.run(RunOutcome.FAILED, failure_summary=failures)
        assert "\x1b" not in flask("runs", "show", run_id).stdout
        assert data("runs", "show", run_id)["failure_summary"] == failures

    def test_those_of_others_do_not_exist(self, ledger, flask, data):
        run_id = ledger.run()
        assert data("runs", "show", run_id, role="readonly")["id"] == run_id
        assert_refused(flask("runs", "show", run_id, role="outsider"), f"no run {run_id}")


class TestCancel:
    def test_a_queued_run(self, app, make, data):
        run = data("runs", "cancel", make())
        assert set(run) == RUN_KEYS
        assert (run["outcome"], run["reason_code"]) == ("cancelled", "run.cancelled_by_user")
        [row] = rows(app)
        assert row.completed_at is not None

    def test_a_running_run_is_asked(self, app, make, data):
        run_id = make()
        _claim(app, run_id)
        run = data("runs", "cancel", run_id)
        assert (run["status"], run["outcome"]) == ("running", "pending")
        assert run["cancel_requested_at"] is not None

    def test_ones_own(self, make, data):
        assert data("runs", "cancel", make("operator"), role="operator")["outcome"] == "cancelled"

    @pytest.mark.parametrize("starter", ["manager", None])
    def test_that_of_another_takes_a_manager(self, make, flask, data, starter):
        run_id = make(starter)
        assert_refused(flask("runs", "cancel", run_id, role="operator"), "You may not cancel")
        assert data("runs", "show", run_id)["status"] == "queued"
        assert data("runs", "cancel", run_id, role="manager")["outcome"] == "cancelled"

    def test_others_may_not(self, make, flask):
        run_id = make()
        assert_refused(flask("runs", "cancel", run_id, role="readonly"), "You may not cancel")
        assert_refused(flask("runs", "cancel", run_id, role="outsider"), "There is no run")

    def test_an_ended_run(self, ledger, flask):
        assert_refused(flask("runs", "cancel", ledger.run(), "--json"), "already ended")


class TestRetry:
    def test_the_same_again(self, ledger, data):
        first = ledger.run(RunOutcome.FAILED)
        again = data("runs", "retry", first, role="operator")
        assert set(again) == RUN_KEYS | {"created"}
        assert (again["created"], again["retry_of_id"]) == (True, first)
        assert again["initiator_name"] == "Operator Person"
        assert data("runs", "retry", first)["created"] is False

    def test_only_what_failed(self, ledger, data):
        item = OperationRunItem(
            kind="collection",
            key="namedLocations",
            result=ItemResult.FAILED,
            reason_code="graph.forbidden",
        )
        run_id = ledger.run(RunOutcome.FAILED, items=[item])
        again = data("runs", "retry", run_id, "--failed-only")
        (chosen,) = ledger.all_selected()
        assert (chosen.run_id, chosen.key) == (again["id"], "namedLocations")

    def test_refusals(self, app, ledger, make, flask):
        ended = ledger.run()
        refused = {
            "Nothing of this run is left to be retried": ["retry", ended, "--failed-only"],
            "The run is still active": ["retry", make()],
        }
        for words, arguments in refused.items():
            assert_refused(flask("runs", *arguments, "--json"), words)
        assert_refused(flask("runs", "retry", ended, role="readonly"), "You may not start")
        assert_refused(flask("runs", "retry", ended, role="outsider"), "There is no run")
        assert len(rows(app)) == 2

    def test_a_type_that_is_not_known_any_more(self, ledger, flask):
        assert "old.type" not in REGISTRY
        assert_refused(flask("runs", "retry", ledger.run(type="old.type")), "old.type")

    def test_when_redis_is_unreachable(self, app, ledger, data, tmp_path):
        lose_redis(app, tmp_path)
        again = data("runs", "retry", ledger.run(), code=4)
        assert again["reason_code"] == "queue.dispatch_failed"


@pytest.mark.parametrize("command", ["show", "cancel", "retry"])
@pytest.mark.parametrize(
    ("run_id", "code"), [("999", 1), ("0", 1), (NO_NUMBER, 2), ("x", 2), ("1.5", 2), ("", 2)]
)
def test_a_run_that_is_not_there(flask, command, run_id, code):
    assert_refused(flask("runs", command, run_id, "--json"), "Error", code)


class TestReconcile:
    def test_nothing_to_heal(self, flask, data):
        assert data("runs", "reconcile") == {}
        result = flask("runs", "reconcile")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Nothing to heal.\n")

    def test_without_redis_not_everything_was_looked_at(self, app, ledger, flask, tmp_path):
        lose_redis(app, tmp_path)
        now = utcnow()
        ledger.run(RunStatus.RUNNING, lease_expires_at=now, cancel_requested_at=now)
        result = flask("runs", "reconcile", "--json")
        assert (result.exit_code, json.loads(result.stdout)) == (1, {"lease_expired": 1})
        assert result.stderr.startswith("Error: Redis does not answer")

    def test_a_lost_worker(self, ledger, flask, data):
        now = utcnow()
        gone = {"lease_expires_at": now - timedelta(seconds=1), "cancel_requested_at": now}
        run_id = ledger.run(RunStatus.RUNNING, type="tenant.verify", **gone)
        assert data("runs", "reconcile") == {"lease_expired": 1}
        assert data("runs", "show", run_id)["outcome"] == "cancelled"
        ledger.run(RunStatus.RUNNING, type="tenant.verify", **gone)
        assert flask("runs", "reconcile").stdout.split() == ["lease_expired", "1"]


def _claim(app, run_id: int) -> None:
    with app.app_context():
        token = db.session.get_one(OperationRun, run_id).dispatch_token
        assert claim(run_id, token, "worker-1", utcnow() + timedelta(seconds=30))


def test_an_id_that_is_no_number_is_called_so(flask):
    refused = flask("runs", "show", "abc")
    assert refused.exit_code == 2
    assert "'abc' is not a valid integer." in refused.stderr
