"""Where one's notifications go, chosen on the account page."""

import re

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from opsapp.crypto import decrypt
from opsapp.extensions import db
from opsapp.models import AuditEvent, Channel, Delivery, DeliveryPreference, DeliveryState
from opsapp.models.base import write
from opsapp.services import deliveries as service
from tests.support import apps
from tests.support.deliveries import TITLE, Deliveries
from tests.support.page_parts import words

URL = "https://hooks.example.com/services/canary-path?key=canary-query"
SITE = "https://hooks.example.com"
BASE = "/account/deliveries"
DASH = "\N{EN DASH}"
SECRET = re.compile(r"<code>(whsec_[A-Za-z0-9+/]{40,}=*)</code>")


@pytest.fixture
def settings(tmp_path, database_url, queue_url):
    return apps.make_settings(
        tmp_path,
        database_url=database_url,
        redis_url=queue_url,
        smtp_url="smtp://localhost:9",
        mail_from="ops@opsapp.test",
    )


@pytest.fixture
def deliveries(app, cast, ledger):
    return Deliveries(app, ledger, cast["operator"].id)


@pytest.fixture
def operator(cast):
    return cast.client("operator")


@pytest.fixture
def preference(app, cast):
    def preference(role="operator"):
        with app.app_context():
            return db.session.get(DeliveryPreference, cast[role].id)

    return preference


@pytest.fixture
def audited(app):
    def audited():
        with app.app_context():
            query = sa.select(AuditEvent).where(AuditEvent.action.startswith("delivery."))
            rows = db.session.scalars(query.order_by(AuditEvent.id))
            return [(row.actor, row.action, row.data) for row in rows]

    return audited


def panel(client, name):
    page = BeautifulSoup(client.get("/account").data, "html.parser")
    return next(part for part in page.select(".panel") if part.h2 and part.h2.text == name)


def told(client):
    page = BeautifulSoup(client.get("/account").data, "html.parser")
    return [words(note) for note in page.select(".flashes .notice-text")]


def test_email_is_switched_on_and_off(operator, preference, audited, cast):
    assert preference() is None
    operator.post(f"{BASE}/email", data={"wanted": "1"})
    assert told(operator) == ["E-mail is on."]
    assert preference().email
    operator.post(f"{BASE}/email", data={"wanted": "1"})  # nothing changes: nothing is recorded
    operator.post(f"{BASE}/email", data={"wanted": "0"})
    assert not preference().email
    email = cast["operator"].email
    assert audited() == [(email, "delivery.email_on", {}), (email, "delivery.email_off", {})]


def test_a_webhook_is_kept_encrypted_and_its_secret_shown_once(operator, preference, app, audited):
    answer = operator.post(f"{BASE}/webhook", data={"url": URL})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    [secret] = SECRET.findall(answer.text)
    stored = preference()
    settings = app.extensions["opsapp.settings"]
    assert decrypt(settings, stored.webhook_url_encrypted) == URL
    assert decrypt(settings, stored.webhook_secret_encrypted) == secret
    for page in ("/account", BASE):
        shown = operator.get(page).text
        for canary in (secret, "canary-path", "canary-query"):
            assert canary not in shown
    assert SITE in words(panel(operator, "Notifications by webhook"))
    assert audited()[-1][1:] == ("delivery.webhook_set", {"site": SITE})


def test_another_url_keeps_the_secret(operator, preference):
    operator.post(f"{BASE}/webhook", data={"url": URL})
    before = preference().webhook_secret_encrypted
    answer = operator.post(f"{BASE}/webhook", data={"url": "https://other.example.com/x"})
    assert (answer.status_code, answer.location) == (303, "/account#deliveries")
    assert preference().webhook_secret_encrypted == before
    assert "https://other.example.com" in words(panel(operator, "Notifications by webhook"))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "Enter a URL."),
        ("http://hooks.example.com/x", "Use https"),
        ("javascript:alert(1)", "Enter a URL such as"),
        ("https://user:password@hooks.example.com/x", "Leave out user names"),
    ],
)
def test_a_url_that_cannot_be_called_is_refused_at_the_field(operator, preference, url, problem):
    answer = operator.post(f"{BASE}/webhook", data={"url": url})
    assert answer.status_code == 422
    error = BeautifulSoup(answer.data, "html.parser").select_one("#url-error")
    assert problem in error.text
    assert preference() is None


def test_a_new_secret_replaces_the_old(operator, audited):
    [first] = SECRET.findall(operator.post(f"{BASE}/webhook", data={"url": URL}).text)
    [second] = SECRET.findall(operator.post(f"{BASE}/webhook/rotate").text)
    assert first != second
    assert audited()[-1][1:] == ("delivery.secret_rotated", {"site": SITE})


def test_a_webhook_is_removed_with_its_secret(operator, preference, audited):
    operator.post(f"{BASE}/webhook", data={"url": URL})
    operator.post(f"{BASE}/webhook/remove")
    stored = preference()
    assert stored.webhook_url_encrypted is stored.webhook_secret_encrypted is None
    assert audited()[-1][1:] == ("delivery.webhook_removed", {"site": SITE})
    operator.post(f"{BASE}/webhook/remove")
    assert len(audited()) == 2
    operator.post(f"{BASE}/webhook/rotate")
    assert told(operator)[-1] == "There is no webhook yet."


def test_a_test_message_is_left_for_the_workers(operator, deliveries, app, audited):
    deliveries.prefer(email=True, url=URL)
    operator.post(f"{BASE}/email/test")
    operator.post(f"{BASE}/webhook/test")
    with app.app_context():
        rows = list(db.session.scalars(sa.select(Delivery).order_by(Delivery.id)))
        assert [row.channel for row in rows] == [Channel.EMAIL, Channel.WEBHOOK]
        assert {row.state for row in rows} == {DeliveryState.PENDING}
        assert {row.notification_id for row in rows} == {None}
    assert [line[2] for line in audited()] == [{"channel": "email"}, {"channel": "webhook"}]
    operator.post(f"{BASE}/email/test")
    assert told(operator)[-1] == "A test message is on its way already."


@pytest.mark.parametrize(
    ("channel", "why"), [("email", "E-mail is off."), ("webhook", "There is no webhook yet.")]
)
def test_what_is_off_is_not_tested(operator, app, channel, why):
    operator.post(f"{BASE}/{channel}/test")
    assert told(operator) == [why]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Delivery.id))) == 0


def test_old_test_messages_are_cleared_away(operator, deliveries, app, ledger, cast):
    deliveries.prefer(email=True, url=URL)
    long_ago = service.utcnow() - 2 * service.TESTS_KEPT
    old = {"created_at": long_ago, "state": DeliveryState.DELIVERED}
    deliveries.add(Channel.EMAIL, **old)
    told_of = deliveries.add(Channel.EMAIL, run_id=ledger.run(user_id=cast["operator"].id), **old)
    operator.post(f"{BASE}/email/test")
    with app.app_context():
        kept = list(db.session.scalars(sa.select(Delivery.id).order_by(Delivery.id)))
    assert kept == [told_of, told_of + 1]


class TestWithoutAMailServer:
    @pytest.fixture
    def settings(self, tmp_path, database_url, queue_url):
        return apps.make_settings(tmp_path, database_url=database_url, redis_url=queue_url)

    def test_the_page_says_why_email_cannot_be_chosen(self, operator):
        part = panel(operator, "Notifications by e-mail")
        button = next(one for one in part.select("button") if "Switch on" in one.text)
        assert button.has_attr("disabled")
        assert "OPSAPP_SMTP_URL" in part.select_one(f"#{button['aria-describedby']}").text

    def test_nor_does_a_hand_made_form(self, operator, preference):
        operator.post(f"{BASE}/email", data={"wanted": "1"})
        assert "OPSAPP_SMTP_URL" in told(operator)[0]
        assert preference() is None

    def test_who_had_it_on_may_switch_it_off(self, operator, deliveries, preference):
        deliveries.prefer(email=True)
        assert "OPSAPP_SMTP_URL" in panel(operator, "Notifications by e-mail").text
        operator.post(f"{BASE}/email/test")
        assert "OPSAPP_SMTP_URL" in told(operator)[0]
        operator.post(f"{BASE}/email", data={"wanted": "0"})
        assert not preference().email


def rows_of(page):
    return [[words(cell) for cell in row.select("th, td")] for row in page.select("tbody tr")]


def test_the_log_says_what_became_of_each(operator, deliveries, ledger, cast):
    run_id = ledger.run(user_id=cast["operator"].id)
    failing = {"attempts": 2, "message": "HTTP 503"}
    deliveries.add(Channel.WEBHOOK, run_id=run_id, **failing)
    deliveries.add(
        Channel.EMAIL, state=DeliveryState.GIVEN_UP, attempts=1, message="SMTP 550 (recipient)"
    )
    Deliveries(deliveries.app, ledger, cast["manager"].id).add(Channel.EMAIL)
    page = BeautifulSoup(operator.get(BASE).data, "html.parser")
    first, second = rows_of(page)
    assert first[:6] == ["Test message", "E-mail", "Given up", "1", "SMTP 550 (recipient)", DASH]
    assert second[:5] == [TITLE, "Webhook", "Waiting to be sent", "2", "HTTP 503"]
    assert second[5] != DASH
    assert page.select_one("tbody .row-link")["href"] == f"/monitoring/operations/{run_id}"


def test_the_log_is_paged(operator, deliveries, app):
    with app.app_context(), write() as session:
        for number in range(51):
            session.add(
                Delivery(
                    user_id=deliveries.user_id,
                    channel=Channel.EMAIL,
                    state=DeliveryState.DELIVERED,
                    message=f"SMTP {number}",
                )
            )
    short = BeautifulSoup(operator.get("/account").data, "html.parser").select_one("#delivery-log")
    assert len(short.select("tbody tr")) == 5
    first = BeautifulSoup(operator.get(short.select_one(".panel-link")["href"]).data, "html.parser")
    older = first.find("a", rel="next")["href"]
    second = BeautifulSoup(operator.get(older).data, "html.parser")
    assert [row[4] for row in rows_of(second)] == ["SMTP 0"]


def test_nothing_sent_yet_says_so(operator):
    for page in ("/account", BASE):
        assert "Nothing sent yet" in operator.get(page).text


def test_everybody_has_their_own(cast, preference):
    cast.client("manager").post(f"{BASE}/email", data={"wanted": "1"})
    cast.client("manager").post(f"{BASE}/webhook", data={"url": URL})
    operator = cast.client("operator")
    assert SITE not in operator.get("/account").text
    operator.post(f"{BASE}/webhook/remove")
    assert preference("manager").webhook_url_encrypted is not None


def test_a_url_under_a_lost_key_is_said_to_be_unreadable(operator, app, preference):
    operator.post(f"{BASE}/webhook", data={"url": URL})
    settings = app.extensions["opsapp.settings"]
    app.extensions["opsapp.settings"] = settings.model_copy(
        update={"encryption_keys": (apps.Fernet.generate_key().decode(),)}
    )
    assert "unreadable" in words(panel(operator, "Notifications by webhook"))
    operator.post(f"{BASE}/webhook/remove")
    assert preference().webhook_url_encrypted is None
