"""Settings that cannot work are refused: one line, the variable's name, never a secret."""

import pytest

from opsapp.config import ConfigError, Settings

GUID = "11111111-1111-4111-8111-111111111111"
PASSWORD = "hunter2"


@pytest.fixture
def load(environment, monkeypatch):
    def load(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        return Settings.load()

    return load


@pytest.fixture
def refusal(load):
    def refusal(**variables):
        with pytest.raises(ConfigError) as refused:
            load(**variables)
        line = str(refused.value)
        assert "\n" not in line
        assert PASSWORD not in line
        return line

    return refusal


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://[bad",
        f"postgresql://u:{PASSWORD}@h:abc/x",
        f"postgresql://u:{PASSWORD}@h:99999/x",
        f"postgresql://u:p@{PASSWORD}@h/x",
        f"postgresql://u:p@ss/{PASSWORD}@h/x",
        f"mysql://u:{PASSWORD}@h/x",
        "sqlite://x.db",
    ],
)
def test_a_malformed_database_url_is_refused(refusal, value):
    assert refusal(DATABASE_URL=value).startswith("DATABASE_URL: ")


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://u:p%40ss@db.example.test:5432/x?sslmode=require",
        "postgres://[::1]:5432/x",
        "postgresql://%2Frun%2Fpostgresql/x",
        "postgresql:///x?host=/run/postgresql",
        "postgresql+psycopg://u@h/x",
    ],
)
def test_a_postgresql_url_gets_the_driver_and_stays_as_it_is(load, value):
    assert load(DATABASE_URL=value).database_url == (
        "postgresql+psycopg://" + value.partition("://")[2]
    )


@pytest.mark.parametrize(
    "value",
    [
        "redis://h:99999/x",
        f"redis://u:{PASSWORD}@h:99999/0",
        f"redis://u:p/{PASSWORD}@h/0",
        f"redis://u:p#{PASSWORD}@h/0",
        "redis://h/x",
        "redis://h?db=x",
        "redis://h:port",
        "redis://[bad",
        "unix://",
        "http://h",
    ],
)
def test_a_malformed_redis_url_is_refused(refusal, value):
    assert refusal(REDIS_URL=value).startswith("REDIS_URL: ")


@pytest.mark.parametrize(
    "value",
    [
        "redis://h",
        "redis://h/",
        "redis://:p%2Fss@h:6379/2",
        "rediss://[::1]:6380/0?ssl_cert_reqs=none",
        "unix:///run/valkey.sock?db=1",
    ],
)
def test_a_redis_url_stays_as_it_is(load, value):
    assert load(REDIS_URL=value).redis_url == value


@pytest.mark.parametrize("name", ["OPSAPP_GRAPH_BASE_URL", "OPSAPP_LOGIN_BASE_URL"])
class TestBaseUrls:
    @pytest.mark.parametrize(
        "value",
        [
            "https://graph.example.test/v1.0",
            "https://graph.example.test/beta/",
            "https://graph.example.test//",
            "https://graph.example.test?x=1",
            "https://graph.example.test/?",
            "https://graph.example.test#x",
            f"https://u:{PASSWORD}@graph.example.test",
            "https://graph.example.test:99999",
            "https://[bad",
            "http://graph.example.test",
            "graph.example.test",
        ],
    )
    def test_more_than_a_host_is_refused(self, refusal, name, value):
        assert refusal(**{name: value}).startswith(f"{name}: ")

    def test_a_slash_at_the_end_is_dropped(self, load, name):
        settings = load(**{name: "https://localhost:8443/"})
        field = name.removeprefix("OPSAPP_").lower()
        assert getattr(settings, field) == "https://localhost:8443"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"OPSAPP_CLIENT_ID"}, "OPSAPP_CLIENT_ID needs"),
        ({"OPSAPP_CLIENT_SECRET"}, "OPSAPP_CLIENT_ID is required with OPSAPP_CLIENT_SECRET"),
        ({"OPSAPP_CLIENT_CERTIFICATE"}, "OPSAPP_CLIENT_ID is required"),
        (
            {"OPSAPP_CLIENT_SECRET", "OPSAPP_CLIENT_CERTIFICATE"},
            "OPSAPP_CLIENT_SECRET and OPSAPP_CLIENT_CERTIFICATE are both set",
        ),
        (
            {"OPSAPP_CLIENT_ID", "OPSAPP_CLIENT_SECRET", "OPSAPP_CLIENT_CERTIFICATE"},
            "OPSAPP_CLIENT_SECRET and OPSAPP_CLIENT_CERTIFICATE are both set",
        ),
    ],
)
def test_a_credential_is_an_id_with_either_secret_or_certificate(refusal, pem, given, named):
    values = {
        "OPSAPP_CLIENT_ID": GUID,
        "OPSAPP_CLIENT_SECRET": PASSWORD,
        "OPSAPP_CLIENT_CERTIFICATE": pem["both"],
    }
    assert refusal(**{name: values[name] for name in given}).startswith(named)


def test_a_whole_credential_is_taken(load, pem, monkeypatch):
    assert load(OPSAPP_CLIENT_ID=GUID, OPSAPP_CLIENT_SECRET=PASSWORD).client_secret == PASSWORD
    monkeypatch.delenv("OPSAPP_CLIENT_SECRET")
    certified = load(OPSAPP_CLIENT_CERTIFICATE=pem["both"])
    assert certified.client_certificate == pem["both"]


@pytest.mark.parametrize(
    "file", ["certificate", "key", "strangers", "keys", "garbled", "nothing", "empty"]
)
def test_a_client_certificate_needs_its_key_and_itself(refusal, pem, file):
    line = refusal(OPSAPP_CLIENT_ID=GUID, OPSAPP_CLIENT_CERTIFICATE=pem[file])
    assert line.startswith("OPSAPP_CLIENT_CERTIFICATE: ")
    assert str(pem[file]) in line


@pytest.mark.parametrize("file", ["key", "nothing", "empty"])
def test_a_ca_bundle_without_a_certificate_is_refused(refusal, pem, file):
    assert refusal(OPSAPP_CA_BUNDLE=pem[file]).startswith("OPSAPP_CA_BUNDLE: ")


@pytest.mark.parametrize("name", ["OPSAPP_CA_BUNDLE", "OPSAPP_CLIENT_CERTIFICATE"])
def test_a_file_that_cannot_be_read_is_refused(refusal, tmp_path, name):
    for file in (tmp_path, tmp_path / "nothing-here"):
        assert refusal(**{name: file}).startswith(f"{name}: {file} cannot be read")


def test_a_ca_bundle_is_taken(load, pem):
    assert load(OPSAPP_CA_BUNDLE=pem["certificate"]).ca_bundle == pem["certificate"]


def test_an_instance_folder_of_nobody_is_refused(refusal):
    assert refusal(OPSAPP_INSTANCE="~nobody-of-that-name/x").startswith("OPSAPP_INSTANCE: ")


@pytest.mark.parametrize(
    "value",
    [
        f"http://u:{PASSWORD}@mail.example.test",
        "mail.example.test:25",
        "smtp://",
        "smtp://[bad",
        "smtp://mail.example.test:99999",
        "smtp://mail.example.test:0",
        f"smtp://u:{PASSWORD}@mail.example.test",
        f"smtp://u:{PASSWORD}@@mail.example.test?starttls",
        f"smtp://u:p/{PASSWORD}@mail.example.test?starttls",
        "smtp://u@mail.example.test?starttls",
        "smtp://mail.example.test/inbox",
        "smtp://mail.example.test?tls",
        "smtps://mail.example.test#x",
    ],
)
def test_a_malformed_mail_server_is_refused(refusal, value):
    line = refusal(OPSAPP_SMTP_URL=value, OPSAPP_MAIL_FROM="ops@example.test")
    assert line.startswith("OPSAPP_SMTP_URL: ")


@pytest.mark.parametrize(
    "value",
    [
        "smtp://localhost",
        "smtp://[::1]:25",
        f"smtp://u:{PASSWORD}%40@mail.example.test:587?starttls",
        f"smtps://u:{PASSWORD}@mail.example.test",
    ],
)
def test_a_mail_server_stays_as_it_is_and_is_not_shown(load, value):
    settings = load(OPSAPP_SMTP_URL=value, OPSAPP_MAIL_FROM="OpsApp <ops@example.test>")
    assert settings.smtp_url == value
    assert settings.mail_from == "OpsApp <ops@example.test>"
    assert PASSWORD not in repr(settings)


@pytest.mark.parametrize(
    "value", ["ops", "ops@", "ops@example.test, eve@example.test", "a\nb@c.test"]
)
def test_a_sender_is_one_address(refusal, value):
    line = refusal(OPSAPP_SMTP_URL="smtp://localhost", OPSAPP_MAIL_FROM=value)
    assert line.startswith("OPSAPP_MAIL_FROM: ")


def test_a_mail_server_needs_a_sender(refusal):
    line = refusal(OPSAPP_SMTP_URL="smtp://localhost")
    assert line == "OPSAPP_MAIL_FROM is required with OPSAPP_SMTP_URL"


@pytest.mark.parametrize(
    "value",
    ["opsapp.example.test", "ftp://x", "https://", "https://u:p@x", "https://x?y", "https://x:0"],
)
def test_a_public_url_is_that_of_the_start_page(refusal, value):
    assert refusal(OPSAPP_PUBLIC_URL=value).startswith("OPSAPP_PUBLIC_URL: ")


def test_a_public_url_may_have_a_prefix(load):
    assert load(OPSAPP_PUBLIC_URL="https://x.test/ops/").public_url == "https://x.test/ops"
