"""Log lines: JSON, with the run they belong to, and without secrets wherever these stand."""

import io
import json
import logging

import pytest

from opsapp import logging as opsapp_logging
from opsapp.logging import HIDDEN, configure_logging, current_run_id, hide, redact, run_logging

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJjb250b3NvIn0.c2lnbmF0dXJl"


@pytest.fixture
def written(monkeypatch):
    """The parsed log lines of the test; the process's logging is as before afterwards."""
    monkeypatch.setattr(opsapp_logging, "_known_secrets", set())
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("INFO", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)


def test_a_line_is_one_json_object_with_level_logger_time_and_extras(written):
    logging.getLogger("opsapp.x").warning("read %d objects\nfrom Graph", 7, extra={"tenant": 3})
    [line] = written()
    assert line["message"] == "read 7 objects\nfrom Graph"
    assert (line["level"], line["logger"], line["tenant"]) == ("WARNING", "opsapp.x", 3)
    assert line["at"].endswith("+00:00")
    assert "run_id" not in line


def test_lines_inside_a_run_carry_its_id_and_the_outer_one_comes_back(written):
    log = logging.getLogger("opsapp.x")
    with run_logging(41):
        with run_logging(42):
            log.info("inner")
        log.info("outer")
        assert current_run_id() == "41"
    log.info("after")
    assert [line.get("run_id") for line in written()] == ["42", "41", None]


def test_nothing_below_the_level_is_written(written):
    logging.getLogger("opsapp.x").debug("details")
    logging.getLogger("httpx").info("GET https://graph.example.test/?$skiptoken=abc")
    assert written() == []


@pytest.mark.parametrize(
    "secretive",
    [
        f"Authorization: Bearer {TOKEN}",
        f"token {TOKEN}",
        "client_secret=hunter2hunter2&grant_type=client_credentials",
        '{"client_secret": "hunter2hunter2", "scope": "x"}',
        "postgresql://opsapp:hunter2hunter2@db.example.test/opsapp",
        "redis://:hunter2hunter2@redis.example.test:6379",
        "SECRET_KEY=hunter2hunter2",
        "password: hunter2hunter2",
    ],
)
def test_what_looks_like_a_secret_is_hidden(secretive):
    cleaned = redact(f"before {secretive} after")
    assert "hunter2" not in cleaned
    assert TOKEN not in cleaned
    assert "eyJ" not in cleaned
    assert HIDDEN in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


@pytest.mark.parametrize(
    "harmless",
    [
        "graph.unauthenticated: the client secret expired",
        "GET https://graph.example.test/beta/deviceManagement/configurationPolicies?$top=100",
        "the password policy 'Windows - Password' was read",
        "redis://redis.example.test:6379/0",
    ],
)
def test_ordinary_text_stays_as_it_is(harmless):
    assert redact(harmless) == harmless


def test_known_secrets_are_hidden_in_messages_extras_and_tracebacks(written):
    hide("correct horse", None, "")
    log = logging.getLogger("opsapp.x")
    log.info("I know the correct horse", extra={"deep": {"list": ["correct horse"]}})
    try:
        int("correct horse")
    except ValueError:
        log.exception("failed")
    lines = written()
    assert "correct horse" not in json.dumps(lines)
    assert "ValueError" in lines[1]["exc_info"]


def test_extra_fields_named_like_secrets_are_hidden_whatever_they_hold(written):
    extra = {"client_secret": "abc", "tenant_password": "", "headers": {"Authorization": "abc"}}
    logging.getLogger("opsapp.x").info("request", extra=extra)
    [line] = written()
    assert line["client_secret"] == line["tenant_password"] == HIDDEN
    assert line["headers"] == {"Authorization": HIDDEN}
