"""Pausing and resuming from the browser and the shell, and the banners meanwhile."""

import json

import pytest

from opsapp.models import AuditEvent, Hold, OperationRun, Pause, RunStatus, Tenant
from opsapp.models.base import write
from tests.support.page_parts import LIST, words

QUEUE = "/monitoring/queue"
OVERVIEW = "/tenants/contoso/"
SETTINGS = "/tenants/contoso/settings"
PAUSE_TENANT, RESUME_TENANT = "/tenants/contoso/runs/pause", "/tenants/contoso/runs/resume"
BANNER = "By Ana Ferreira since"


@pytest.fixture
def queue_url(redis_url):
    return redis_url


def banners(page, path: str, role: str) -> list[str]:
    return [words(note) for note in page(path, role).select(".notice") if BANNER in note.text]


class TestQueue:
    def test_an_administrator_pauses_and_resumes(self, cast, page, ledger):
        run = ledger.run(RunStatus.QUEUED)
        client = cast.client("admin")
        answer = client.post(f"{QUEUE}/pause", data={"reason": "maintenance"})

        assert (answer.status_code, answer.location) == (303, QUEUE)
        assert [row.hold for row in ledger.all(OperationRun)] == [Hold.PAUSED]
        assert "maintenance" in words(page(QUEUE, "admin").select_one("#queue .notice"))
        client.post(f"{QUEUE}/resume")
        (held,) = ledger.all(OperationRun)
        assert (held.id, held.hold) == (run, None)
        actions = [row.action for row in ledger.all(AuditEvent)]
        assert actions == ["queue.paused", "queue.resumed"]

    def test_a_pause_wants_a_reason(self, cast, page, ledger):
        client = cast.client("admin")
        client.post(f"{QUEUE}/pause", data={"reason": "  "})

        assert ledger.all(Pause) == []
        assert "Say why" in client.get("/notifications").text

    def test_the_button_asks_for_it(self, page):
        dialog = page(QUEUE, "admin").select_one("#pause-queue")

        assert dialog.form["action"] == f"{QUEUE}/pause"
        assert dialog.select_one("input[name=reason]").has_attr("required")

    def test_while_paused_the_button_resumes(self, page, ledger):
        ledger.pause("maintenance", whole_queue=True)
        shown = page(QUEUE, "admin")

        assert shown.select_one("#pause-queue") is None
        assert shown.select_one(f"form[action='{QUEUE}/resume']")


class TestTenant:
    def test_an_owner_pauses_from_the_settings(self, cast, page, ledger):
        dialog = page(SETTINGS, "owner").select_one("#pause-tenant")
        assert dialog.form["action"] == PAUSE_TENANT
        fields = {one["name"]: one.get("value", "audit") for one in dialog.select("input")}
        answer = cast.client("owner").post(PAUSE_TENANT, data=fields)

        assert answer.location == f"{SETTINGS}#pause"
        (pause,) = ledger.all(Pause)
        assert (pause.tenant_id, pause.reason) == (cast.tenant_id, "audit")
        assert "Paused by Owner Person" in words(page(SETTINGS, "owner").select_one("#pause"))
        cast.client("owner").post(RESUME_TENANT)
        assert ledger.all(Pause)[0].lifted_by == "Owner Person"

    def test_a_manager_is_not_offered_it(self, page):
        assert page(SETTINGS, "manager").select_one("#pause") is None

    def test_what_is_not_paused_is_not_resumed(self, cast):
        client = cast.client("owner")
        client.post(RESUME_TENANT)

        assert "Contoso is not paused." in client.get("/notifications").text


class TestBanners:
    def test_who_sees_what(self, app, page, ledger):
        ledger.pause("maintenance", whole_queue=True)
        ledger.pause("audit")

        for path, role, shown in (
            (LIST, "readonly", 2),
            (LIST, "outsider", 1),
            (OVERVIEW, "readonly", 2),
            (QUEUE, "admin", 2),
        ):
            assert len(banners(page, path, role)) == shown, (path, role)
        first, second = banners(page, OVERVIEW, "readonly")
        assert first.startswith("The queue is paused By Ana Ferreira since ")
        assert second.startswith("Runs of Contoso are paused By Ana Ferreira since ")
        assert "audit" in second

    def test_who_may_resume_it_gets_the_button(self, page, ledger):
        ledger.pause("maintenance", whole_queue=True)
        ledger.pause("audit")

        def targets(role):
            return [form["action"] for form in page(LIST, role).select(".notice form")]

        assert targets("operator") == []
        assert targets("owner") == [RESUME_TENANT]
        assert targets("admin") == [f"{QUEUE}/resume", RESUME_TENANT]
        assert "An administrator can resume it." in banners(page, LIST, "operator")[0]

    def test_without_a_pause_there_is_none(self, page, ledger):
        assert banners(page, LIST, "admin") + banners(page, QUEUE, "admin") == []

    def test_another_tenants_pause_is_not_seen(self, app, page, ledger):
        with app.app_context(), write() as session:
            other = Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36)
            session.add(other)
            session.flush()
            session.add(
                Pause(tenant_id=other.id, scope=other.id, reason="x", paused_by="Ana Ferreira")
            )

        assert banners(page, LIST, "operator") == []
        assert len(banners(page, LIST, "admin")) == 1


class TestShell:
    @pytest.fixture
    def flask(self, runner, cast):
        def flask(*arguments: str, role: str | None = None):
            acting = ["--as", cast[role].email] if role else []
            return runner.invoke(args=[*arguments, *acting])

        return flask

    def test_the_queue(self, flask, ledger):
        made = json.loads(flask("queue", "pause", "--reason", "maintenance", "--json").stdout)
        again = flask("queue", "pause", "--reason", "more")
        lifted = json.loads(flask("queue", "resume", "--json").stdout)

        assert (made["tenant"], made["reason"], made["paused_by"], made["lifted_at"]) == (
            None,
            "maintenance",
            "System (CLI)",
            None,
        )
        assert (again.exit_code, "paused already" in again.stderr) == (1, True)
        assert lifted["lifted_by"] == "System (CLI)"
        assert flask("queue", "resume").exit_code == 1

    def test_a_tenant(self, flask, ledger):
        made = json.loads(
            flask("tenants", "pause", "contoso", "--reason", "audit", "--json", role="owner").stdout
        )
        lifted = json.loads(flask("tenants", "resume-runs", "contoso", "--json").stdout)

        assert (made["tenant"], made["paused_by"]) == ("contoso", "Owner Person")
        assert lifted["lifted_at"] is not None

    @pytest.mark.parametrize(
        ("arguments", "role"),
        [
            (("queue", "pause", "--reason", "x"), "owner"),
            (("queue", "resume"), "owner"),
            (("tenants", "pause", "contoso", "--reason", "x"), "manager"),
            (("tenants", "resume-runs", "contoso"), "manager"),
            (("tenants", "pause", "contoso", "--reason", "x"), "outsider"),
        ],
    )
    def test_only_for_those_who_may(self, flask, ledger, arguments, role):
        assert flask(*arguments, role=role).exit_code == 1
        assert ledger.all(Pause) == []

    def test_a_reason_is_wanted(self, flask, ledger):
        assert flask("queue", "pause").exit_code == 2


class TestOnBothDatabases:
    @pytest.fixture
    def database_url(self, any_database):
        return any_database

    def test_every_question_is_understood(self, cast, page, ledger):
        cast.client("admin").post(f"{QUEUE}/pause", data={"reason": "maintenance"})
        cast.client("owner").post(PAUSE_TENANT, data={"reason": "audit"})

        for path in (LIST, OVERVIEW, QUEUE):
            shown = page(path, "admin").text
            assert "The queue is paused" in shown
            assert "Runs of Contoso are paused" in shown
