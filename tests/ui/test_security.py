"""What responses tell the browser, and that templates keep to it."""

import re
from pathlib import Path

import pytest

import opsapp
from opsapp.presenters.icons import icon

TEMPLATES = sorted((Path(opsapp.__file__).parent / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", ["/styleguide", "/nowhere"])
def test_pages_carry_a_strict_policy_and_are_not_kept(client, path):
    headers = client.get(path).headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_only_https_answers_insist_on_https(client):
    assert "Strict-Transport-Security" not in client.get("/nowhere").headers
    secure = client.get("/nowhere", base_url="https://localhost").headers
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_nothing_inline(template):
    source = template.read_text("utf-8")

    assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"(?:href|src)=[\"'](?:https?:)?//", source)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_icons_named_in_templates_exist(template):
    for name in re.findall(r"\bicon(?:_name=|\()\s*[\"']([a-z0-9-]+)[\"']", template.read_text()):
        assert icon(name)
