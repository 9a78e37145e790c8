"""The page of one run beside its items: when it ends, what it is compared with, its family."""

from datetime import timedelta

import pytest

from opsapp.database import utcnow
from opsapp.models import ItemResult, RunStatus
from tests.support.ledger_rows import CANCELLED, FAILED, PARTIAL, SUCCEEDED, item
from tests.support.page_parts import run_page, words
from tests.support.queries import counted

QUEUED, RUNNING = RunStatus.QUEUED, RunStatus.RUNNING
FAIL, SKIP = ItemResult.FAILED, ItemResult.SKIPPED
IDENTITY = "b" * 64
MINUTES = timedelta(minutes=1)


def same_work(ledger, *items, state=PARTIAL, **values) -> int:
    values.setdefault("summary_counts", ledger.counts(1, len(items)))
    return ledger.run(state, run_identity_hash=IDENTITY, items=items, **values)


def panel(page, title: str):
    heading = page.find("h2", string=title)
    return heading and heading.find_parent("section")


class TestEstimate:
    def past(self, ledger, count=12):
        for number in range(count):
            ledger.run(took=20 * MINUTES + timedelta(seconds=30 * number))

    def hint(self, page, run_id):
        return " ".join(words(hint) for hint in page(run_page(run_id)).select(".run-main .hint"))

    def test_a_running_run_says_when_it_usually_ends(self, page, ledger):
        self.past(ledger)
        said = self.hint(page, ledger.run(RUNNING))

        assert "Usually ends between" in said
        assert "(from the last 12 runs)" in said
        assert "right 0 of the last 2 times: the run had ended by its later end" in said

    def test_the_moments_are_in_utc_on_hover(self, page, ledger):
        self.past(ledger)
        shown = page(run_page(ledger.run(RUNNING))).select(".run-main .hint time")

        assert len(shown) == 2
        assert all("UTC" in moment["title"] for moment in shown)

    def test_a_run_past_the_window_says_so(self, page, ledger):
        self.past(ledger)

        assert "Later than usual: nine of ten had ended by" in self.hint(
            page, ledger.run(RUNNING, age=40 * MINUTES)
        )

    def test_a_run_in_its_window_is_told_the_later_end_alone(self, page, ledger):
        self.past(ledger)

        assert "Usually ends by" in self.hint(page, ledger.run(RUNNING, age=24 * MINUTES))

    def test_a_queued_run_says_how_long_it_takes_once_started(self, page, ledger):
        self.past(ledger)

        assert "Once started, it usually takes 22 min 30 s to 25 min 00 s" in self.hint(
            page, ledger.run(QUEUED)
        )

    def test_few_runs_say_nothing(self, page, ledger):
        self.past(ledger, 9)
        said = self.hint(page, ledger.run(RUNNING))

        assert "Usually ends" not in said
        assert "usually done within" in said

    def test_an_ended_run_says_nothing(self, page, ledger):
        self.past(ledger)

        assert self.hint(page, ledger.run()) == ""


class TestCancelled:
    def test_it_says_what_was_done_by_whom_when_and_why(self, page, ledger):
        left = [item("1", SKIP, reason_code="item.not_attempted")]
        left += [item("2", SKIP, reason_code="run.cancelled_by_user")]
        run = ledger.run(
            CANCELLED,
            summary_counts=ledger.counts(412, 0, 2, total=1000),
            items=left,
            cancel_requested_at=utcnow(),
            cancel_requested_by="Ana Ferreira",
            cancel_reason="wrong <tenant>",
        )
        shown = page(run_page(run))
        note = words(shown.select_one(".notice"))

        assert "412 objects done, 588 not attempted; cancelled by Ana Ferreira" in note
        assert "wrong <tenant>" in note
        assert words(shown.select_one(".answer")).endswith(
            "was cancelled: 412 objects done, 588 not attempted."
        )

    def test_one_that_never_started_did_nothing(self, page, ledger):
        run = ledger.run(
            CANCELLED, started_at=None, events=[("completed", "Cancelled.")], summary_counts={}
        )

        assert "It had not started: nothing was done; cancelled by System" in words(
            page(run_page(run)).select_one(".notice")
        )

    def test_what_was_left_is_called_by_its_name(self, page, ledger):
        left = [item("1", SKIP, reason_code="item.not_attempted")]
        left += [item("2", SKIP, reason_code="run.cancelled_by_user"), item("3", SKIP)]
        run = ledger.run(CANCELLED, summary_counts=ledger.counts(0, 0, 3), items=left)
        shown = page(run_page(run)).select("#items td.col-result")

        assert [words(cell) for cell in shown] == ["Not attempted", "Cancelled", "Skipped"]

    def test_while_it_stops_the_reason_is_shown(self, page, ledger):
        run = ledger.run(
            RUNNING,
            cancel_requested_at=utcnow(),
            cancel_requested_by="Ana Ferreira",
            cancel_reason="wrong tenant",
        )

        assert "Ana Ferreira asked to stop it just now" in words(
            page(run_page(run)).select_one(".notice")
        )
        assert "wrong tenant" in words(page(run_page(run)).select_one(".notice"))


@pytest.mark.parametrize(
    ("code", "means"),
    [
        ("graph.throttled", "Can be retried"),
        ("graph.forbidden", "Needs you"),
        ("item.effect_unknown", "Can be retried"),  # a sync only reads
        ("graph.payload_rejected", "Would fail again"),
    ],
)
def test_each_reason_says_what_may_follow(page, ledger, code, means):
    run = ledger.run(
        PARTIAL, summary_counts=ledger.counts(1, 1), items=[item("1", FAIL, reason_code=code)]
    )

    assert words(page(run_page(run)).select_one("td.col-hint b")) == means


class TestTimeline:
    def test_short_gaps_stand_beside_the_line_and_long_ones_between(self, page, ledger):
        run = ledger.run(events=[("dispatched", "Handed to the queue.")])
        shown = page(run_page(run)).select(".timeline-meta")

        assert [words(line).split(" · ")[0] for line in shown] == ["Ana Ferreira", "System"]
        assert words(shown[1]).endswith("· 2.0 s later")
        assert all("UTC" in line.time["title"] for line in shown)


class TestFamily:
    def test_each_says_what_it_repeats_and_how_it_ended(self, page, ledger):
        first = ledger.run(PARTIAL, summary_counts=ledger.counts(412, 41))
        second = ledger.run(
            retry_of_id=first, summary_counts=ledger.counts(41), initiator_name="Bo Lindqvist"
        )
        rows = panel(page(run_page(second)), "Lineage").select("li")

        assert words(rows[0]).startswith(
            f"Run {first} Partially succeeded the first · 412 ok · 41 failed / 453 Ana Ferreira"
        )
        assert words(rows[1]).startswith(f"Run {second} Succeeded this one repeats run {first}")
        assert "Bo Lindqvist" in words(rows[1])
        assert [row.get("aria-current") for row in rows] == [None, "true"]
        assert [link["href"] for link in rows[0].select("a")] == [run_page(first)]

    def test_a_run_without_kin_has_no_panel(self, page, ledger):
        assert panel(page(run_page(ledger.run())), "Lineage") is None


class TestComparison:
    def test_the_run_before_it_is_compared(self, page, ledger):
        then = same_work(ledger, item("a", FAIL), item("b", FAIL), took=timedelta(seconds=30))
        now = same_work(ledger, item("a", FAIL, policy_id=7), item("c", FAIL), item("b"))
        shown = panel(page(run_page(now)), f"Compared with run {then}")

        assert words(shown.select_one("p:not(.hint)")) == (
            "1 newly failing, 1 still failing, 1 newly fixed. "
            "It took 42 s, 12 s longer than the other."
        )
        names = [words(entry) for entry in shown.select("li")]
        assert names == [
            "Policy c graph.throttled",
            "Policy a graph.throttled",
            "Policy b graph.throttled",
        ]
        links = [link["href"] for link in shown.select("a")]
        assert links == [f"{run_page(now)}/compare", "/tenants/contoso/policies/7"]

    def test_twenty_names_at_most_and_a_link_to_the_rest(self, page, ledger):
        then = same_work(ledger)
        now = same_work(ledger, *(item(f"{number:03}", FAIL) for number in range(25)))
        entries = panel(page(run_page(now)), f"Compared with run {then}").select("li")

        assert len(entries) == 21
        assert words(entries[-1]) == "and 5 more"
        rest = page(entries[-1].a["href"])
        assert len(rest.select("#items tbody tr")) == 25

    def test_nothing_to_compare_with_shows_nothing(self, page, ledger):
        run = same_work(ledger)
        active = same_work(ledger, state=RUNNING)

        assert "Compared with" not in page(run_page(run)).text
        assert "Compared with" not in page(run_page(active)).text

    def test_the_page_shows_each_group(self, page, ledger):
        then = same_work(ledger, item("a", FAIL), item("b", FAIL))
        now = same_work(ledger, item("a", FAIL), item("c", FAIL), item("b"))
        url = f"{run_page(now)}/compare"
        shown = page(url)
        tabs = [words(tab) for tab in shown.select(".tabs a")]

        assert tabs == [
            "Newly failing 1",
            "Still failing 1",
            "Newly fixed 1",
            "Failed then, not dealt with now 0",
        ]
        listed = {
            change: [
                row.span.text for row in page(f"{url}?change={change}").select("#items tbody th")
            ]
            for change in ("newly_failing", "still_failing", "newly_fixed", "not_tried")
        }
        assert listed == {
            "newly_failing": ["Policy c"],
            "still_failing": ["Policy a"],
            "newly_fixed": ["Policy b"],
            "not_tried": [],
        }
        sides = [words(cell) for cell in shown.select("tbody th.col-run")]
        assert sides == [f"Run {now} this run", f"Run {then} the other"]

    def test_another_run_can_be_asked_for(self, page, ledger):
        other, now = ledger.run(PARTIAL), ledger.run()

        assert f"against run {other}" in page(f"{run_page(now)}/compare?with={other}").title.text

    @pytest.mark.parametrize("query", ["", "?with=999", "?with=x"])
    def test_without_another_run_it_leads_back(self, cast, ledger, query):
        run = ledger.run(SUCCEEDED)
        answer = cast.client("operator").get(f"{run_page(run)}/compare{query}")

        assert (answer.status_code, answer.location) == (303, run_page(run))

    def test_many_failures_ask_no_more_than_few(self, app, cast, ledger):
        client = cast.client("operator")
        same_work(ledger, item("a", FAIL))
        few_items = same_work(ledger, item("a", FAIL), item("b", FAIL))
        many_items = same_work(ledger, *(item(str(number), FAIL) for number in range(80)))
        client.get(run_page(few_items))
        with counted(app) as few:
            client.get(run_page(few_items))
        with counted(app) as many:
            client.get(run_page(many_items))

        assert len(many) == len(few)
        assert len(few) <= 22, few


def test_failed_runs_still_say_what_to_do(page, ledger):
    run = ledger.run(FAILED, reason_code="worker.killed")

    assert "look before you start it again" in words(page(run_page(run)).select_one(".notice"))
