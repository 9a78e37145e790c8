"""The styleguide as a document: every element at once, checked as a reader of HTML would."""

import json

import html5lib
import pytest
from bs4 import BeautifulSoup
from flask import get_template_attribute, render_template_string

from opsapp.presenters.notices import notice

LABELLED = "input:not([type=hidden], [type=submit]), select, textarea"


@pytest.fixture
def guide(client):
    return BeautifulSoup(client.get("/styleguide?q=abc&outcome=failed").text, "html5lib")


def macro(file, name):
    return get_template_attribute(f"macros/{file}.html", name)


def soup(text):
    return BeautifulSoup(text, "html.parser")


def test_it_parses_without_errors(client):
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(client.get("/styleguide").text)

    assert [error[1] for error in parser.errors] == []


def test_ids_are_unique_and_references_lead_somewhere(guide):
    ids = [element["id"] for element in guide.select("[id]")]
    assert sorted(ids) == sorted(set(ids))
    for name in ("aria-labelledby", "aria-describedby", "popovertarget", "for", "data-dialog"):
        for element in guide.select(f"[{name}]"):
            assert set(element[name].split()) <= set(ids), element


def test_one_h1_and_the_landmarks(guide):
    assert len(guide.select("h1")) == 1
    assert len(guide.select("main")) == len(guide.select("body > .shell header.topbar")) == 1
    assert guide.select_one("a.skip-link")["href"] == "#content"
    navigations = [nav.get("aria-label") for nav in guide.select("nav")]
    assert None not in navigations
    assert len(navigations) == len(set(navigations))


def test_every_control_has_a_label(guide):
    for control in guide.select(LABELLED):
        labelled = control.find_parent("label") or guide.select(f'label[for="{control.get("id")}"]')
        assert labelled or control.get("aria-label"), control


def test_every_button_has_a_name_and_a_type(guide):
    for button in guide.select("button, summary, a[href]"):
        assert button.get_text(strip=True) or button.get("aria-label"), button
    for button in guide.select("button"):
        assert button.get("type") in ("submit", "button"), button


def test_every_post_form_carries_its_token_and_none_is_nested(guide):
    for form in guide.select("form"):
        assert form.find_parent("form") is None
        assert form.get("action") or form["method"] == "dialog"
        if form["method"] == "post":
            assert form.select_one("input[name=csrf_token]")["value"], form


def test_tables_have_captions_and_scopes(guide):
    for table in guide.select("table"):
        assert table.caption.get_text(strip=True)
        assert all(head.get("scope") for head in table.select("th"))


def test_a_row_is_a_link_through_its_first_cell(guide):
    for row in guide.select(".data-table tbody tr"):
        links = row.select("a.row-link")
        assert len(links) == 1
        assert links[0].find_parent("th")["scope"] == "row"


def test_cells_carry_their_columns_name_for_narrow_screens(app, guide):
    heads = [head.get_text(strip=True) for head in guide.select(".data-table thead th")]
    row = guide.select_one(".data-table tbody tr")

    assert [cell["data-label"] for cell in row.select("td")] == heads[1:]


def test_sorting_turns_round(app):
    columns = [{"key": "name", "label": "Name", "sortable": True}]
    with app.test_request_context("/p?sort=name"):
        table = macro("table", "data_table")
        up = soup(table("P", columns, [], sort="name"))
        down = soup(table("P", columns, [], sort="name", descending=True))

    assert (up.th["aria-sort"], up.th.a["href"]) == ("ascending", "/p?sort=-name")
    assert (down.th["aria-sort"], down.th.a["href"]) == ("descending", "/p?sort=name")


def test_a_table_without_a_block_shows_the_values_escaped(app):
    columns = [{"key": "name", "label": "Name"}, {"key": "n", "label": "N", "numeric": True}]
    with app.test_request_context("/"):
        table = macro("table", "data_table")
        shown = soup(table("P", columns, [{"name": "<i>x</i>", "n": 3}]))

    assert shown.tbody.th.get_text() == "<i>x</i>"
    assert "numeric" in shown.td["class"]


def test_a_live_region_stops_when_the_server_says_so(app):
    page = (
        "{% from 'macros/state.html' import live_region %}"
        "{% call live_region('r', '/x', 2, active) %}content{% endcall %}"
    )
    with app.test_request_context("/"):
        on = soup(render_template_string(page, active=True)).div
        off = soup(render_template_string(page, active=False)).div

    assert (on["hx-get"], on["hx-trigger"], on["hx-select"]) == ("/x", "every 2s", "#r")
    assert on.has_attr("data-live")
    assert not [name for name in off.attrs if name.startswith(("hx-", "data-live"))]


def test_a_disabled_action_says_why_and_sends_nothing(app):
    with app.test_request_context("/"):
        shown = soup(macro("forms", "action_button")("/x", "Go", disabled_reason="Not now"))

    button = shown.button
    assert button.has_attr("disabled")
    assert shown.find(id=button["aria-describedby"]).get_text() == "Not now"
    assert shown.form is None


def test_a_message_survives_the_redirect_with_its_link(app):
    with app.test_request_context("/"):
        notice("Inventory sync queued.", "success", "/monitoring/operations/5")
        shown = soup(macro("page", "flashes")())

    assert shown.select_one(".notice-text").get_text() == "Inventory sync queued. View run"
    assert shown.a["href"] == "/monitoring/operations/5"
    assert "tone-green" in shown.select_one(".notice")["class"]


def test_a_plain_flash_is_shown_too(app):
    from flask import flash

    with app.test_request_context("/"):
        flash("<b>hello</b>")
        shown = soup(macro("page", "flashes")())

    assert shown.select_one(".notice-text").get_text() == "<b>hello</b>"


def test_form_errors_are_listed_on_top_and_stand_at_the_field(client, app):
    app.config["WTF_CSRF_ENABLED"] = False
    guide = BeautifulSoup(client.post("/styleguide", data={"email": "x"}).text, "html5lib")

    links = {link["href"]: link.get_text() for link in guide.select(".error-summary a")}
    assert links["#name"] == "Name: Give it a name."
    field = guide.select_one("#name")
    assert field["aria-invalid"] == "true"
    described = field["aria-describedby"].split()
    assert "Give it a name." in guide.find(id=described[-1]).get_text()
    assert guide.select_one("#email")["value"] == "x"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shown": 50, "count": 1001, "noun": "run"}, "50 of 1,000+ runs"),
        ({"shown": 1, "count": 1, "noun": "run"}, "1 run"),
        ({"shown": 2, "noun": "policy", "nouns": "policies"}, "2 policies"),
    ],
)
def test_the_pager_counts_honestly(app, arguments, words):
    with app.test_request_context("/"):
        shown = soup(macro("table", "pager")(**arguments))

    assert shown.p.get_text() == words
    assert shown.ul is None


def test_json_is_shown_as_text_in_its_own_order(app):
    with app.test_request_context("/"):
        shown = soup(macro("data", "json_view")({"b": "</pre><b>", "a": "ü"}))

    assert shown.select_one(".json-text").get_text() == '{\n  "b": "</pre><b>",\n  "a": "ü"\n}'
    assert "4 lines" in shown.summary.get_text()


def test_the_upper_levels_of_json_fold_and_its_text_stays_whole(app):
    data = {"a": [{"b": [1, 2]}, {"c": "}\u2028["}], "d": {}, "e": {"f": "x"}}
    with app.test_request_context("/"):
        shown = soup(macro("data", "json_view")(data, id="raw"))

    text = shown.select_one(".json-text")
    assert text.get_text() == json.dumps(data, indent=2, ensure_ascii=False)
    folds = text.select("details")
    assert [fold.summary.get_text().strip() for fold in folds] == ['"a": [', "{", "{", '"e": {']
    assert len({fold["id"] for fold in folds}) == 4
    assert all(fold.has_attr("open") for fold in folds)
    assert folds[0].summary["data-folded"] == " … 10 lines"
    assert text.find("details", recursive=False) == folds[0]


CHANGES = [
    {"label": "A", "before": "1", "after": "1", "kind": "unchanged"},
    {"label": "B", "before": None, "after": None, "kind": "unchanged"},
    {"label": "C", "before": "1", "after": "2", "kind": "changed"},
    {"label": "D", "before": None, "after": "2", "kind": "added"},
    {"label": "E", "before": "3", "after": "3", "kind": "unchanged"},
]


def test_neighbouring_unchanged_settings_are_folded(app):
    with app.test_request_context("/"):
        shown = soup(macro("data", "diff")(CHANGES))

    folded = shown.select("details:not([open])")
    summaries = [fold.summary.get_text() for fold in folded]
    assert summaries == ["2 unchanged settings", "1 unchanged setting"]
    assert [row.th.span.get_text() for row in folded[0].select("tr")] == ["A", "B"]
    assert [row.th.span.get_text() for row in shown.select("tr[data-change]")] == ["C", "D"]
    assert not shown.select("details [data-change]")
