"""Sending beside the tick: it never waits for it, and never hears of its trouble."""

import subprocess
import sys
import threading

import pytest

from opsapp.delivery import outbox
from opsapp.models import Channel, DeliveryState
from workers import deliveries as sending


@pytest.mark.usefixtures("app_context")
class TestBackground:
    def test_nothing_due_starts_nothing(self, deliveries):
        assert sending.send_in_background() is None

    def test_one_round_at_a_time_and_nobody_waits_for_it(self, deliveries, hooks):
        hooks.waits = threading.Event()
        deliveries.prefer(url=hooks.url)
        first = deliveries.add(Channel.WEBHOOK)
        thread = sending.send_in_background()
        second = deliveries.add(Channel.WEBHOOK)
        assert sending.send_in_background() is None
        hooks.waits.set()
        thread.join()
        sent = {deliveries.row(one).state for one in (first, second)}
        assert sent == {DeliveryState.DELIVERED}

    def test_trouble_is_logged_and_the_next_round_goes_on(
        self, deliveries, hooks, monkeypatch, caplog
    ):
        deliveries.prefer(url=hooks.url)
        delivery_id = deliveries.add(Channel.WEBHOOK)
        with monkeypatch.context() as patch:
            patch.setattr(outbox, "send_due", lambda: 1 / 0)
            sending.send_in_background().join()
        assert "sending notifications failed" in caplog.text
        sending.send_in_background().join()
        assert deliveries.row(delivery_id).state == DeliveryState.DELIVERED


def test_a_tick_with_nothing_to_send_loads_nothing_that_sends():
    code = (
        "import sys, workers.schedule;"
        "print({'smtplib', 'opsapp.delivery.outbox', 'httpcore'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "set()\n"
