"""Sending notifications, beside the tick: a slow mail server never delays what heals the ledger."""

import logging
import threading

from flask import Flask, current_app

from opsapp.delivery.due import has_due
from opsapp.extensions import db

logger = logging.getLogger(__name__)

_busy = threading.Lock()


def send_in_background() -> threading.Thread | None:
    """Starts sending what is due; None when nothing is, or when the last round still goes on.

    The thread ends by itself after a bounded time, and with its process.
    """
    if not has_due() or not _busy.acquire(blocking=False):
        return None
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    thread = threading.Thread(target=_send, args=(app,), name="deliveries", daemon=True)
    thread.start()
    return thread


def _send(app: Flask) -> None:
    try:
        # What speaks SMTP and HTTP is loaded where something is to be sent.
        from opsapp.delivery import outbox

        with app.app_context():
            outbox.send_due()
            db.session.remove()
    except Exception:
        logger.exception("sending notifications failed")
    finally:
        _busy.release()
