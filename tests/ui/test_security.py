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


@pytest.mark.parametrize("address", ["http://localhost", "https://localhost"])
@pytest.mark.parametrize(("secure", "said"), [(True, "max-age=31536000"), (False, None)])
def test_browsers_insist_on_https_where_cookies_do(make_app, settings, address, secure, said):
    app = make_app(settings.model_copy(update={"secure_cookies": secure}))
    headers = app.test_client().get("/nowhere", base_url=address).headers
    assert headers.get("Strict-Transport-Security") == said


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
