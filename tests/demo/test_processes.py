"""A child of the demo: watched, and stopped with everything it started."""

import os
import sys

import pytest

from opsapp.demo import DemoError
from opsapp.demo.processes import Child, Stopped, wait_for
from tests.embedded.helpers import eventually, is_running

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

GRANDCHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
child.wait()
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def start(tmp_path):
    children = []

    def start(script):
        command = [sys.executable, "-c", script]
        child = Child("thing", command, os.environ, tmp_path / "logs" / "thing.log")
        children.append(child)
        return child

    yield start
    for child in children:
        child.stop(0, lambda: True)


def never():
    return False


def test_a_child_that_ends_is_named_with_the_end_of_its_log(start):
    child = start("import sys; print('no such table'); sys.exit(7)")
    assert eventually(lambda: child.ended is not None)
    with pytest.raises(DemoError, match=r"(?s)thing exited with 7.*no such table"):
        child.check()


def test_a_command_that_fails_is_an_error_and_one_that_works_is_not(start):
    start("print('done')").finish(never)
    with pytest.raises(DemoError, match="exited with 3"):
        start("import sys; sys.exit(3)").finish(never)


def test_stopping_leaves_nothing_of_the_child_behind(start):
    child = start(GRANDCHILD)
    assert eventually(lambda: child.log.read_text().strip().isdecimal())
    grandchild = int(child.log.read_text())
    child.stop(10, never)
    assert child.ended is not None
    assert eventually(lambda: not is_running(grandchild))


def test_a_child_that_does_not_listen_is_killed_when_patience_ends(start):
    child = start(STUBBORN)
    assert eventually(lambda: "ready" in child.log.read_text())
    child.stop(0.2, never)
    assert child.ended == -9
    assert "killed by signal 9" in child.obituary()


def test_in_a_hurry_nobody_waits(start):
    child = start(STUBBORN)
    assert eventually(lambda: "ready" in child.log.read_text())
    child.stop(600, lambda: True)
    assert child.ended == -9


def test_waiting_ends_when_asked_to_stop_or_after_too_long():
    with pytest.raises(Stopped):
        wait_for(never, lambda: True, "the thing")
    with pytest.raises(DemoError, match="the thing was not ready within 0 seconds"):
        wait_for(never, never, "the thing", 0)
    wait_for(lambda: True, lambda: True, "the thing")
