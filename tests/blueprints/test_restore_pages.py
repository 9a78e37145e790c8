"""The pages of a restore: what they show, to whom, and what their forms do."""

import io
import re

import bs4
import pytest

from opsapp.database import utcnow
from opsapp.models import (
    RestoreAction,
    RestoreItem,
    RestoreMapping,
    RestoreRun,
    RestoreStatus,
)
from opsapp.models.base import write
from tests.support.backup_rows import backup_set
from tests.support.backup_rows import draft as drafted
from tests.support.inventory_rows import HOSTILE, add_tenant, to_group
from tests.support.restore_states import SECRET, ended, previewed

BASE = "/tenants/contoso/restores"


def soup(answer) -> bs4.BeautifulSoup:
    assert answer.status_code == 200, answer.status
    return bs4.BeautifulSoup(answer.text, "html.parser")


@pytest.fixture
def made(app, cast, inventory):
    """A set with policies of hostile names, one of which names two groups."""
    inventory.tenant(groups_synced_at=utcnow())
    staff, other = inventory.group("Staff"), "0f0f0f0f-0000-4000-8000-00000000000f"
    ids = [inventory.policy(name, key=f"h{n}") for n, name in enumerate(HOSTILE)]
    first = inventory.policy("Baseline", {}, [to_group(staff), to_group(other)], key="p")
    return backup_set(app, cast.tenant_id, [first, *ids])


@pytest.fixture
def draft(app, cast, made):
    """Drafts a restore as the operator; gives its id."""
    answer = cast.client("operator").post(BASE, data={"set": made, "scope": "all"})
    assert answer.status_code == 303
    return int(re.search(r"/restores/(\d+)", answer.location)[1])


def button(page: bs4.BeautifulSoup, words: str) -> bs4.Tag:
    """The button of these words: with an icon beside them."""
    found = [one for one in page.find_all("button") if one.get_text(strip=True) == words]
    assert len(found) == 1, words
    return found[0]


def status_of(app, restore_id: int) -> RestoreStatus:
    with app.app_context(), write() as session:
        return session.get_one(RestoreRun, restore_id).status


def first_item(app, restore_id: int, name: str = "Baseline") -> int:
    with app.app_context(), write() as session:
        return session.query(RestoreItem).filter_by(restore_id=restore_id, name=name).one().id


def test_the_list_is_empty_at_first_and_leads_to_the_wizard(cast):
    page = soup(cast.client("operator").get(BASE))
    assert "No restores yet" in page.text
    assert page.find("a", href=f"{BASE}/new") is not None
    assert soup(cast.client("readonly").get(BASE)).find("a", href=f"{BASE}/new") is None


def test_sources_are_those_one_may_read(app, cast, made, inventory):
    other = add_tenant(app, "secret-tenant")
    other.number = 900
    hidden = backup_set(app, other.tenant_id, [other.policy("X")], name="Hidden")
    client = cast.client("operator")
    page = client.get(f"{BASE}/new")
    assert "Nightly" in page.text
    assert "Hidden" not in page.text
    assert client.get(f"{BASE}/new?set={hidden}").status_code == 404
    assert "Hidden" in cast.client("admin").get(f"{BASE}/new").text


def test_the_scope_lists_objects_and_drafts_those_that_are_ticked(app, cast, made):
    client = cast.client("operator")
    page = soup(client.get(f"{BASE}/new?set={made}&q=Baseline"))
    boxes = page.find_all("input", {"name": "items"})
    assert len(boxes) == 1
    answer = client.post(BASE, data={"set": made, "scope": "items", "items": boxes[0]["value"]})
    page = soup(client.get(answer.location))
    assert "Unknown name" in page.text  # straight to what is to be decided


def test_nothing_chosen_is_refused(cast, made):
    client = cast.client("operator")
    answer = client.post(BASE, data={"set": made, "scope": "items"})
    assert "Choose what to restore. Nothing was drafted." in client.get(answer.location).text


def test_a_draft_says_what_it_is_and_can_be_previewed(cast, draft):
    page = soup(cast.client("operator").get(f"{BASE}/{draft}"))
    assert "A draft of 4 objects; nothing is changed yet." in page.text
    assert button(page, "Preview").get("disabled") is None
    page = soup(cast.client("readonly").get(f"{BASE}/{draft}"))
    assert "an operator can preview this" in page.text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_they_are(cast, draft, name):
    page = soup(cast.client("readonly").get(f"{BASE}/{draft}"))
    assert page.find("a", string=name) is not None


def test_a_preview_is_read_from_top_to_bottom(app, cast, draft):
    previewed(app, draft, blocked=True)
    page = soup(cast.client("manager").get(f"{BASE}/{draft}"))
    assert page.find(class_="answer").text == "4 will be created; 4 blocked."
    assert "Say what stands for the group." in page.text
    assert "The directory cache is old." in page.text
    assert "4 items blocked: decide first" in page.text
    assert page.find("dialog", id="confirm-restore") is None


def test_confirming_asks_for_name_reason_and_reading(app, cast, draft):
    previewed(app, draft)
    page = soup(cast.client("manager").get(f"{BASE}/{draft}"))
    dialog = page.find("dialog", id="confirm-restore")
    assert "In Contoso: 4 created." in dialog.text
    assert {one["name"] for one in dialog.find_all("input") if one.get("required") is not None} == {
        "confirm",
        "reason",
        "has_read",
    }
    assert (
        "Your role does not include executing restores"
        in cast.client("operator").get(f"{BASE}/{draft}").text
    )


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("confirm", "Type the name of the tenant"),
        ("reason", "Give a reason"),
        ("has_read", "Read the preview first"),
    ],
)
def test_a_confirmation_that_lacks_something_starts_nothing(app, cast, draft, left_out, said):
    previewed(app, draft)
    client = cast.client("manager")
    given = {"confirm": "Contoso", "reason": "Change 1", "has_read": "1"}
    given.pop(left_out)
    answer = client.post(f"{BASE}/{draft}/confirm", data=given)
    assert said in client.get(answer.location).text
    assert status_of(app, draft) == RestoreStatus.PREVIEWED


def test_a_whole_confirmation_starts_it(app, cast, draft):
    previewed(app, draft)
    client = cast.client("manager")
    given = {"confirm": "Contoso", "reason": "Change 1", "has_read": "1"}
    answer = client.post(f"{BASE}/{draft}/confirm", data=given)
    assert status_of(app, draft) == RestoreStatus.FAILED  # no queue listens in this test
    assert "the queue does not answer" in client.get(answer.location).text


def test_a_change_in_between_refuses_and_says_what(app, cast, draft):
    previewed(app, draft)
    with app.app_context(), write() as session:
        row = session.query(RestoreMapping).filter_by(restore_id=draft).first()
        row.choice, row.target_id = "skip", None
    client = cast.client("manager")
    given = {"confirm": "Contoso", "reason": "Change 1", "has_read": "1"}
    answer = client.post(f"{BASE}/{draft}/confirm", data=given)
    assert "Changed since the preview: The mapping changed." in client.get(answer.location).text


def test_an_object_shows_difference_requests_and_no_secret(app, cast, draft):
    previewed(app, draft)
    page = soup(cast.client("readonly").get(f"{BASE}/{draft}/items/{first_item(app, draft)}"))
    assert "POST /beta/deviceManagement/configurationPolicies" in page.text
    assert "Not there yet" in page.text
    assert "Its secrets" in page.text
    assert SECRET not in str(page)


def test_a_result_shows_proof_journal_and_report(app, cast, draft):
    previewed(app, draft)
    ended(app, draft)
    client = cast.client("operator")
    page = soup(client.get(f"{BASE}/{draft}"))
    assert "read back and different from what was wanted" in page.find(class_="answer").text
    item = soup(client.get(f"{BASE}/{draft}/items/{first_item(app, draft)}"))
    assert "req-1" in item.text
    assert SECRET not in str(item)
    for wanted in ("html", "json"):
        answer = client.post(f"{BASE}/{draft}/report", data={"format": wanted})
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "req-1" in answer.text
        assert SECRET not in answer.text
        assert "<script" not in answer.text.replace("&lt;script", "") or wanted == "json"


def test_undoing_drafts_deletions_of_what_was_created(app, cast, draft):
    previewed(app, draft)
    ended(app, draft)
    answer = cast.client("operator").post(f"{BASE}/{draft}/undo")
    undo = int(answer.location.rsplit("/", 1)[1])
    with app.app_context(), write() as session:
        items = session.query(RestoreItem).filter_by(restore_id=undo).all()
        assert {(item.action, item.target_id) for item in items} == {
            (RestoreAction.DELETE, f"new-{key}") for key in ("p", "h0", "h1", "h2")
        }
        assert session.get_one(RestoreRun, undo).undo_of_id == draft


def test_the_mapping_always_says_where_groups_come_from(cast, draft):
    page = soup(cast.client("readonly").get(f"{BASE}/{draft}/mapping"))
    assert "nothing is asked of Microsoft Graph here" in page.find(id="cache").text
    assert button(page, "Sync groups").get("disabled") is not None
    assert page.find("button", {"name": "choice"}) is None  # readonly decides nothing


def test_deciding_by_hand(app, cast, draft, inventory):
    wanted = inventory.group("Everybody")
    client = cast.client("operator")
    source = "0f0f0f0f-0000-4000-8000-00000000000f"
    url = f"{BASE}/{draft}/mapping"
    page = soup(client.get(f"{url}/target?kind=groups&source={source}&q=Every"))
    form = page.find("button", string=re.compile("Map to")).find_parent("form")
    fields = {one["name"]: one["value"] for one in form.find_all("input", {"name": True})}
    fields.pop("csrf_token", None)
    client.post(form["action"], data=fields)
    with app.app_context(), write() as session:
        row = session.get_one(RestoreMapping, (draft, "groups", source))
        assert (row.choice, row.target_id, row.origin) == ("map", wanted, "chosen")
    client.post(url, data={"kind": "groups", "source": source, "choice": ""})
    with app.app_context(), write() as session:
        assert session.get_one(RestoreMapping, (draft, "groups", source)).choice is None


def test_a_bad_file_shows_its_lines(cast, draft):
    client = cast.client("operator")
    file = (io.BytesIO(b"source_id,choice\nnobody,skip\n"), "mapping.csv")
    answer = client.post(f"{BASE}/{draft}/mapping/file", data={"file": file})
    assert answer.status_code == 422
    assert "Line 2: this restore names no group" in answer.text


def test_the_mapping_as_a_file(cast, draft):
    answer = cast.client("operator").get(f"{BASE}/{draft}/mapping/file")
    assert answer.text.startswith("source_id,source_name,choice,target_id,target_name,kind")


def test_another_tenants_restore_is_not_found(app, cast, made):
    other = add_tenant(app, "elsewhere")
    restore = drafted(app, made, other.tenant_id)
    assert cast.client("owner").get(f"{BASE}/{restore}").status_code == 404
    assert cast.client("owner").get(f"/tenants/elsewhere/restores/{restore}").status_code == 404
