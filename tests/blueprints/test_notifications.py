"""What a person was told, and who marks it as read."""

import pytest
from bs4 import BeautifulSoup

from opsapp.database import utcnow
from opsapp.models import Notification
from opsapp.models.base import write
from tests.support.ledger_rows import FAILED
from tests.support.queries import counted


@pytest.fixture
def told(cast, ledger):
    """Tells somebody something about a run of its own; returns the notification's id."""

    def tell(role: str = "operator", title: str = "It succeeded.", **values) -> int:
        user_id = cast[role].id
        return ledger.notification(user_id, ledger.run(user_id=user_id), title, **values)

    return tell


@pytest.fixture
def note_of(ledger):
    return lambda note_id: {note.id: note for note in ledger.all(Notification)}[note_id]


@pytest.fixture
def unread(ledger):
    return lambda: {note.id for note in ledger.all(Notification) if note.read_at is None}


def titles(answer) -> list[str]:
    page = BeautifulSoup(answer.data, "html.parser")
    return [link.text for link in page.select("tbody .row-link")]


def test_nothing_yet_says_so(cast):
    assert b"No notifications yet" in cast.client("operator").get("/notifications").data


def test_people_see_their_own_newest_first(cast, told):
    told(title="First.")
    told(title="Second.", read=True)
    told("manager", title="Not yours.")

    assert titles(cast.client("operator").get("/notifications")) == ["Second.", "First."]


def test_the_unread_can_be_seen_alone(cast, told):
    told(title="Old.", read=True)
    told(title="New.")

    assert titles(cast.client("operator").get("/notifications?show=unread")) == ["New."]


def test_all_read_is_calm(cast, told):
    told(read=True)

    assert b"Nothing unread" in cast.client("operator").get("/notifications?show=unread").data


def test_the_frame_counts_what_is_unread(cast, told):
    told()
    told()
    told(read=True)

    assert b"Notifications, 2 unread" in cast.client("operator").get("/notifications").data


def test_looking_marks_nothing(cast, told, unread, note_of):
    note = told()
    client = cast.client("operator")
    client.get("/notifications")
    client.get(f"/monitoring/operations/{note_of(note).run_id}")

    assert unread() == {note}


def test_opening_marks_it_read_and_leads_to_the_run(cast, told, unread, note_of):
    note, other = told(), told()
    answer = cast.client("operator").post(f"/notifications/{note}/open")

    run_id = note_of(note).run_id
    assert (answer.status_code, answer.location) == (303, f"/monitoring/operations/{run_id}")
    assert unread() == {other}


def test_marking_one_leads_back(cast, told, unread):
    note = told()
    answer = cast.client("operator").post(
        f"/notifications/{note}/read", data={"next": "/notifications?show=unread"}
    )

    assert answer.location == "/notifications?show=unread"
    assert unread() == set()


def test_what_was_read_first_stays_the_time_it_was_read(cast, told, note_of):
    note = told(read=True)
    before = note_of(note).read_at
    cast.client("operator").post(f"/notifications/{note}/read")

    assert note_of(note).read_at == before


def test_marking_all_leaves_what_came_after_the_page(cast, told, unread):
    seen, later = told(), told()
    others = told("manager")
    cast.client("operator").post("/notifications/read", data={"upto": seen})

    assert unread() == {later, others}


def test_marking_all_needs_to_know_up_to_where(cast, told, unread):
    note = told()

    client = cast.client("operator")
    for data in ({}, {"upto": "x"}, {"upto": "9" * 20}, {"upto": "-" + "9" * 20}):
        assert client.post("/notifications/read", data=data).status_code == 400
    assert unread() == {note}


@pytest.mark.parametrize("action", ["open", "read"])
def test_nobody_touches_anothers(cast, told, unread, action):
    note = told("manager")

    assert cast.client("admin").post(f"/notifications/{note}/{action}").status_code == 404
    assert unread() == {note}


def test_pages_follow_one_another(cast, told):
    for number in range(51):
        told(title=f"Number {number}.")
    client = cast.client("operator")
    first = BeautifulSoup(client.get("/notifications").data, "html.parser")
    older = first.find("a", rel="next")["href"]

    assert len(first.select("tbody tr")) == 50
    assert titles(client.get(older)) == ["Number 0."]


def test_hostile_titles_are_only_text(cast, told):
    told(title="<script>alert(1)</script>")

    assert b"<script>alert" not in cast.client("operator").get("/notifications").data


def test_a_long_list_asks_no_more_than_a_short_one(app, cast, told):
    client = cast.client("operator")
    told()
    client.get("/notifications")
    with counted(app) as few:
        client.get("/notifications")
    for _ in range(30):
        told()
    with counted(app) as many:
        client.get("/notifications")

    assert len(many) == len(few)
    assert len(few) <= 10, few


def test_a_failed_run_shows_its_state(cast, ledger):
    run_id = ledger.run(FAILED, user_id=cast["operator"].id)
    ledger.notification(cast["operator"].id, run_id, "It failed.")
    page = BeautifulSoup(cast.client("operator").get("/notifications").data, "html.parser")

    assert page.select_one("tbody .state").text.strip() == "Failed"


def test_what_became_of_it_since_is_said_below(app, cast, told):
    note = told(title="It failed.")
    with app.app_context(), write() as session:
        row = session.get_one(Notification, note)
        row.updated_title, row.updated_at = "Run #9 repaired <3 of 3>.", utcnow()
    page = BeautifulSoup(cast.client("operator").get("/notifications").data, "html.parser")
    [cell] = page.select("tbody tr .col-title")
    below = cell.select_one(".note-update")
    assert titles(cast.client("operator").get("/notifications")) == ["It failed."]
    assert "Run #9 repaired <3 of 3>." in below.text
    assert below.find("time") is not None
    assert page.select_one("tbody .state").text.strip() == "Succeeded"


def test_nothing_is_said_below_what_stands(cast, told):
    told()
    assert b"note-update" not in cast.client("operator").get("/notifications").data
