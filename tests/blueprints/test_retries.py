"""Retrying what is open of a run: what is offered, what becomes of it, what is said of it later."""

import pytest
from bs4 import BeautifulSoup

from opsapp.models import ItemResult, OperationRun, RunSelection, RunStatus
from opsapp.operations.inventory_sync import InventorySync
from tests.support.ledger_rows import CANCELLED, FAILED, PARTIAL, SUCCEEDED, item
from tests.support.page_parts import LIST, run_page, words
from tests.support.queries import counted

FAIL, SKIP = ItemResult.FAILED, ItemResult.SKIPPED


def failed(*keys: str, code: str = "graph.throttled"):
    return [item(key, FAIL, reason_code=code) for key in keys]


def partial(ledger, *items, **values) -> int:
    return ledger.run(PARTIAL, summary_counts=ledger.counts(1, len(items)), items=items, **values)


def buttons(page: BeautifulSoup, where: str = ".page-actions") -> dict[str, dict[str, str]]:
    """The forms behind the buttons: their hidden fields by label."""
    return {
        words(form.button): {
            field["name"]: field["value"]
            for field in form.select("input[type=hidden]")
            if field["name"] != "csrf_token"
        }
        for form in page.select(f"{where} form")
    }


class TestOffer:
    def test_what_can_be_retried_and_what_needs_somebody_is_said(self, page, ledger):
        run = partial(ledger, *failed("a", "b", "c"), *failed("x", code="graph.forbidden"))
        shown = page(run_page(run))

        assert "3 can be retried, 1 needs you." in words(shown.select_one(".answer"))
        assert list(buttons(shown)) == ["Retry 3 failed", "Retry all"]

    def test_each_reason_has_its_own_retry(self, page, ledger):
        run = partial(ledger, *failed("a", "b"), *failed("x", code="graph.forbidden"))
        found = buttons(page(run_page(run)), ".col-hint")

        assert {label: fields["reason_code"] for label, fields in found.items()} == {
            "Retry these 2": "graph.throttled",
            "I mended it: retry this one": "graph.forbidden",
        }

    def test_nobody_else_can_retry(self, page, ledger):
        run = partial(ledger, *failed("a"))

        assert buttons(page(run_page(run), "readonly"), ".run-main") == {}

    def test_when_all_need_somebody_the_button_says_so(self, page, ledger):
        run = partial(ledger, *failed("x", "y", code="graph.forbidden"))
        shown = page(run_page(run))

        assert words(shown.select_one(".page-actions .action-why")) == (
            "2 items need somebody first: see the reasons"
        )
        assert list(buttons(shown)) == ["Retry all"]

    def test_while_a_retry_is_at_work_there_is_no_other(self, page, ledger):
        run = partial(ledger, *failed("a"))
        retry = ledger.run(RunStatus.RUNNING, retry_of_id=run, selection_hash="d" * 64)
        shown = page(run_page(run))

        assert [words(why) for why in shown.select(".page-actions .action-why")] == [
            f"Run {retry} is at work on this",
            f"Run {retry} is at work on this",
        ]
        assert buttons(shown, ".col-hint") == {}

    def test_what_a_cancelled_run_never_began_can_be_done(self, page, ledger):
        left = [item(str(number), SKIP, reason_code="item.not_attempted") for number in range(3)]
        run = ledger.run(CANCELLED, summary_counts=ledger.counts(5, 0, 3), items=left)

        assert list(buttons(page(run_page(run)))) == ["Do the other 3", "Retry all"]

    def test_what_may_have_happened_is_not_repeated_unseen(self, page, ledger, monkeypatch):
        monkeypatch.setattr(InventorySync, "writes", True)
        run = partial(ledger, *failed("u", code="item.effect_unknown"))
        shown = page(run_page(run))

        assert buttons(shown, ".col-hint") == {}
        assert "Verify first" in words(shown.select_one("td.col-hint"))

    def test_a_whole_run_of_unknown_effect_is_only_repeated_after_a_question(self, page, ledger):
        run = ledger.run(FAILED, reason_code="worker.killed", summary_counts=ledger.counts(7))
        shown = page(run_page(run))
        dialog = shown.select_one("#retry-run")

        assert buttons(shown) == {}
        assert words(shown.select_one(".page-actions [data-dialog=retry-run]")) == "Retry"
        assert "Part of it may have happened. 7 of 7 are known to be dealt with" in words(dialog)
        assert dialog.form["action"] == f"{run_page(run)}/retry"

    def test_a_run_that_failed_for_a_passing_reason_is_repeated_at_once(self, page, ledger):
        run = ledger.run(FAILED, reason_code="graph.unavailable")
        shown = page(run_page(run))

        assert list(buttons(shown)) == ["Retry"]
        assert shown.select_one("#retry-run") is None


class TestRetry:
    @pytest.fixture
    def queue_url(self, redis_url):
        return redis_url

    def press(self, cast, page, run: int, label: str, where: str = ".page-actions"):
        fields = buttons(page(run_page(run)), where)[label]
        return cast.client("operator").post(f"{run_page(run)}/retry", data=fields)

    def test_exactly_what_was_offered_is_given(self, cast, page, ledger):
        run = partial(ledger, *failed("a", "b"), *failed("x", code="graph.forbidden"))
        answer = self.press(cast, page, run, "Retry 2 failed")
        new = ledger.all(OperationRun)[-1]
        with cast.app.app_context():
            given = [row.key for row in RunSelection.query.filter_by(run_id=new.id)]

        assert answer.location == run_page(new.id)
        assert (new.retry_of_id, sorted(given)) == (run, ["a", "b"])

    def test_one_reason_alone(self, cast, page, ledger):
        run = partial(ledger, *failed("a", "b"), *failed("x", code="graph.forbidden"))
        self.press(cast, page, run, "I mended it: retry this one", ".col-hint")
        new = ledger.all(OperationRun)[-1]
        shown = page(run_page(new.id))
        given = shown.find("h2", string="A retry of what was open").find_parent("section")

        assert words(given.p) == f"Started for 1 item that stayed open in run {run}."
        assert given.p.a["href"] == run_page(run)
        assert "1: Microsoft Graph refused access. graph.forbidden" in words(given)
        assert "Policy x" in words(given.details)

    def test_an_offer_that_has_changed_is_refused(self, cast, page, ledger):
        run = partial(ledger, *failed("a", "b"))
        fields = buttons(page(run_page(run)))["Retry 2 failed"]
        ledger.run(SUCCEEDED, retry_of_id=run, selection_hash="e" * 64, items=[item("a")])
        client = cast.client("operator")
        answer = client.post(f"{run_page(run)}/retry", data=fields)

        assert answer.location == run_page(run)
        assert len(ledger.all(OperationRun)) == 2
        said = BeautifulSoup(client.get("/notifications").data, "html.parser")
        assert "has changed since you looked" in words(said.select_one(".flashes"))


class TestRepairs:
    def test_the_run_says_what_was_repaired_and_by_which(self, page, ledger):
        run = partial(ledger, *failed(*"abcd"))
        retry = ledger.run(
            SUCCEEDED, retry_of_id=run, selection_hash="f" * 64, items=[item("a"), item("b")]
        )
        ledger.repaired(run, retry, 2, 2)
        shown = page(run_page(run))
        note = shown.select_one(".notice")

        assert words(note) == (
            f"Partly repaired 4 failed, 2 since repaired, 2 open, as of run {retry}."
        )
        assert note.a["href"] == run_page(retry)
        states = {
            row.th.span.text: words(row.select_one(".col-result"))
            for row in shown.select("#items tbody tr")
        }
        assert states == {
            "Policy a": f"Failed Repaired run {retry}",
            "Policy b": f"Failed Repaired run {retry}",
            "Policy c": "Failed",
            "Policy d": "Failed",
        }
        assert words(shown.select_one("td.col-count")) == "4 2 open"

    def test_an_open_item_counts_under_the_reason_it_failed_for_last(self, page, ledger):
        run = partial(ledger, *failed("a", "b", "c"), *failed("x", code="graph.not_found"))
        retry = ledger.run(
            PARTIAL,
            retry_of_id=run,
            selection_hash="f" * 64,
            items=[item("a"), *failed("b", code="graph.forbidden"), item("x")],
        )
        ledger.repaired(run, retry, 2, 2)
        shown = page(run_page(run))
        table = shown.find("caption", string="Items that failed or were skipped, by reason").parent
        rows = {
            words(row.code): (words(row.select_one(".col-count")), row.button and words(row.button))
            for row in table.select("tbody tr")
        }

        assert rows == {
            "graph.throttled": ("3 1 open", "Retry this one"),
            "graph.not_found": ("1 none open", None),
            "graph.forbidden": ("1 open after a retry", "I mended it: retry this one"),
        }

    @pytest.mark.parametrize(
        ("repaired", "open_", "page_says", "list_says"),
        [
            (4, 0, "Repaired 4 failed, all since repaired, as of run {}.", "repaired by run {}"),
            (
                1,
                3,
                "Partly repaired 4 failed, 1 since repaired, 3 open, as of run {}.",
                "1 repaired, 3 open",
            ),
            (
                0,
                4,
                "Tried again 4 failed, 0 since repaired, 4 open, as of run {}.",
                "tried again as run {}, 4 open",
            ),
            (
                0,
                0,
                "Started again The whole work was started again as run {}.",
                "started again as run {}",
            ),
        ],
    )
    def test_what_became_of_it_in_words(self, page, ledger, repaired, open_, page_says, list_says):
        run = partial(ledger, *failed(*"abcd"))
        retry = ledger.run(retry_of_id=run)
        ledger.repaired(run, retry, repaired, open_)

        assert words(page(run_page(run)).select_one(".notice")) == page_says.format(retry)
        rows = page(LIST).select("#runs tbody tr")
        notes = [words(row.select_one(".col-state .row-sub") or row.i or row) for row in rows[1:]]
        assert notes == [list_says.format(retry)]

    def test_what_a_repeat_of_everything_did_not_meet_again_is_repaired_too(self, page, ledger):
        run = partial(ledger, *failed("gone", "here"))
        again = ledger.run(PARTIAL, retry_of_id=run, items=[*failed("here"), item("other")])
        ledger.repaired(run, again, 1, 1)
        states = {
            row.th.span.text: words(row.select_one(".col-result"))
            for row in page(run_page(run)).select("#items tbody tr")
        }

        assert states == {"Policy gone": "Failed Repaired", "Policy here": "Failed"}

    def test_many_generations_ask_no_more_than_few(self, app, cast, ledger):
        client = cast.client("operator")
        run = parent = partial(ledger, *failed("a", "b"))
        asked = []
        for generation in range(6):
            parent = ledger.run(
                PARTIAL,
                retry_of_id=parent,
                selection_hash=str(generation) * 64,
                items=failed("a", "b"),
            )
            client.get(run_page(run))
            with counted(app) as statements:
                client.get(run_page(run))
            asked.append(len(statements))

        assert set(asked) == {asked[0]}


class TestOnBothDatabases:
    @pytest.fixture
    def database_url(self, any_database):
        return any_database

    def test_every_question_is_understood(self, page, ledger):
        run = partial(ledger, *failed("a", "b"))
        retry = ledger.run(SUCCEEDED, retry_of_id=run, selection_hash="f" * 64, items=[item("a")])
        ledger.selected(retry, ["a"], "graph.throttled")
        ledger.repaired(run, retry, 1, 1)

        assert "1 since repaired, 1 open" in words(page(run_page(run)).select_one(".notice"))
        assert "Started for 1 item" in page(run_page(retry)).text
        assert "1 repaired, 1 open" in page(LIST).text
