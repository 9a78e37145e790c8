"""Error pages say what happened and what to do, and need nothing but the process itself."""

import pytest
from bs4 import BeautifulSoup
from flask import abort

from opsapp.permissions import public


def heading(answer):
    return BeautifulSoup(answer.text, "html5lib").h1.text


def add(app, path, view, **options):
    app.add_url_rule(path, endpoint=path, view_func=public(view), **options)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (400, "The request could not be read"),
        (403, "You do not have the right for this"),
        (404, "Page not found"),
        (413, "Too large"),
        (418, "The request could not be read"),
        (429, "Too many attempts"),
        (500, "Something went wrong on our side"),
        (501, "Something went wrong on our side"),
        (503, "Not available right now"),
    ],
)
def test_a_refusal_is_a_page_in_words(app, client, code, words):
    add(app, "/refused", lambda: abort(code))

    answer = client.get("/refused")

    assert (answer.status_code, heading(answer)) == (code, words)
    assert f"Status {code}" in answer.text


def test_a_wrong_method_names_the_right_one(client):
    answer = client.post("/nowhere-but-assets")
    assert answer.status_code == 404

    answer = client.post("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_the_api_gets_json(client):
    answer = client.get("/api/nothing")

    assert answer.status_code == 404
    assert answer.json["error"] == "Page not found"


def test_a_form_without_its_token_is_explained(app, cast):
    answer = cast.client("operator", csrf=True).post("/account/theme", data={"theme": "dark"})

    assert answer.status_code == 400
    assert heading(answer) == "This form is no longer valid"


def test_a_crash_is_recorded_and_tells_nothing(app, caplog):
    def crash():
        raise ValueError("the secret is hunter2")

    add(app, "/crash", crash)
    app.testing = False

    answer = app.test_client().get("/crash")

    assert (answer.status_code, heading(answer)) == (500, "Something went wrong on our side")
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    (record,) = [one for one in caplog.records if one.message == "unhandled error at /crash"]
    assert record.reference in answer.text


def test_a_crash_goes_on_to_the_developer(app, client):
    def crash():
        raise ValueError("look here")

    add(app, "/crash", crash)

    with pytest.raises(ValueError, match="look here"):
        client.get("/crash")


def test_error_pages_do_not_need_the_database(make_app, settings, tmp_path):
    broken = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/none/at/all"})
    app = make_app(broken)
    app.testing = False
    client = app.test_client()
    client.set_cookie("session", "not a session")

    assert client.get("/nowhere").status_code == 404
