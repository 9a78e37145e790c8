"""The Flask application of this worker process, made once and inherited by every job."""

from functools import cache

from flask import Flask

from opsapp import create_app


@cache
def app() -> Flask:
    return create_app()
