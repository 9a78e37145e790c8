"""A scripted HTTPS server: sign-in and Graph on one port, for oddities no polite server shows."""

import base64
import ipaddress
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TENANT = "11111111-1111-4111-8111-111111111111"
CLIENT = "22222222-2222-4222-8222-222222222222"
SECRET = "correct-horse-battery"


class Reset:
    """Close the connection without an answer."""


class Silence:
    """Say nothing until the server stops."""


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Script = Callable[[Seen], Answer | Reset | Silence]


def fake_jwt(roles: list[str], serial: int) -> str:
    def part(value: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'roles': roles, 'serial': serial})}.c2lnbmF0dXJl"


class Stub:
    """``on`` scripts a path below the version; ``in_turn`` plays answers one by one."""

    def __init__(self, base_url: str, ca_path: Path) -> None:
        self.base_url = base_url
        self.ca_path = ca_path
        self.roles = ["DeviceManagementConfiguration.Read.All", "GroupMember.Read.All"]
        self.secret = SECRET
        self.token_lifetime = 3600
        self.valid_tokens: set[str] = set()
        self.seen: list[Seen] = []
        self.issued = 0
        self.connections = 0
        self.login_script: Script | None = None
        self.stopping = threading.Event()
        self._scripts: dict[str, Script] = {}
        self._otherwise: Script | None = None
        self._lock = threading.Lock()

    def on(self, path: str, script: Script) -> None:
        self._scripts[path] = script

    def answers_all(self, script: Script) -> None:
        """Scripts whatever path has no script of its own."""
        self._otherwise = script

    def in_turn(self, path: str, *answers: Answer | Reset | Silence) -> None:
        """The last answer is repeated."""
        waiting = list(answers)

        def play(_: Seen) -> Answer | Reset | Silence:
            with self._lock:
                return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        self.on(path, play)

    def calls(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def note_connection(self) -> None:
        with self._lock:
            self.connections += 1

    def expire_tokens(self) -> None:
        with self._lock:
            self.valid_tokens.clear()

    def answer(self, seen: Seen) -> Answer | Reset | Silence:
        with self._lock:
            self.seen.append(seen)
        if seen.path.endswith("/.well-known/openid-configuration"):
            return self._discovery(seen)
        if seen.path.endswith("/oauth2/v2.0/token"):
            return self.login_script(seen) if self.login_script else self.token(seen)
        return self._graph(seen)

    def _discovery(self, seen: Seen) -> Answer:
        tenant = seen.path.split("/")[1]
        if tenant != TENANT:
            return Answer(400, {"error": "invalid_tenant", "error_codes": [90002]})
        root = f"{self.base_url}/{tenant}"
        return Answer(
            body={
                "issuer": f"{root}/v2.0",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
            }
        )

    def token(self, seen: Seen) -> Answer:
        form = seen.form
        if "client_assertion" not in form and form.get("client_secret") != [self.secret]:
            return login_refusal(7000215, "Invalid client secret provided.")
        with self._lock:
            self.issued += 1
            token = fake_jwt(self.roles, self.issued)
            self.valid_tokens.add(token)
        lifetime = self.token_lifetime
        return Answer(body={"token_type": "Bearer", "expires_in": lifetime, "access_token": token})

    def _graph(self, seen: Seen) -> Answer | Reset | Silence:
        token = seen.headers.get("authorization", "").removeprefix("Bearer ")
        with self._lock:
            valid = token in self.valid_tokens
        if not valid:
            return graph_error(401, "InvalidAuthenticationToken", f"{token} has expired.")
        path = "/" + seen.path.lstrip("/").partition("/")[2]
        script = self._scripts.get(path, self._otherwise)
        return script(seen) if script else graph_error(404, "ResourceNotFound", "No such thing.")


def graph_error(status: int, code: str, message: str, **headers: str) -> Answer:
    body = {"error": {"code": code, "message": message, "innerError": {}}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def throttled(seconds: str | None = None) -> Answer:
    answer = graph_error(429, "TooManyRequests", "Slow down.")
    if seconds is not None:
        answer.headers["Retry-After"] = seconds
    return answer


def login_refusal(code: int, text: str, status: int = 401, error: str = "invalid_client") -> Answer:
    return Answer(
        status,
        {
            "error": error,
            "error_description": f"AADSTS{code}: {text} {SECRET}",
            "error_codes": [code],
            "trace_id": "trace-1",
            "correlation_id": "correlation-1",
        },
    )


def page(*values: Any, next_link: str | None = None, **more: Any) -> Answer:
    body = {"@odata.context": "x", "value": list(values), **more}
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    return Answer(body=body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def log_message(self, *_: Any) -> None:
        pass

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, unquote(parts.path), unquote(parts.query), headers, body)
        answer = self.stub.answer(seen)
        if isinstance(answer, Answer):
            self._send(seen, answer)
            return
        if isinstance(answer, Silence):
            self.stub.stopping.wait(30)
        self.close_connection = True
        reset_at_close = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_at_close)

    def _send(self, seen: Seen, answer: Answer) -> None:
        body = answer.body
        content = body if isinstance(body, bytes) else b""
        if body is not None and not isinstance(body, bytes):
            content = json.dumps(body).encode()
        self.send_response(answer.status)
        headers = {
            "request-id": f"service-{len(self.stub.seen)}",
            "client-request-id": seen.headers.get("client-request-id", "none"),
            "Content-Length": str(len(content)),
            **answer.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - names of the base class


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    tls: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            with self.tls.wrap_socket(request, server_side=True) as connection:
                self.RequestHandlerClass.stub.note_connection()
                super().finish_request(connection, client_address)
        except OSError:
            pass  # a client that went away is what some tests are about


def write_certificates(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback that is its own CA, and the key and certificate to serve it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    trusted, served = folder / "ca.pem", folder / "served.pem"
    trusted.write_bytes(pem)
    served.write_bytes(private + pem)
    return trusted, served


@contextmanager
def running_stub(trusted: Path, served: Path) -> Iterator[Stub]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {}))
    server.tls = context
    stub = Stub(f"https://localhost:{server.server_port}", trusted)
    server.RequestHandlerClass.stub = stub
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        stub.stopping.set()
        server.shutdown()
        thread.join()
        server.socket.close()
