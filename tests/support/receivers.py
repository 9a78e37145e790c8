"""Real receivers of what leaves OpsApp: a web server for webhooks, and a mail server."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hooks:
    """Answers with what is in ``answers`` (status, headers), the last one for good."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(204, {})])
    posted: list[Posted] = field(default_factory=list)
    connections: int = 0
    drips: bool = False
    waits: threading.Event | None = None

    def next_answer(self) -> tuple[int, dict[str, str]]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    hooks: Hooks
    stopping: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hooks.posted.append(Posted(self.path, headers, body))
        if self.hooks.waits:
            self.hooks.waits.wait(10)
        if self.hooks.drips:
            self._drip()
            return
        status, extra = self.hooks.next_answer()
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self) -> None:
        """An answer that never ends, and never pauses for long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        try:
            while not self.stopping.wait(0.05):
                self.wfile.write(b"x")
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hooks: Hooks

    def process_request(self, request: Any, client_address: Any) -> None:
        self.hooks.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, *_: Any) -> None:
        pass  # a client that does not trust the certificate


@contextmanager
def running_hooks(served: Path | None = None) -> Iterator[Hooks]:
    """A receiver on loopback: https with the key and certificate in ``served``, else http."""
    hooks, stopping = Hooks(), threading.Event()
    handler = type("Handler", (_Handler,), {"hooks": hooks, "stopping": stopping})
    with _Server(("127.0.0.1", 0), handler) as server:
        server.hooks = hooks
        scheme = "http"
        if served:
            scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(served)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        hooks.url = f"{scheme}://localhost:{server.server_port}/hooks/canary-path?key=canary-query"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hooks
        finally:
            stopping.set()
            server.shutdown()
            thread.join()


@dataclass
class Mailbox:
    """``refusals`` maps a recipient, or "data", to what the server answers instead of 250."""

    url: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    signed_in: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any
    ) -> str:
        if "data" in self.refusals:
            return self.refusals["data"]
        self.recipients += envelope.rcpt_tos
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        self.letters.append(parsed)
        return "250 OK"

    def authenticator(
        self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        right = (data.login, data.password) == (b"ops", b"p@ss/word")
        if right:
            self.signed_in.append("ops")
        return AuthResult(success=right, handled=right)


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running_mailbox(served: Path | None = None, *, starttls: bool = True) -> Iterator[Mailbox]:
    """A mail server on loopback. With a certificate it wants a password and TLS.

    ``starttls``: TLS is agreed on after the greeting, else it is there from the first byte.
    """
    mailbox = Mailbox()
    options: dict[str, Any] = {}
    if served:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(served)
        options = {"auth_required": True, "authenticator": mailbox.authenticator}
        if starttls:
            options |= {"tls_context": context, "require_starttls": True}
        else:
            options |= {"ssl_context": context, "auth_require_tls": False}
    controller = _AnyPort(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    place = f"localhost:{controller.port}"
    mailbox.url = f"smtp://{place}"
    if served:
        signed_in = f"ops:p%40ss%2Fword@{place}"
        mailbox.url = f"smtp://{signed_in}?starttls" if starttls else f"smtps://{signed_in}"
    try:
        yield mailbox
    finally:
        controller.stop(no_assert=True)
