"""What is due is sent once, retried with patience, given up in the end, and noted."""

import json
import threading
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from opsapp.database import utcnow
from opsapp.delivery import outbox
from opsapp.extensions import db
from opsapp.models import Channel, DeliveryState
from opsapp.models.base import write
from tests.support.deliveries import TITLE
from tests.support.ledger_rows import FAILED
from tests.support.processes import wait_until

PENDING, DELIVERED, GIVEN_UP = DeliveryState
EMAIL, WEBHOOK = Channel
CANARIES = ("canary-path", "canary-query", "canary-text", "whsec_")


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def run_id(cast, ledger):
    return ledger.run(FAILED, user_id=cast["operator"].id, inputs={"types": ["canary-input"]})


@pytest.fixture
def send(app):
    def send(**limits):
        with app.app_context():
            return outbox.send_due(**limits)

    return send


def state_of(row):
    return (row.state, row.attempts, row.message)


def minutes_until(moment):
    return (moment - utcnow()) / timedelta(minutes=1)


def test_a_run_arrives_by_webhook(deliveries, hooks, send, run_id, cast):
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK, run_id=run_id)
    assert send() == 1
    row = deliveries.row(delivery_id)
    assert state_of(row) == (DELIVERED, 1, "HTTP 204")
    assert row.delivered_at is not None
    [posted] = hooks.posted
    body = Webhook(deliveries.secret).verify(posted.body, posted.headers)
    assert body["type"] == "run.completed"
    assert body["data"]["title"] == TITLE
    assert body["data"]["url"] == f"https://opsapp.test/console/monitoring/operations/{run_id}"
    run = body["data"]["run"]
    assert (run["id"], run["tenant"], run["outcome"]) == (run_id, "contoso", "failed")
    assert run["reason_code"] == "worker.lost"
    assert body["timestamp"] == run["completed_at"]
    assert run["completed_at"].endswith("Z")
    assert "canary-input" not in posted.body.decode()
    assert send() == 0


def test_a_run_arrives_by_email(deliveries, mailbox, send, run_id, cast):
    deliveries.prefer(email=True)
    delivery_id = deliveries.add(EMAIL, run_id=run_id)
    assert send() == 1
    assert state_of(deliveries.row(delivery_id)) == (DELIVERED, 1, "SMTP 250")
    [letter] = mailbox.letters
    assert mailbox.recipients == [cast["operator"].email]
    assert letter["Subject"] == TITLE
    text = letter.get_content()
    assert TITLE in text
    assert f"https://opsapp.test/console/monitoring/operations/{run_id}" in text
    assert "https://opsapp.test/console/account" in text
    assert "Reason: worker.lost" in text
    assert "canary-input" not in text


def test_a_test_message_arrives_by_both(deliveries, hooks, mailbox, send):
    deliveries.prefer(email=True, url=hooks.url)
    deliveries.add(WEBHOOK)
    deliveries.add(EMAIL)
    assert send() == 2
    assert hooks.posted[0].json["type"] == "test"
    assert mailbox.letters[0]["Subject"] == "This is a test message of OpsApp."


def test_it_is_retried_with_growing_pauses_and_given_up_in_the_end(deliveries, hooks, send):
    hooks.answers = [(503, {})]
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    for attempt, pause in enumerate((1, 5, 30, 120, 360), start=1):
        assert send() == 1
        row = deliveries.row(delivery_id)
        assert state_of(row) == (PENDING, attempt, "HTTP 503")
        assert minutes_until(row.next_attempt_at) == pytest.approx(pause, abs=0.5)
        assert send() == 0
        deliveries.due_now()
    assert send() == 1
    assert state_of(deliveries.row(delivery_id)) == (GIVEN_UP, 6, "HTTP 503")
    deliveries.due_now()
    assert send() == 0
    assert len(hooks.posted) == 6
    ids = {posted.headers["webhook-id"] for posted in hooks.posted}
    assert len(ids) == 1


def test_what_recovers_is_delivered(deliveries, hooks, send):
    hooks.answers = [(503, {}), (200, {})]
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    send()
    deliveries.due_now()
    send()
    assert state_of(deliveries.row(delivery_id)) == (DELIVERED, 2, "HTTP 200")


@pytest.mark.parametrize(("asked", "minutes"), [("1200", 20), ("5", 1), ("999999999", 360)])
def test_the_pause_asked_for_is_kept_up_to_a_limit(deliveries, hooks, send, asked, minutes):
    hooks.answers = [(429, {"Retry-After": asked})]
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    send()
    row = deliveries.row(delivery_id)
    assert row.state == PENDING
    assert minutes_until(row.next_attempt_at) == pytest.approx(minutes, abs=0.5)


def test_a_hook_that_is_gone_is_not_asked_again(deliveries, hooks, send):
    hooks.answers = [(410, {})]
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    send()
    assert state_of(deliveries.row(delivery_id)) == (GIVEN_UP, 1, "HTTP 410")


def test_an_address_that_does_not_exist_is_not_written_to_again(deliveries, mailbox, send, cast):
    mailbox.refusals[cast["operator"].email] = "550 canary-text"
    deliveries.prefer(email=True)
    delivery_id = deliveries.add(EMAIL)
    send()
    assert state_of(deliveries.row(delivery_id)) == (GIVEN_UP, 1, "SMTP 550 (recipient)")


def test_a_mail_server_that_is_busy_is_asked_again(deliveries, mailbox, send, cast):
    mailbox.refusals["data"] = "452 disk full"
    deliveries.prefer(email=True)
    delivery_id = deliveries.add(EMAIL)
    send()
    assert deliveries.row(delivery_id).state == PENDING
    mailbox.refusals.clear()
    deliveries.due_now()
    send()
    assert deliveries.row(delivery_id).state == DELIVERED
    assert len(mailbox.letters) == 1


def test_a_public_address_is_wanted_unless_the_setting_says_otherwise(
    app, deliveries, hooks, send, run_id
):
    deliveries.prefer(url=hooks.url)
    app.extensions["opsapp.settings"] = deliveries.settings.model_copy(
        update={"webhook_private_hosts": False}
    )
    delivery_id = deliveries.add(WEBHOOK, run_id=run_id)
    send()
    row = deliveries.row(delivery_id)
    assert state_of(row) == (GIVEN_UP, 1, "The host has an address that is not public.")
    assert hooks.connections == 0


@pytest.mark.parametrize(
    ("change", "channel", "message"),
    [
        ("deactivate", EMAIL, "The account is deactivated."),
        ("leave_tenant", WEBHOOK, "The tenant is no longer yours to see."),
        ("prefer", EMAIL, "E-mail was switched off."),
        ("prefer", WEBHOOK, "The webhook was removed."),
    ],
)
def test_what_has_no_reader_any_more_is_given_up(
    deliveries, hooks, mailbox, send, run_id, change, channel, message
):
    deliveries.prefer(email=True, url=hooks.url)
    delivery_id = deliveries.add(channel, run_id=run_id)
    getattr(deliveries, change)()
    send()
    assert state_of(deliveries.row(delivery_id)) == (GIVEN_UP, 1, message)
    assert hooks.posted == mailbox.letters == []


def test_workers_without_a_mail_server_say_so_and_wait(app, deliveries, mailbox, send):
    deliveries.prefer(email=True)
    app.extensions["opsapp.settings"] = deliveries.settings.model_copy(update={"smtp_url": None})
    delivery_id = deliveries.add(EMAIL)
    send()
    row = deliveries.row(delivery_id)
    assert row.state == PENDING
    assert "OPSAPP_SMTP_URL" in row.message


def test_two_outboxes_send_once(app, deliveries, hooks):
    hooks.waits = threading.Event()
    deliveries.prefer(url=hooks.url)
    ids = [deliveries.add(WEBHOOK) for _ in range(6)]
    sent, start = [], threading.Barrier(3)

    def outbox_of_a_worker():
        with app.app_context():
            start.wait()
            sent.append(outbox.send_due())
            db.session.remove()

    threads = [threading.Thread(target=outbox_of_a_worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: hooks.posted, what="the first message is being sent")
    hooks.waits.set()
    for thread in threads:
        thread.join()
    assert sum(sent) <= len(ids)
    with app.app_context():
        outbox.send_due()  # what somebody lost in a race and nobody looked at again
    assert len(hooks.posted) == len(ids)
    assert len({posted.headers["webhook-id"] for posted in hooks.posted}) == len(ids)
    assert {deliveries.row(one).attempts for one in ids} == {1}


def test_a_claim_is_won_by_one(app, deliveries, hooks):
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    with app.app_context():
        assert outbox.claim_next() == outbox.Claim(delivery_id, 1)
        assert outbox.claim_next() is None


def test_who_dies_while_sending_is_followed_by_another_under_the_same_id(
    app, deliveries, hooks, send
):
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    with app.app_context():
        claim = outbox.claim_next()
        outbox._send(claim.delivery_id)  # arrived, and nothing was noted
        db.session.remove()
    assert send() == 0
    row = deliveries.row(delivery_id)
    assert (row.state, row.attempts) == (PENDING, 1)
    assert 1 < minutes_until(row.next_attempt_at) <= 2
    deliveries.due_now()
    assert send() == 1
    first, second = hooks.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert state_of(deliveries.row(delivery_id)) == (DELIVERED, 2, "HTTP 204")


def test_what_kills_every_sender_is_given_up(deliveries, hooks, send):
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK, attempts=outbox.MAX_ATTEMPTS)
    send()
    assert deliveries.row(delivery_id).state == GIVEN_UP
    assert hooks.posted == []


def test_an_old_failure_does_not_undo_a_later_attempt(app, deliveries, hooks):
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    with app.app_context():
        old = outbox.claim_next()
        deliveries.due_now()
        outbox.claim_next()
        outbox._note_failure(old, outbox.NotDelivered("late", is_final=True))
    row = deliveries.row(delivery_id)
    assert state_of(row) == (PENDING, 2, None)


def test_nothing_is_held_while_it_is_sent(app, deliveries, hooks, send):
    hooks.waits = threading.Event()
    deliveries.prefer(url=hooks.url)
    deliveries.add(WEBHOOK)
    thread = threading.Thread(target=send)
    thread.start()
    wait_until(lambda: hooks.posted, what="it is being sent")
    with app.app_context(), write() as session:  # another writer goes ahead
        session.execute(db.text("UPDATE users SET name = 'Changed'"))
    hooks.waits.set()
    thread.join()


def test_a_round_is_bounded(deliveries, hooks, send):
    deliveries.prefer(url=hooks.url)
    for _ in range(3):
        deliveries.add(WEBHOOK)
    assert send(limit=2) == 2
    assert send(seconds=0) == 0
    assert send() == 1


def test_a_surprise_is_logged_and_retried(deliveries, hooks, send, monkeypatch, caplog):
    def surprise(*_arguments, **_values):
        raise RuntimeError("odd")

    monkeypatch.setattr(outbox.webhook, "post", surprise)
    deliveries.prefer(url=hooks.url)
    delivery_id = deliveries.add(WEBHOOK)
    assert send() == 1
    assert state_of(deliveries.row(delivery_id)) == (PENDING, 1, "RuntimeError")
    assert f"delivery {delivery_id} failed" in caplog.text


def test_no_secret_is_in_the_database_or_in_the_logs(
    app, deliveries, hooks, mailbox, send, caplog, monkeypatch
):
    caplog.set_level("DEBUG")
    mailbox.refusals["data"] = "554 canary-text"
    hooks.answers = [(500, {})]
    deliveries.prefer(email=True, url=hooks.url)
    deliveries.add(WEBHOOK)
    deliveries.add(EMAIL)
    send()
    monkeypatch.delenv("SSL_CERT_FILE")
    deliveries.due_now()
    send()
    with app.app_context():
        rows = [
            list(db.session.execute(db.text(f"SELECT * FROM {table}")))
            for table in ("notification_deliveries", "delivery_preferences", "audit_events")
        ]
    ours = (line for line in caplog.records if line.name != "mail.log")  # that is the receiver's
    seen = json.dumps(rows, default=str) + "".join(line.getMessage() for line in ours)
    assert len(rows[0]) == 2
    assert [word for word in (*CANARIES, deliveries.secret) if word in seen] == []
