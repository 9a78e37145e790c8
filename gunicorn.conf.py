"""How the web process is served. Gunicorn reads this file by itself; its own options override it.

Pages only read the database, so threads serve them well; WEB_CONCURRENCY sets the processes.
"""

import os
import sys

from opsapp.config import ConfigError, Settings
from opsapp.logging import start_logging


def _number(name: str, default: int, lowest: int, highest: int) -> int:
    text = os.environ.get(name) or str(default)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len("99999") else -1
    if not lowest <= number <= highest:
        sys.exit(f"opsapp: {name}: must be a number from {lowest} to {highest}")
    return number


host = os.environ.get("HOST") or "0.0.0.0"  # noqa: S104 - a platform routes to it from outside
bind = [f"{host}:{_number('PORT', 8000, 1, 65535)}"]
workers = _number("WEB_CONCURRENCY", 1, 1, 1000)
worker_class = "gthread"
threads = 8
timeout = 30
graceful_timeout = 20
keepalive = 5
control_socket_disable = True

# Gunicorn's own lines take the same way as the application's.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": []},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        # no access log: the platform's router keeps one, and addresses hold what people search for
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": True},
    },
}


def on_starting(_server: object) -> None:
    """Refuses to start on a bad configuration; a worker that did so would be started for ever."""
    try:
        settings = Settings.load()
        settings.make_instance()
        start_logging(settings)
    except ConfigError as error:
        sys.exit(f"opsapp: {error}")
