"""Connections of webhooks: to checked addresses alone, and over before long.

The name is resolved once, every address is checked, and the connection goes to one of those: a
name that means something else a moment later (DNS rebinding) changes nothing.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from opsapp.delivery.errors import NotDelivered
from opsapp.delivery.targets import is_public

CONNECT_SECONDS = 5.0


class CheckedBackend(httpcore.NetworkBackend):
    """Opens connections for httpcore. All of one message must be over ``seconds`` from now."""

    def __init__(self, seconds: float, *, private_hosts: bool) -> None:
        self._ends_at = time.monotonic() + seconds
        self._private_hosts = private_hosts
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        error: Exception = httpcore.ConnectError()
        for address in self._addresses(host, port):
            try:
                stream = self._real.connect_tcp(
                    address,
                    port,
                    timeout=min(CONNECT_SECONDS, left(self._ends_at)),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
            else:
                return TimedStream(stream, self._ends_at)
        raise error

    def _addresses(self, host: str, port: int) -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._private_hosts and not all(is_public(address) for address in addresses):
            raise NotDelivered("The host has an address that is not public.", is_final=True)
        return addresses


class TimedStream(httpcore.NetworkStream):
    """A connection that ends on time however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream = stream
        self._ends_at = ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._stream.read(max_bytes, left(self._ends_at))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, left(self._ends_at))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        secured = self._stream.start_tls(ssl_context, server_hostname, left(self._ends_at))
        return TimedStream(secured, self._ends_at)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def left(ends_at: float) -> float:
    """Seconds until then. Raises httpcore.TimeoutException when there are none."""
    seconds = ends_at - time.monotonic()
    if seconds <= 0:
        raise httpcore.TimeoutException
    return seconds
