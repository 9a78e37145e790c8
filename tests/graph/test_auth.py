import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from cryptography.fernet import Fernet, MultiFernet

from opsapp.graph.client import AppCredential, GraphClient, GraphSettings
from opsapp.graph.clouds import endpoints
from opsapp.graph.errors import (
    ConsentMissing,
    GraphError,
    GraphTimeout,
    TenantDisconnected,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from opsapp.graph.settings import Timeouts
from opsapp.graph.token_store import drop_tokens, storage_key
from tests.graph.conftest import QUICK, OpenGraph
from tests.graph.stub import (
    CLIENT,
    SECRET,
    TENANT,
    Answer,
    Reset,
    Silence,
    Stub,
    login_refusal,
    page,
)

ROOT = Path(__file__).parents[2]
ELSEWHERE = """
import json, sys
import redis
from cryptography.fernet import Fernet
from opsapp.graph.client import AppCredential, GraphSettings, open_client

base, ca, tenant, client, secret, url, key = sys.argv[1:]
settings = GraphSettings(login_base_url=base, graph_base_url=base, ca_bundle=ca)
with redis.Redis.from_url(url) as shared, open_client(
    settings, tenant, AppCredential(client, secret), redis=shared, fernet=Fernet(key)
) as graph:
    print(json.dumps(list(graph.iter_items("/groups"))))
"""


def key_of(settings: GraphSettings) -> str:
    return storage_key(endpoints(settings), CLIENT, TENANT)


class TestSharing:
    def test_a_token_is_fetched_once_for_all_processes(
        self, open_graph: OpenGraph, stub: Stub, shared: redis.Redis, redis_url: str
    ) -> None:
        stub.in_turn("/groups", page("g"))
        key = Fernet.generate_key()
        list(open_graph(redis=shared, fernet=Fernet(key)).iter_items("/groups"))

        place = [stub.base_url, stub.ca_path, TENANT, CLIENT, SECRET, redis_url, key.decode()]
        elsewhere = subprocess.run(
            [sys.executable, "-c", ELSEWHERE, *place],
            check=True,
            capture_output=True,
            timeout=60,
            cwd=ROOT,
        )

        assert json.loads(elsewhere.stdout) == ["g"]
        assert stub.issued == 1

    def test_what_lies_in_redis_is_sealed_and_does_not_outlive_the_token(
        self,
        open_graph: OpenGraph,
        stub: Stub,
        shared: redis.Redis,
        graph_settings: GraphSettings,
    ) -> None:
        stub.token_lifetime = 1000
        open_graph(redis=shared).token_roles()

        names = list(shared.scan_iter("*token*"))
        assert names == [key_of(graph_settings).encode()]
        sealed = shared.get(names[0])
        assert isinstance(sealed, bytes)
        (token,) = stub.valid_tokens
        assert token.encode() not in sealed
        assert SECRET.encode() not in sealed
        assert 0 < shared.ttl(names[0]) <= 1000

    def test_a_rotated_key_still_opens_what_the_old_one_sealed(
        self, open_graph: OpenGraph, stub: Stub, shared: redis.Redis
    ) -> None:
        old, new = Fernet(Fernet.generate_key()), Fernet(Fernet.generate_key())
        open_graph(redis=shared, fernet=old).token_roles()

        open_graph(redis=shared, fernet=MultiFernet([new, old])).token_roles()
        assert stub.issued == 1

        open_graph(redis=shared, fernet=new).token_roles()
        assert stub.issued == 2

    @pytest.mark.parametrize("rubbish", [b"rubbish", b""])
    def test_rubbish_in_redis_is_replaced(
        self,
        open_graph: OpenGraph,
        stub: Stub,
        shared: redis.Redis,
        graph_settings: GraphSettings,
        rubbish: bytes,
    ) -> None:
        shared.set(key_of(graph_settings), rubbish)
        open_graph(redis=shared).token_roles()
        open_graph(redis=shared).token_roles()

        assert stub.issued == 1

    def test_a_changed_secret_is_really_tried(
        self, open_graph: OpenGraph, stub: Stub, shared: redis.Redis
    ) -> None:
        open_graph(redis=shared).token_roles()

        with pytest.raises(Unauthenticated):
            open_graph(redis=shared, credential=AppCredential(CLIENT, "mistyped")).token_roles()

    def test_tenants_and_clouds_do_not_share(self, graph_settings: GraphSettings) -> None:
        other = replace(graph_settings, graph_base_url="https://elsewhere.test")
        plain = GraphSettings()
        keys = {
            storage_key(endpoints(graph_settings), CLIENT, TENANT),
            storage_key(endpoints(other), CLIENT, TENANT),
            storage_key(endpoints(plain), CLIENT, TENANT),
            storage_key(endpoints(plain), CLIENT, "another"),
            storage_key(endpoints(plain), "another", TENANT),
        }
        assert len(keys) == 5

    def test_a_dropped_token_is_gone_for_everyone(
        self,
        open_graph: OpenGraph,
        stub: Stub,
        shared: redis.Redis,
        graph_settings: GraphSettings,
    ) -> None:
        open_graph(redis=shared).token_roles()
        drop_tokens(shared, endpoints(graph_settings), CLIENT, TENANT)
        open_graph(redis=shared).token_roles()

        assert stub.issued == 2

    def test_without_redis_one_client_keeps_its_token(
        self, open_graph: OpenGraph, stub: Stub, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        stub.in_turn("/groups", page("g"))
        gone = redis.Redis(unix_socket_path=str(tmp_path / "nobody"), retry=None)
        graph = open_graph(redis=gone)

        for _ in range(3):
            assert list(graph.iter_items("/groups")) == ["g"]

        assert stub.issued == 1
        assert len([r for r in caplog.records if "Redis is unreachable" in r.message]) == 1
        gone.close()

    def test_many_threads_fetch_one_token(self, graph: GraphClient, stub: Stub) -> None:
        stub.in_turn("/groups", page("g"))
        together = threading.Barrier(8)

        def read(_: int) -> list:
            together.wait(10)
            return list(graph.iter_items("/groups"))

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(read, range(8))) == [["g"]] * 8
        assert stub.issued == 1


class TestRenewal:
    def test_an_expired_token_is_renewed_once_and_the_request_succeeds(
        self, open_graph: OpenGraph, stub: Stub, shared: redis.Redis
    ) -> None:
        stub.in_turn("/groups", page("g"))
        graph = open_graph(redis=shared)
        list(graph.iter_items("/groups"))
        stub.expire_tokens()

        assert list(graph.iter_items("/groups")) == ["g"]

        assert stub.issued == 2
        assert list(open_graph(redis=shared).iter_items("/groups")) == ["g"]
        assert stub.issued == 2

    def test_a_write_is_sent_again_with_the_new_token(self, graph: GraphClient, stub: Stub) -> None:
        stub.in_turn("/groups", Answer(201, {"id": "1"}))
        graph.token_roles()
        stub.expire_tokens()

        assert graph.post("/groups", {"a": 1}).json == {"id": "1"}
        assert [seen.json for seen in stub.calls("/beta/groups")] == [{"a": 1}] * 2

    def test_the_token_another_worker_renewed_is_used(
        self, open_graph: OpenGraph, stub: Stub, shared: redis.Redis
    ) -> None:
        stub.in_turn("/groups", page("g"))
        first, second = open_graph(redis=shared), open_graph(redis=shared)
        list(first.iter_items("/groups"))
        list(second.iter_items("/groups"))
        stub.expire_tokens()

        list(first.iter_items("/groups"))
        list(second.iter_items("/groups"))

        assert stub.issued == 2

    def test_a_rejected_token_is_shared_no_longer_even_if_no_new_one_is_to_be_had(
        self, open_graph: OpenGraph, stub: Stub, shared: redis.Redis
    ) -> None:
        stub.in_turn("/groups", page("g"))
        graph = open_graph(redis=shared)
        list(graph.iter_items("/groups"))
        stub.expire_tokens()
        stub.secret = "changed"

        with pytest.raises(Unauthenticated):
            list(graph.iter_items("/groups"))

        assert list(shared.scan_iter("*token*")) == []

    def test_many_threads_with_an_expired_token_renew_it_once(
        self, graph: GraphClient, stub: Stub
    ) -> None:
        stub.in_turn("/groups", page("g"))
        graph.token_roles()
        stub.expire_tokens()
        together = threading.Barrier(8)

        def read(_: int) -> list:
            together.wait(10)
            return list(graph.iter_items("/groups"))

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(read, range(8))) == [["g"]] * 8
        assert stub.issued == 2

    def test_fresh_roles_show_a_consent_given_a_moment_ago(
        self, graph: GraphClient, stub: Stub
    ) -> None:
        assert graph.token_roles() == tuple(sorted(stub.roles))
        stub.roles = ["Policy.Read.All"]

        assert graph.token_roles() != ("Policy.Read.All",)
        assert graph.token_roles(fresh=True) == ("Policy.Read.All",)
        assert graph.token_roles() == ("Policy.Read.All",)

    def test_a_token_that_is_no_jwt_has_no_roles(self, graph: GraphClient, stub: Stub) -> None:
        stub.login_script = lambda _: Answer(
            body={"token_type": "Bearer", "expires_in": 3600, "access_token": "opaque"}
        )
        assert graph.token_roles() == ()


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "kind", "reason"),
        [
            (7000215, Unauthenticated, "graph.unauthenticated"),
            (7000222, Unauthenticated, "graph.unauthenticated"),
            (424242, Unauthenticated, "graph.unauthenticated"),
            (700016, TenantDisconnected, "tenant.disconnected"),
            (7000229, TenantDisconnected, "tenant.disconnected"),
            (90002, TenantDisconnected, "tenant.disconnected"),
            (65001, ConsentMissing, "graph.consent_missing"),
        ],
    )
    @pytest.mark.parametrize("status", [400, 401])
    def test_a_refusal_of_the_sign_in_service_is_explained(
        self,
        graph: GraphClient,
        stub: Stub,
        code: int,
        kind: type[GraphError],
        reason: str,
        status: int,
    ) -> None:
        stub.login_script = lambda _: login_refusal(code, "Text.", status)

        with pytest.raises(GraphError) as caught:
            graph.get("/groups")

        error = caught.value
        assert type(error) is kind
        assert (error.reason_code, error.code) == (reason, f"AADSTS{code}")
        assert (error.request_id, error.client_request_id) == ("trace-1", "correlation-1")
        assert SECRET not in f"{error!r} {error} {error.item_message}"
        assert len(stub.seen) == 2  # discovery and one try

    def test_a_tenant_nobody_knows(self, open_graph: OpenGraph, stub: Stub) -> None:
        with pytest.raises(TenantDisconnected) as caught:
            open_graph(tenant_id="33333333-3333-4333-8333-333333333333").get("/groups")

        assert caught.value.status == 400

    def test_throttled_sign_in_is_throttled(self, open_graph: OpenGraph, stub: Stub) -> None:
        stub.login_script = lambda _: Answer(429, {"error": "busy"}, {"Retry-After": "70"})

        with pytest.raises(Throttled) as caught:
            open_graph().get("/groups")

        assert caught.value.retry_after == 70

    @pytest.mark.parametrize("fault", [Answer(503, {}), Answer(500, b"<html>"), Reset()])
    def test_a_passing_fault_of_the_sign_in_service_is_waited_out(
        self, graph: GraphClient, stub: Stub, fault: Answer | Reset
    ) -> None:
        stub.in_turn("/groups", page("g"))
        faults = [fault, fault]
        stub.login_script = lambda seen: faults.pop() if faults else stub.token(seen)

        assert list(graph.iter_items("/groups")) == ["g"]

    @pytest.mark.parametrize("fresh", [False, True])
    def test_a_passing_fault_does_not_hide_the_roles(
        self, graph: GraphClient, stub: Stub, fresh: bool
    ) -> None:
        faults: list[Answer | Reset] = [Answer(503, {}), Reset()]
        stub.login_script = lambda seen: faults.pop() if faults else stub.token(seen)

        assert graph.token_roles(fresh=fresh) == tuple(sorted(stub.roles))

    @pytest.mark.parametrize("body", [b"<html>", b"", [1], {}])
    def test_nonsense_from_the_sign_in_service_is_an_error_of_ours(
        self, graph: GraphClient, stub: Stub, body: object
    ) -> None:
        stub.login_script = lambda _: Answer(200, body)

        with pytest.raises(GraphError) as caught:
            graph.get("/groups")

        assert caught.value.reason_code in {"graph.response_invalid", "graph.unauthenticated"}

    def test_a_silent_sign_in_service_is_a_timeout(
        self, open_graph: OpenGraph, stub: Stub, graph_settings: GraphSettings
    ) -> None:
        stub.login_script = lambda _: Silence()
        impatient = replace(
            graph_settings,
            timeouts=Timeouts(connect=5, read=0.2, write=5, pool=5),
            retry=replace(QUICK, tries=1),
        )
        with pytest.raises(GraphTimeout):
            open_graph(settings=impatient).post("/groups", {})

    def test_an_untrusted_certificate_is_said_to_be_one(
        self, open_graph: OpenGraph, graph_settings: GraphSettings
    ) -> None:
        stranger = replace(graph_settings, ca_bundle=None, retry=replace(QUICK, tries=1))

        with pytest.raises(Unavailable, match="not trusted"):
            open_graph(settings=stranger).get("/groups")

    def test_the_environment_does_not_decide_whom_to_trust(
        self, open_graph: OpenGraph, stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        stub.in_turn("/groups", page("g"))
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(tmp_path / "other.pem"))
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        assert list(open_graph().iter_items("/groups")) == ["g"]


class TestCredentials:
    def test_a_certificate_signs_in(self, open_graph: OpenGraph, stub: Stub, rsa_pem: Path) -> None:
        stub.in_turn("/groups", page("g"))
        certified = AppCredential(CLIENT, certificate_path=rsa_pem)

        assert list(open_graph(credential=certified).iter_items("/groups")) == ["g"]

        form = stub.calls(f"/{TENANT}/oauth2/v2.0/token")[0].form
        assert "client_secret" not in form
        assert len(form["client_assertion"][0].split(".")) == 3

    @pytest.mark.parametrize("content", [None, b"", b"\xff\x00", "certificate only"])
    def test_a_file_that_is_no_credential_is_said_to_be_none(
        self,
        open_graph: OpenGraph,
        stub: Stub,
        certificates: tuple[Path, Path],
        tmp_path: Path,
        content: bytes | str | None,
    ) -> None:
        path = tmp_path / "app.pem"
        if content is not None:
            known = isinstance(content, bytes)
            path.write_bytes(content if known else certificates[0].read_bytes())

        with pytest.raises(Unauthenticated, match="certificate file"):
            open_graph(credential=AppCredential(CLIENT, certificate_path=path)).get("/groups")

        assert stub.calls("/beta/groups") == []

    @pytest.mark.parametrize(("secret", "path"), [(None, None), ("s", "p"), ("", None)])
    def test_it_is_a_secret_or_a_certificate(self, secret: str | None, path: str | None) -> None:
        with pytest.raises(ValueError, match="either"):
            AppCredential(CLIENT, secret, path)

    def test_nothing_secret_shows(
        self, open_graph: OpenGraph, stub: Stub, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        stub.in_turn("/groups", page("confidential-content"))
        graph = open_graph()
        list(graph.iter_items("/groups"))
        stub.expire_tokens()
        list(graph.iter_items("/groups"))

        assert SECRET not in repr(AppCredential(CLIENT, SECRET))
        ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("opsapp"))
        everything = caplog.text
        assert "request-id service-" in ours
        assert SECRET not in everything
        assert "eyJ" not in everything
        assert "confidential-content" not in everything

    @pytest.mark.parametrize("tenant", ["", "../x", "a/b", "a b", "x" * 300, "common?x"])
    def test_a_tenant_that_is_no_name_is_refused(self, open_graph: OpenGraph, tenant: str) -> None:
        with pytest.raises(ValueError, match="GUID"):
            open_graph(tenant_id=tenant)
