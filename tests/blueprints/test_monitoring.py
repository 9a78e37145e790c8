"""The list of runs and the page of one run."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from opsapp.database import utcnow
from opsapp.models import Hold, ItemResult, OperationRun, RunStatus, Tenant
from opsapp.models.base import write
from opsapp.services import monitoring
from opsapp.services.run_filters import STATES
from tests.support.ledger_rows import CANCELLED, FAILED, PARTIAL, SUCCEEDED, Ledger, item
from tests.support.page_parts import LIST, figures, run_page, words
from tests.support.queries import counted, plan_of

QUERIES_OF_THE_LIST = 16
DAY = timedelta(days=1)
QUEUED, RUNNING = RunStatus.QUEUED, RunStatus.RUNNING


@pytest.fixture
def foreign(app, cast) -> Ledger:
    """The ledger of a tenant that nobody but the administrator may see."""
    with app.app_context(), write() as session:
        other = Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36)
        session.add(other)
        session.flush()
        return Ledger(app, other.id)


def listed(page: BeautifulSoup) -> list[int]:
    return [int(link["href"].rsplit("/", 1)[1]) for link in page.select("#runs .row-link")]


class TestList:
    def test_people_see_the_runs_of_their_tenants_newest_first(self, page, ledger, foreign):
        first, other, second = ledger.run(), foreign.run(), ledger.run(FAILED)

        assert listed(page(LIST)) == [second, first]
        assert listed(page(LIST, "outsider")) == []
        assert listed(page(LIST, "admin")) == [second, other, first]

    def test_the_figures_count_what_their_links_list(self, page, ledger, foreign):
        ledger.run(QUEUED)
        ledger.run(RUNNING)
        ledger.run(RUNNING, lease_expires_at=utcnow() - timedelta(seconds=1))
        ledger.run(FAILED)
        ledger.run(PARTIAL)
        ledger.run(SUCCEEDED)
        ledger.run(SUCCEEDED, age=2 * DAY)
        ledger.run(CANCELLED)
        foreign.run(FAILED)
        shown = page(LIST)

        assert figures(shown) == {
            "Active": "3",
            "Needs attention": "2",
            "Succeeded": "1",
            "Stale": "1",
        }
        for tile in shown.select(".stat"):
            linked = page(tile.a["href"])
            assert len(listed(linked)) == int(words(tile.select_one(".stat-value")))
            assert len(linked.select(".stat [aria-current]")) == 1

    def test_what_was_repaired_needs_no_attention(self, page, ledger):
        retried, repeated, abandoned = ledger.run(FAILED), ledger.run(FAILED), ledger.run(FAILED)
        ledger.run(RUNNING, retry_of_id=retried)
        same = {run.id: run.run_identity_hash for run in ledger.all(OperationRun)}[repeated]
        ledger.run(SUCCEEDED, run_identity_hash=same)
        ledger.run(CANCELLED, retry_of_id=abandoned)

        assert listed(page(f"{LIST}?state=attention")) == [abandoned]

    def test_a_failure_of_the_retry_needs_attention_instead(self, page, ledger):
        first = ledger.run(FAILED)
        second = ledger.run(PARTIAL, retry_of_id=first)

        assert listed(page(f"{LIST}?state=attention")) == [second]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=active", "queued held running stale"),
            ("state=queued", "queued"),
            ("state=waiting", "held"),
            ("state=running", "running stale"),
            ("state=stale", "stale"),
            ("state=failed", "failed"),
            ("state=partially_succeeded", "partial"),
            ("state=succeeded", "succeeded"),
            ("state=cancelled", "cancelled"),
            ("reason=run.partial", "partial"),
            ("type=tenant.verify", "cancelled"),
            ("tenant=fabrikam", "foreign"),
            ("tenant=nowhere", ""),
            ("mine=1", "failed"),
            ("q=verify+access", "cancelled"),
            ("q=fabrik", "foreign"),
            ("q=bo+lind", "partial"),
            ("q=worker.lost", "failed"),
            ("q=%25", ""),
            ("state=nonsense&type=tenant.verify", "cancelled"),
            ("type=tenant.verify&state=failed", ""),
        ],
    )
    def test_filters(self, page, cast, ledger, foreign, query, expected):
        now = utcnow()
        ids = {
            "queued": ledger.run(QUEUED),
            "held": ledger.run(QUEUED, hold=Hold.GRAPH),
            "running": ledger.run(RUNNING),
            "stale": ledger.run(RUNNING, lease_expires_at=now - timedelta(seconds=1)),
            "failed": ledger.run(FAILED, user_id=cast["admin"].id),
            "partial": ledger.run(PARTIAL, initiator_name="Bo Lindqvist"),
            "succeeded": ledger.run(SUCCEEDED),
            "cancelled": ledger.run(CANCELLED, type="tenant.verify"),
            "foreign": foreign.run(SUCCEEDED, type="directory_groups.sync"),
        }
        if expected == "succeeded":
            expected = "succeeded foreign"
        found = listed(page(f"{LIST}?{query}", "admin"))

        assert found == sorted((ids[name] for name in expected.split()), reverse=True)

    def test_a_run_is_found_by_its_number(self, page, ledger, foreign):
        wanted, hidden = ledger.run(), foreign.run()

        assert listed(page(f"{LIST}?q={wanted}")) == [wanted]
        assert listed(page(f"{LIST}?q=%23{wanted}")) == [wanted]
        assert listed(page(f"{LIST}?q={hidden}")) == []
        assert listed(page(f"{LIST}?q={'9' * 40}")) == []

    def test_a_run_is_found_by_the_id_of_its_job(self, page, ledger):
        token = "0123456789abcdef" * 2
        ledger.run()
        wanted = ledger.run(job_id=f"run-2-{token}")

        assert listed(page(f"{LIST}?q=run-{wanted}-{token}")) == [wanted]
        assert listed(page(f"{LIST}?q=run-{wanted}-{token[:-1]}0")) == []

    def test_everybody_who_started_runs_can_be_looked_for(self, page, ledger):
        names = ["Anna Alm", "Schedule: Nightly", "zoe", "Anna Berg", "anna %", "Anna Alm"]
        ids = [ledger.run(initiator_name=name) for name in names]

        assert listed(page(f"{LIST}?q=ANNA")) == [ids[5], ids[4], ids[3], ids[0]]
        assert listed(page(f"{LIST}?q=zoe")) == [ids[2]]
        assert listed(page(f"{LIST}?q=a+%25")) == [ids[4]]
        assert listed(page(f"{LIST}?q=zoee")) == []

    def test_the_last_thirty_days_are_shown_and_what_is_active(self, page, ledger):
        ancient, old = ledger.run(age=80 * DAY), ledger.run(age=40 * DAY)
        held = ledger.run(QUEUED, hold=Hold.PAUSED, age=35 * DAY)
        week, today = ledger.run(age=6 * DAY), ledger.run()

        assert listed(page(LIST)) == [today, week, held]
        assert listed(page(f"{LIST}?since=24h")) == [today, held]
        assert listed(page(f"{LIST}?since=90d")) == [today, week, held, old, ancient]
        assert listed(page(f"{LIST}?since=all")) == [today, week, held, old, ancient]
        assert listed(page(f"{LIST}?since=nonsense")) == [today, week, held]

    def test_each_filter_can_be_taken_away_alone(self, page, ledger):
        ledger.run(FAILED)
        chips = page(f"{LIST}?state=failed&q=ana&mine=1").select(".chip")

        assert {words(chip) for chip in chips} == {
            "State Failed \N{EN DASH} remove",
            "Text ana \N{EN DASH} remove",
            "Started by me \N{EN DASH} remove",
        }
        state = next(chip for chip in chips if "State" in chip.text)
        assert state["href"] == f"{LIST}?q=ana&mine=1"

    def test_pages_follow_one_another_both_ways(self, page, ledger):
        ids = [ledger.run() for _ in range(51)]
        first = page(LIST)
        second = page(first.find("a", rel="next")["href"])
        again = page(second.find("a", rel="prev")["href"])

        assert listed(first) == listed(again) == ids[:0:-1]
        assert listed(second) == ids[:1]
        assert words(first.select_one(".pager-count")) == "50 of 51 runs"

    def test_counts_stop_at_a_thousand(self, app, page, ledger, monkeypatch):
        monkeypatch.setattr(monitoring, "COUNT_LIMIT", 3)
        for _ in range(6):
            ledger.run(FAILED)
        with counted(app) as statements:
            page(LIST)

        unlimited = [text for text in statements if "count(" in text and "LIMIT" not in text]
        assert unlimited == []

    def test_a_long_list_asks_no_more_than_a_short_one(self, app, cast, ledger):
        client = cast.client("operator")
        ledger.run(RUNNING)
        client.get(LIST)
        with counted(app) as few:
            client.get(LIST)
        for _ in range(20):
            ledger.run(RUNNING)
            ledger.run(FAILED)
        with counted(app) as many:
            client.get(LIST)

        assert len(many) == len(few) == QUERIES_OF_THE_LIST, few

    def test_a_list_with_active_runs_is_live_and_stands_still(self, page, ledger):
        old, active = ledger.run(), ledger.run(RUNNING)
        region = page(LIST).select_one("#runs")

        assert region["hx-trigger"] == "every 5s"
        assert region["hx-get"] == f"{LIST}?upto={active}"
        ledger.run(QUEUED)
        later = page(region["hx-get"])
        assert listed(later) == [active, old]
        assert words(later.select_one(".new-rows")) == "1 new \N{EN DASH} show"

    def test_a_list_without_active_runs_is_not_live(self, page, ledger):
        ledger.run()

        assert page(LIST).select_one("#runs").get("hx-get") is None

    def test_a_slow_run_says_what_is_usual(self, page, ledger):
        for _ in range(3):
            ledger.run(took=timedelta(seconds=20))
        ledger.run(RUNNING, age=timedelta(minutes=3))

        assert words(page(LIST).select_one("tbody .slow")) == "usually 20 s"

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("", "No operations yet"),
            ("?state=failed", "No operations yet"),
        ],
    )
    def test_nothing_ever_ran(self, page, ledger, query, said):
        assert words(page(LIST + query).select_one(".empty-title")) == said

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("?q=nobody", "Filters hide 1 run"),
            ("?state=attention", "Nothing needs attention"),
            ("?state=stale", "Nothing is stale"),
            ("?state=active", "Nothing is active"),
            ("?state=attention&mine=1", "Filters hide 1 run"),
            ("?state=failed", "Filters hide 1 run"),
        ],
    )
    def test_an_empty_list_says_why(self, page, ledger, query, said):
        ledger.run()

        assert words(page(LIST + query).select_one(".empty-title")) == said

    def test_an_empty_period_says_so(self, page, ledger):
        ledger.run(age=40 * DAY)
        empty = page(LIST).select_one(".empty")

        assert words(empty.select_one(".empty-title")) == "Nothing in this period"
        assert listed(page(empty.a["href"])) != []

    def test_a_full_page_asks_no_more_than_a_short_one(self, app, cast, ledger, foreign):
        client = cast.client("admin")
        for _ in range(3):
            ledger.run()
        ledger.run(RUNNING)
        client.get(LIST)
        with counted(app) as few:
            client.get(LIST)
        for _ in range(12):
            ledger.run(RUNNING)
            foreign.run(RUNNING)
            foreign.run(FAILED)
        with counted(app) as many:
            client.get(LIST)

        assert len(many) == len(few)
        assert len(few) <= 16, few

    @pytest.mark.parametrize("role", ["operator", "admin"])
    def test_no_question_about_active_runs_reads_the_whole_table(self, app, cast, ledger, role):
        ledger.run(FAILED)
        client = cast.client(role)
        with counted(app) as statements:
            client.get(f"{LIST}?state=attention")
            client.get(f"{LIST}?state=stale&since=all")
            client.get("/monitoring/queue")
        asked = [text for text in statements if "operation_runs.status IN" in text]
        plans = [plan_of(app, text) for text in asked]

        assert any("ix_operation_runs_active_status" in plan for plan in plans)
        assert [plan for plan in plans if "SCAN operation_runs" in plan] == []

    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ("q=bo+lind", "ix_operation_runs_initiator"),
            ("state=failed", "ix_operation_runs_unsuccessful"),
            ("state=cancelled", "ix_operation_runs_unsuccessful"),
            ("reason=worker.lost", "ix_operation_runs_reason"),
            ("type=tenant.verify", "ix_operation_runs_type"),
            ("tenant=contoso&type=tenant.verify", "ix_operation_runs_tenant_type"),
        ],
    )
    def test_few_of_many_runs_are_found_without_reading_all(self, app, cast, ledger, query, index):
        ledger.run(FAILED, initiator_name="Bo Lindqvist", type="tenant.verify")
        with counted(app) as statements:
            cast.client("admin").get(f"{LIST}?since=all&{query}")
        listing = next(text for text in statements if "LEFT OUTER JOIN tenants" in text)

        assert index in plan_of(app, listing)

    def test_names_are_only_text(self, page, ledger):
        ledger.run(initiator_name="<script>alert(1)</script>")

        assert page(LIST).find("script", string="alert(1)") is None
        assert "<script>alert(1)</script>" in page(LIST).text


def actions(page: BeautifulSoup) -> dict[str, str | None]:
    """The actions of the header, and why each is not possible now."""
    found = {}
    for button in page.select(".page-actions .btn"):
        why = button.find_next_sibling(class_="action-why")
        found[words(button)] = words(why) if why else None
    return found


class TestRun:
    def test_others_do_not_know_of_it(self, page, foreign):
        page(run_page(foreign.run()), status=404)
        page(run_page(999), status=404)

    def test_the_header_answers(self, page, ledger):
        run = ledger.run(PARTIAL, summary_counts=ledger.counts(412, 37, 4, 379))
        shown = page(run_page(run))

        assert words(shown.h1) == "Sync inventory of Contoso"
        assert words(shown.select_one(".page-title .state")) == "Partially succeeded"
        assert words(shown.select_one(".answer")) == (
            "Sync inventory of Contoso partially succeeded: 412 of 453 objects; 37 failed."
        )

    @pytest.mark.parametrize(
        ("state", "role", "expected"),
        [
            (SUCCEEDED, "operator", {"Run again": None}),
            (FAILED, "operator", {"Retry": None}),
            (PARTIAL, "operator", {"Retry 2 failed": None, "Retry all": None}),
            (PARTIAL, "readonly", {}),
            (CANCELLED, "operator", {"Retry": None}),
            (SUCCEEDED, "readonly", {}),
            (RUNNING, "readonly", {}),
            (RUNNING, "manager", {"Cancel": None}),
            (RUNNING, "operator", {"Cancel": "Started by somebody else; a manager can cancel it"}),
        ],
    )
    def test_actions(self, page, ledger, state, role, expected):
        failed = [item(key, ItemResult.FAILED) for key in ("ab" if state == PARTIAL else "")]
        run = ledger.run(
            state,
            reason_code=None if state in (SUCCEEDED, RUNNING) else "graph.unavailable",
            summary_counts=ledger.counts(1, len(failed)),
            items=failed,
        )

        assert actions(page(run_page(run), role)) == expected

    def test_actions_that_are_not_possible_now_say_why(self, app, page, cast, ledger):
        cancelling = ledger.run(RUNNING, user_id=cast["operator"].id, cancel_requested_at=utcnow())
        unknown = ledger.run(FAILED, type="no.longer.known")
        failed = [item("a", ItemResult.FAILED)]
        whole = ledger.run(PARTIAL, type="tenant.verify", items=failed)
        ended = ledger.run(FAILED)

        assert actions(page(run_page(cancelling))) == {"Cancel": "Already asked to stop"}
        assert "does not know" in actions(page(run_page(unknown)))["Retry"]
        assert "as a whole" in actions(page(run_page(whole)))["Retry 1 failed"]
        with app.app_context(), write() as session:
            session.get_one(Tenant, cast.tenant_id).suspended_at = utcnow()
        assert actions(page(run_page(ended))) == {"Retry": "Contoso is suspended"}

    @pytest.mark.parametrize(
        ("state", "counts", "said"),
        [
            (QUEUED, {}, "It has not started: nothing was done, and nothing will be."),
            (RUNNING, {}, "No objects have been dealt with yet."),
            (
                RUNNING,
                {"total": 453, "processed": 212},
                "212 of 453 objects are done, and stay done. The other 241 will not start.",
            ),
            (
                RUNNING,
                {"total": 453, "processed": 212, "in_flight": 3},
                "3 are in flight and will finish, within seconds. The other 238 will not start.",
            ),
            (
                RUNNING,
                {"total": 10, "processed": 9, "in_flight": 1},
                "1 is in flight and will finish, within seconds. What it has not come across yet",
            ),
        ],
    )
    def test_cancelling_says_what_it_means_in_numbers(self, page, ledger, state, counts, said):
        run = ledger.run(state, summary_counts=counts)
        dialog = page(run_page(run), "manager").select_one("#cancel-run")

        assert said in " ".join(words(sentence) for sentence in dialog.select("p"))
        assert dialog.form["action"] == f"{run_page(run)}/cancel"

    def test_an_active_run_moves_by_itself_until_it_ends(self, page, ledger):
        active, ended = ledger.run(RUNNING), ledger.run()
        region = page(run_page(active)).select_one("#run")

        assert region["hx-trigger"] == "every 2s"
        assert region["hx-get"] == run_page(active)
        assert page(run_page(ended)).select_one("#run").get("hx-get") is None

    def test_a_silent_run_is_shown_as_stale(self, page, ledger):
        run = ledger.run(
            RUNNING,
            lease_expires_at=utcnow() - timedelta(seconds=1),
            heartbeat_at=utcnow() - timedelta(minutes=2),
        )
        shown = page(run_page(run))

        assert words(shown.select_one(".page-title .state")) == "Stale"
        assert "was last heard of 2 min ago" in words(shown.select_one(".notice"))

    def test_a_failure_says_what_to_do(self, page, ledger):
        run = ledger.run(FAILED, reason_code="graph.consent_missing")
        note = words(page(run_page(run)).select_one(".notice"))

        assert note == (
            "The tenant has not granted a permission the app needs. Somebody has to change "
            "something first. Grant admin consent for the permission, then verify the tenant. "
            "graph.consent_missing"
        )

    def test_items_are_grouped_by_reason(self, page, ledger):
        items = [item(f"t{number}", ItemResult.FAILED) for number in range(3)]
        items += [item("f", ItemResult.FAILED, reason_code="graph.forbidden")]
        items += [item("s", ItemResult.SKIPPED)]
        run = ledger.run(PARTIAL, summary_counts=ledger.counts(1, 4, 1), items=items)
        shown = page(run_page(run))
        table = shown.find("caption", string="Items that failed or were skipped, by reason").parent
        rows = [
            (words(row.select_one("code")), words(row.select_one(".col-count")))
            for row in table.select("tbody tr")
        ]

        assert rows == [
            ("graph.throttled", "3"),
            ("graph.forbidden", "1"),
            ("item.skipped_excluded", "1"),
        ]
        linked = page(table.select_one("tbody a")["href"])
        assert len(linked.select("#items tbody tr")) == 3

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["bad"]),
            ("?result=all", ["good", "same", "bad", "left"]),
            ("?result=succeeded", ["good"]),
            ("?result=unchanged", ["same"]),
            ("?result=skipped", ["left"]),
            ("?result=nonsense", ["good", "same", "bad", "left"]),
            ("?result=all&q=AM", ["same"]),
            ("?result=all&q=1111-2222", ["bad"]),
            ("?reason=graph.throttled", ["bad"]),
            ("?reason=item.skipped_excluded&result=failed", []),
        ],
    )
    def test_items_are_filtered(self, page, ledger, query, expected):
        items = [
            item("1", name="good"),
            item("2", ItemResult.UNCHANGED, name="same"),
            item("3", ItemResult.FAILED, name="bad", request_id="1111-2222"),
            item("4", ItemResult.SKIPPED, name="left"),
        ]
        run = ledger.run(PARTIAL, summary_counts=ledger.counts(2, 1, 1, 1), items=items)
        rows = page(run_page(run) + query).select("#items tbody tr")

        assert [row.th.get_text(" ").split()[0] for row in rows] == expected

    def test_items_come_in_pages(self, page, ledger):
        items = [item(f"{number:03}") for number in range(51)]
        run = ledger.run(summary_counts=ledger.counts(51), items=items)
        first = page(run_page(run))
        second = page(first.find("a", rel="next")["href"])

        assert len(first.select("#items tbody tr")) == 50
        assert [row.th.span.text for row in second.select("#items tbody tr")] == ["Policy 050"]

    def test_an_item_of_a_policy_leads_to_it(self, page, ledger):
        run = ledger.run(summary_counts=ledger.counts(2), items=[item("1", policy_id=7), item("2")])
        links = page(run_page(run)).select("#items .row-link")

        assert [link["href"] for link in links] == ["/tenants/contoso/policies/7"]

    def test_an_items_type_is_in_words_and_its_key_on_hover(self, page, ledger):
        items = [item("1"), item("2", kind="check"), item("3", kind="newerThanWeKnow")]
        run = ledger.run(summary_counts=ledger.counts(3), items=items)
        kinds = page(run_page(run)).select("#items .row-sub [title]")

        assert [(words(kind), kind["title"]) for kind in kinds] == [
            ("Settings catalog policies", "configurationPolicies"),
            ("Check", "check"),
            ("NewerThanWeKnow", "newerThanWeKnow"),
        ]

    def test_durations_and_reasons_have_a_column_only_where_there_are_any(self, page, ledger):
        def heads(*items):
            run = ledger.run(PARTIAL, summary_counts=ledger.counts(len(items)), items=items)
            shown = page(run_page(run))
            return [words(cell) for cell in shown.select("#items thead th")], shown

        assert heads(item("1"))[0] == ["Item", "Result"]
        failed = item("2", ItemResult.FAILED, duration_ms=34_120)
        names, shown = heads(item("1"), failed, item("3", duration_ms=45))
        assert names == ["Item", "Result", "Reason", "Took"]
        took = [words(cell) for cell in shown.select("#items td.col-took")]
        assert took == ["", "34 s", "45 ms"]

    def test_history_names_who_did_what(self, page, ledger):
        run = ledger.run(events=[("dispatched", "Handed to the queue.")])
        lines = [words(line) for line in page(run_page(run)).select(".timeline-text")]

        assert lines[0].startswith("Created. Ana Ferreira ·")
        assert lines[1].startswith("Handed to the queue. System ·")

    def test_kin_are_linked_both_ways(self, page, ledger):
        first = ledger.run(FAILED)
        second = ledger.run(retry_of_id=first)

        assert page(run_page(first)).find("a", string=f"Run {second}")
        assert page(run_page(second)).find("a", string=f"Run {first}")

    def test_the_raw_data_holds_no_token(self, page, ledger):
        run = ledger.run(QUEUED, dispatch_token="s3cret-token", job_id=None)
        shown = page(run_page(run))

        assert '"type": "inventory.sync"' in shown.select_one("#run-json-text").text
        assert "s3cret-token" not in str(shown)

    def test_the_page_is_drawn_for_the_tenant(self, page, ledger):
        shown = page(run_page(ledger.run()))

        assert words(shown.select_one(".switcher-text")).startswith("Tenant: Contoso")

    def test_many_items_ask_no_more_than_few(self, app, cast, ledger):
        client = cast.client("operator")
        few_items = ledger.run(PARTIAL, summary_counts=ledger.counts(1, 1), items=[item("1")])
        items = [item(str(number), ItemResult.FAILED) for number in range(120)]
        events = [("held", f"Wait {number}.") for number in range(40)]
        many_items = ledger.run(
            PARTIAL, summary_counts=ledger.counts(1, 120), items=items, events=events
        )
        client.get(run_page(few_items))
        with counted(app) as few:
            client.get(run_page(few_items))
        with counted(app) as many:
            client.get(run_page(many_items))

        assert len(many) == len(few)
        assert len(few) <= 19, few


class TestOnBothDatabases:
    @pytest.fixture
    def database_url(self, any_database):
        return any_database

    def test_every_question_is_understood(self, page, cast, ledger):
        failed = [item(str(number), ItemResult.FAILED) for number in range(3)]
        run = ledger.run(PARTIAL, summary_counts=ledger.counts(1, 3), items=[*failed, item("x")])
        ledger.run(RUNNING)
        queued = ledger.run(QUEUED)
        ledger.worker("worker-2")
        ledger.notification(cast["operator"].id, run, "It failed.")

        for state in STATES:
            page(
                f"{LIST}?state={state}&q=ana&reason=run.partial&type=inventory.sync&tenant=contoso"
            )
        assert listed(page(f"{LIST}?state=attention&q=ANA+fer&since=24h")) == [run]
        assert len(page(run_page(run)).select("#items tbody tr")) == 3
        assert len(page(f"{run_page(run)}?result=all&q=policy").select("#items tbody tr")) == 4
        assert "A worker is free" in page(run_page(queued)).text
        assert figures(page("/monitoring/queue", "admin"))["Waiting"] == "1"
        assert "It failed." in page("/notifications").text
