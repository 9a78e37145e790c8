"""One signed message to a webhook, and everything that must not happen on the way."""

import base64
import hashlib
import hmac
import socket
import threading
import time

import pytest

from opsapp.delivery import webhook
from opsapp.delivery.errors import NotDelivered
from opsapp.delivery.targets import new_secret
from tests.support.receivers import running_hooks

PAYLOAD = {"type": "test", "data": {"title": "Grüße, שלום"}}


def post(url, secret=None, *, private_hosts=True, **values):
    hook = webhook.Hook(url, secret or new_secret())
    return webhook.post(hook, "msg_1", PAYLOAD, private_hosts=private_hosts, **values)


def failure(*arguments, **values):
    with pytest.raises(NotDelivered) as failed:
        post(*arguments, **values)
    return failed.value


def test_a_message_is_posted_as_json_and_signed(hooks):
    secret = new_secret()
    assert post(hooks.url, secret) == "HTTP 204"
    [posted] = hooks.posted
    assert posted.json == PAYLOAD
    assert posted.path == "/hooks/canary-path?key=canary-query"
    assert posted.headers["content-type"] == "application/json"
    # as the specification of Standard Webhooks says it, and not with the library that signed
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) >= 24
    sent_at = posted.headers["webhook-timestamp"]
    assert abs(time.time() - int(sent_at)) < 60
    content = f"{posted.headers['webhook-id']}.{sent_at}.".encode() + posted.body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert posted.headers["webhook-signature"] == f"v1,{expected}"


def test_another_secret_signs_otherwise(hooks):
    post(hooks.url)
    post(hooks.url)
    first, second = (posted.headers["webhook-signature"] for posted in hooks.posted)
    assert first != second


def test_a_redirect_is_not_followed(hooks, trusted):
    with running_hooks(trusted) as elsewhere:
        hooks.answers = [(307, {"Location": elsewhere.url})]
        assert failure(hooks.url).message == "HTTP 307"
        assert elsewhere.connections == 0


@pytest.mark.parametrize(("status", "is_final"), [(500, False), (404, False), (410, True)])
def test_a_refusal_is_told_by_its_number(hooks, status, is_final):
    hooks.answers = [(status, {})]
    failed = failure(hooks.url)
    assert (failed.message, failed.is_final) == (f"HTTP {status}", is_final)


@pytest.mark.parametrize(("value", "seconds"), [("120", 120), ("soon", None), ("-5", None)])
def test_the_pause_that_is_asked_for(hooks, value, seconds):
    hooks.answers = [(503, {"Retry-After": value})]
    assert failure(hooks.url).retry_after == seconds


def test_the_pause_may_be_a_date(hooks):
    hooks.answers = [(503, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})]
    assert failure(hooks.url).retry_after > 10**9
    hooks.answers = [(503, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"})]
    assert failure(hooks.url).retry_after == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433"])
def test_a_private_host_gets_no_connection(hooks, host):
    failed = failure(hooks.url.replace("localhost", host), private_hosts=False)
    assert failed.is_final
    assert failed.message == "The host has an address that is not public."
    assert hooks.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "10.0.0.1", "192.168.0.1", "0.0.0.0", "100.64.0.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[64:ff9b::a9fe:a9fe]"),
    ],
)
def test_addresses_of_inner_networks_are_refused(host, monkeypatch):
    def connect(*_):
        raise AssertionError("connected")

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert failure(f"https://{host}/", private_hosts=False).is_final


@pytest.fixture
def names(monkeypatch):
    """What names mean: each look-up takes the next list of addresses, the last one for good."""
    meanings: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def resolve(host, port, *arguments, **values):
        answers = meanings.get(host)
        if answers is None:
            return real(host, port, *arguments, **values)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for address in addresses for entry in real(address, port, type=1)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return meanings


def test_one_private_address_among_public_ones_is_enough_to_refuse(names, hooks):
    names["hooks.test"] = [["8.8.8.8", "127.0.0.1"]]
    assert failure(hooks.url.replace("localhost", "hooks.test"), private_hosts=False).is_final
    assert hooks.connections == 0


def test_the_address_that_was_checked_is_the_one_that_is_called(names, hooks, monkeypatch):
    """A name that is public when looked at, and private when it is connected to."""
    called = []

    def connect(_socket, address):
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    names["rebinding.test"] = [["8.8.8.8"], ["127.0.0.1"]]
    url = hooks.url.replace("localhost", "rebinding.test")
    assert not failure(url, private_hosts=False).is_final
    assert called == ["8.8.8.8"]


def test_the_next_address_is_tried(names, hooks):
    names["localhost"] = [["127.0.0.2", "127.0.0.1"]]
    assert post(hooks.url) == "HTTP 204"


def test_a_certificate_that_is_not_trusted(hooks, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    failed = failure(hooks.url)
    assert "SSLCertVerificationError" in failed.message
    assert not failed.is_final
    assert hooks.posted == []


def test_a_certificate_for_another_name(names, hooks):
    names["other.test"] = [["127.0.0.1"]]
    failed = failure(hooks.url.replace("localhost", "other.test"))
    assert "SSLCertVerificationError" in failed.message
    assert hooks.posted == []


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    failed = failure(f"https://127.0.0.1:{port}/")
    assert failed.message.startswith("ConnectError")
    assert not failed.is_final


def test_a_name_that_does_not_exist():
    failed = failure("https://no-such-host.invalid/")
    assert (failed.message, failed.is_final) == ("gaierror", False)


def test_an_answer_that_drips_is_cut_off(hooks):
    hooks.drips = True
    started = time.monotonic()
    assert "Timeout" in failure(hooks.url, seconds=0.5).message
    assert time.monotonic() - started < 5


def test_silence_is_cut_off(hooks):
    hooks.waits = threading.Event()
    started = time.monotonic()
    assert "Timeout" in failure(hooks.url, seconds=0.5).message
    hooks.waits.set()
    assert time.monotonic() - started < 5


def test_the_environments_proxy_is_not_asked(hooks, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(hooks.url) == "HTTP 204"


def test_a_hook_shows_nothing_of_itself():
    hook = webhook.Hook("https://example.com/secret", "whsec_secret")
    assert "secret" not in repr(hook)
