"""Style sheets and scripts: where they are, how long they keep, how much they weigh."""

import gzip
import re

import pytest

from opsapp.blueprints import assets

BUDGET = 90 * 1024


def address(name, version=None):
    return f"/assets/{version or assets.version()}/{name}"


def test_everything_is_served_for_good_under_its_version(client):
    for name in assets.files():
        answer = client.get(address(name))

        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["Cache-Control"], name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.data == assets.files()[name].read_bytes()


def test_another_version_is_served_but_not_kept(client):
    answer = client.get(address("css/tokens.css", "000000000000"))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "name", ["nothing.css", "../config.py", "css/../../config.py", "vendor/bootstrap.min.css.map"]
)
def test_nothing_else_is_served(client, name):
    assert client.get(address(name)).status_code == 404


def test_assets_are_packed_for_those_who_can_unpack(client):
    name = "vendor/bootstrap.min.css"

    packed = client.get(address(name), headers={"Accept-Encoding": "gzip, br"})
    plain = client.get(address(name), headers={"Accept-Encoding": "gzip;q=0"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_a_page_asks_for_assets_that_exist_and_weigh_little(client):
    page = client.get("/styleguide").text
    wanted = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', page))
    answers = [client.get(url, headers={"Accept-Encoding": "gzip"}) for url in wanted]

    assert {answer.status_code for answer in answers} == {200}
    scripts_and_styles = [one for one in answers if one.mimetype != "image/svg+xml"]
    assert len(scripts_and_styles) > 5
    assert sum(len(one.data) for one in scripts_and_styles) <= BUDGET


def test_every_module_that_is_imported_is_preloaded():
    modules = {name: path for name, path in assets.files().items() if name.startswith("js/")}
    for path in modules.values():
        for imported in re.findall(r'(?:import|from) "\./([^"]+)"', path.read_text("utf-8")):
            assert f"js/{imported}" in modules


def test_no_asset_of_ours_leads_to_another_host():
    for name, path in assets.files().items():
        if name not in assets.VENDOR:
            text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?://|//[a-z]+\.[a-z]", text), name


def test_the_version_follows_the_content(monkeypatch, tmp_path):
    (tmp_path / "a.css").write_text("a {}")
    monkeypatch.setattr(assets, "OWN", tmp_path)
    versions = []
    try:
        for content in ("a {}", "b {}", "a {}"):
            (tmp_path / "a.css").write_text(content)
            assets.files.cache_clear()
            assets.version.cache_clear()
            versions.append(assets.version())
    finally:
        assets.files.cache_clear()
        assets.version.cache_clear()

    assert versions[0] == versions[2] != versions[1]


def test_a_name_that_is_not_an_asset_is_a_mistake_to_notice(app):
    with app.test_request_context(), pytest.raises(LookupError):
        assets.asset("css/nothing.css")
