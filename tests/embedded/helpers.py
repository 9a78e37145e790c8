"""A process that runs the embedded server until its standard input is closed."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

KEEPER = """
import sys
from pathlib import Path
from opsapp.embedded_redis import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]))
print("started" if server.start_or_attach() else "attached", flush=True)
sys.stdin.read()
server.stop()
"""


@contextlib.contextmanager
def keepers(instance: Path, count: int = 1) -> Iterator[list[subprocess.Popen[str]]]:
    """Starts ``count`` processes at once; each prints "started" or "attached"."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(instance)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        for process in processes:
            process.wait(20)
            process.stdout.close()
            process.stderr.close()


def said(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline().strip()
    return line or process.stderr.read()


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True)


def eventually(holds: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """Whether the process exists and is not merely waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
