"""The web process: ``gunicorn wsgi:app``, and what ``flask`` finds."""

import sys

from opsapp import create_app
from opsapp.config import ConfigError, Settings
from opsapp.logging import start_logging

try:
    settings = Settings.load()
    start_logging(settings)
    app = create_app(settings)
except ConfigError as error:
    sys.exit(f"opsapp: {error}")
