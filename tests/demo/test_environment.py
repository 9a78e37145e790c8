"""The demo's configuration: kept, private, complete, and never the shell's."""

import stat

import pytest

from opsapp.config import Settings
from opsapp.demo import DemoError, environment
from tests.graph.stub import write_certificates


@pytest.fixture
def file(tmp_path):
    return tmp_path / "demo.env"


def test_secrets_are_made_once(file, tmp_path):
    made = environment.own_secrets(file, tmp_path / "demo")
    environment.write(file, made)
    assert environment.own_secrets(file, tmp_path / "demo") == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other = environment.own_secrets(tmp_path / "other.env", tmp_path / "demo")
    assert not set(other.values()) & set(made.values())


def test_data_without_their_keys_are_not_written_to(file, tmp_path):
    data = tmp_path / "demo"
    data.mkdir()
    (data / "opsapp.sqlite3").touch()
    with pytest.raises(DemoError, match=r"demo\.env"):
        environment.own_secrets(file, data)


def test_every_process_gets_settings_the_application_accepts(file, tmp_path, monkeypatch):
    ca, _key = write_certificates(tmp_path)
    own = environment.own_secrets(file, tmp_path / "demo")
    values = {
        **environment.configuration(own, tmp_path / "demo"),
        **environment.simulated("https://localhost:8443", ca),
    }
    environment.write(file, values)
    assert environment.read(file) == values
    for name, value in environment.for_children(values).items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.instance == tmp_path / "demo"
    assert settings.graph_base_url == settings.login_base_url == "https://localhost:8443"
    assert not settings.secure_cookies


def test_settings_of_the_shell_reach_no_process_of_the_demo(monkeypatch):
    for field in Settings.model_fields:
        monkeypatch.setenv(Settings.variable(field), "from the shell")
    for name in ("PORT", "WEB_CONCURRENCY", "FLASK_APP", "GUNICORN_CMD_ARGS", "RQ_KEY_PREFIX"):
        monkeypatch.setenv(name, "from the shell")
    monkeypatch.setenv("LANG", "C.UTF-8")
    children = environment.for_children({"SECRET_KEY": "the demo's"})
    assert "from the shell" not in children.values()
    assert children["SECRET_KEY"] == "the demo's"
    assert children["LANG"] == "C.UTF-8"
    assert children["FLASK_SKIP_DOTENV"] == "1"
