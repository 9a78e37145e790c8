"""The embedded server: one per folder, private, durable, and gone when its keeper is gone."""

import os
import signal
import stat
import sys
import threading
from pathlib import Path

import pytest
import redis

from opsapp import embedded_redis
from opsapp.config import Settings
from opsapp.embedded_redis import EmbeddedRedis, EmbeddedRedisError
from tests.embedded.helpers import client, eventually, is_running, keepers, said

# Python 3.12 and later warn about every fork of a process with threads, as pytest-xdist's are.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def pid_of_server(url: str) -> int:
    connection = client(url)
    pid = int(connection.info("server")["process_id"])
    connection.close()
    return pid


def test_first_starts_second_attaches_and_only_the_first_stops_it(tmp_path):
    first, second = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    try:
        assert first.start_or_attach() is True
        with keepers(tmp_path) as [other]:
            assert said(other) == "attached"
        assert first.alive
        assert first.start_or_attach() is True  # again: nothing changes
        connection = client(second.url)
        connection.set("greeting", "hello")
        assert connection.get("greeting") == "hello"
        connection.close()
    finally:
        first.stop()
    assert not first.alive
    assert not first.socket.exists()


def test_eight_starters_at_once_make_one_server(tmp_path):
    with keepers(tmp_path, 8) as processes:
        answers = sorted(said(process) for process in processes)
    assert answers == ["attached"] * 7 + ["started"]


def test_data_survive_a_restart(tmp_path):
    for expected in (None, "kept"):
        with EmbeddedRedis(tmp_path) as server:
            connection = client(server.url)
            assert connection.get("value") == expected
            connection.set("value", "kept")
            connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals exist on Linux only")
def test_a_killed_keeper_takes_the_server_along_and_the_data_stay(tmp_path):
    url = embedded_redis.url(tmp_path)
    with keepers(tmp_path) as [keeper]:
        assert said(keeper) == "started"
        connection = client(url)
        connection.set("value", "kept")
        connection.close()
        server = pid_of_server(url)
        keeper.send_signal(signal.SIGKILL)
        keeper.wait(10)
        assert eventually(lambda: not is_running(server))
    with EmbeddedRedis(tmp_path) as again:
        connection = client(again.url)
        assert connection.get("value") == "kept"
        connection.close()


def test_an_attached_process_takes_over_when_the_keeper_has_gone(tmp_path):
    mine = EmbeddedRedis(tmp_path)
    try:
        with keepers(tmp_path) as [keeper]:
            assert said(keeper) == "started"
            assert mine.start_or_attach() is False
        assert not mine.alive
        assert mine.start_or_attach() is True
        assert mine.alive
    finally:
        mine.stop()


def test_a_server_nobody_supervises_is_replaced_and_its_data_stay(tmp_path):
    first, second = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    try:
        first.start_or_attach()
        orphan = pid_of_server(first.url)
        connection = client(first.url)
        connection.set("value", "kept")
        connection.close()
        first._forget_lock()  # as if its supervisor had died where no kernel signal tells it
        assert second.start_or_attach() is True
        assert pid_of_server(second.url) != orphan
        connection = client(second.url)
        assert connection.get("value") == "kept"
        connection.close()
    finally:
        second.stop()
        first.stop()
    assert not is_running(orphan)


def test_a_dead_server_is_noticed(tmp_path):
    server = EmbeddedRedis(tmp_path)
    try:
        server.start_or_attach()
        os.kill(pid_of_server(server.url), signal.SIGKILL)
        assert eventually(lambda: not server.alive)
        assert server.start_or_attach() is True
    finally:
        server.stop()


def test_a_forked_child_neither_stops_the_server_nor_keeps_the_lock(tmp_path):
    server = EmbeddedRedis(tmp_path)
    server.start_or_attach()
    go_on, release = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(release)
        server.stop()
        os.read(go_on, 1)  # outlives the server below
        os._exit(0)
    try:
        os.close(go_on)
        assert server.alive
        server.stop()
        with EmbeddedRedis(tmp_path) as again:
            assert again.owned
    finally:
        os.close(release)
        os.waitpid(child, 0)


def test_folder_and_socket_are_private(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600


def test_a_long_path_moves_the_socket_to_a_short_private_folder(tmp_path):
    deep = tmp_path / ("deep" * 25)
    with EmbeddedRedis(deep) as server:
        assert len(os.fsencode(server.socket)) <= embedded_redis.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
        connection = client(embedded_redis.url(deep))
        assert connection.ping()
        connection.close()
    assert not server.socket.parent.exists()


def test_a_short_folder_prepared_by_somebody_else_is_refused(tmp_path):
    deep = tmp_path / ("deep" * 25)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    short = embedded_redis.socket_path(deep).parent
    short.symlink_to(elsewhere)
    try:
        with pytest.raises(EmbeddedRedisError, match="own"):
            EmbeddedRedis(deep).start_or_attach()
    finally:
        short.unlink()


def test_odd_characters_in_the_path_survive_the_url(tmp_path):
    odd = tmp_path / "a b?c#d%20"
    with EmbeddedRedis(odd):
        connection = client(embedded_redis.url(odd))
        assert connection.ping()
        connection.close()


def test_a_lock_without_a_server_is_an_error_that_names_the_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_redis, "PATIENCE_SECONDS", 0.2)
    holder, late = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    holder.folder.mkdir()
    assert holder._take_lock()
    try:
        with pytest.raises(EmbeddedRedisError, match=r"valkey\.lock"):
            late.start_or_attach()
    finally:
        holder.stop()


def test_it_refuses_to_start_outside_the_main_thread(tmp_path):
    errors = []

    def start():
        try:
            EmbeddedRedis(tmp_path).start_or_attach()
        except EmbeddedRedisError as error:
            errors.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert errors == ["the embedded server must be started from the main thread"]


def test_a_server_that_cannot_start_says_where_to_look(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_redis, "_server_binary", lambda: "/bin/false")
    with pytest.raises(EmbeddedRedisError, match=r"valkey\.log"):
        EmbeddedRedis(tmp_path).start_or_attach()


def test_configured_redis_wins_over_the_embedded_one(tmp_path: Path):
    common = {"secret_key": "x" * 32, "encryption_keys": "A" * 43 + "=", "instance": tmp_path}
    assert embedded_redis.redis_url(Settings(**common)) == embedded_redis.url(tmp_path)
    elsewhere = Settings(**common, redis_url="redis://example.test:6379/1")
    assert embedded_redis.redis_url(elsewhere) == "redis://example.test:6379/1"


def test_nobody_there_is_a_connection_error_for_clients(tmp_path):
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(embedded_redis.url(tmp_path), retry=None).ping()
