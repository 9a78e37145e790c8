"""The web process: ``gunicorn wsgi:app``, and what ``flask`` finds."""

import sys

from opsapp import create_app
from opsapp.config import ConfigError

try:
    app = create_app()
except ConfigError as error:
    sys.exit(f"opsapp: {error}")
