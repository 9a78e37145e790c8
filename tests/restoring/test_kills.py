"""Workers that are killed at any moment of a restore: nothing twice, nothing lost, all of it said.

The workers are processes of their own; Graph is the simulator.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask

from opsapp import runs
from opsapp.config import Settings
from opsapp.models import RestoreStatus, RunStatus, Tenant, Verdict
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support import apps
from tests.support.performing import connect
from tests.support.restore_plans import (
    EVERYBODY,
    PROFILES,
    again,
    confirmed,
    created_profile,
    items_of,
    run_of,
)
from tests.workers.rig import QUICK, RedisServer, Rig, redis_server

OBJECTS = int(os.environ.get("RESTORE_KILL_OBJECTS", "40"))
DELAY_MS = 60  # of each answer, so that there are moments to be killed at
KILLS = int(os.environ.get("RESTORE_KILLS", "6"))
PATIENCE = 420.0


@pytest.fixture
def rig_settings(
    tmp_path, database_url: str, simulator: Simulator
) -> Iterator[tuple[Settings, RedisServer]]:
    with redis_server() as server:
        yield (
            apps.make_settings(
                tmp_path,
                database_url=database_url,
                redis_url=server.url,
                login_base_url=simulator.base_url,
                graph_base_url=simulator.base_url,
                ca_bundle=simulator.ca_path,
                **QUICK,
            ),
            server,
        )


@pytest.fixture
def settings(rig_settings) -> Settings:
    return rig_settings[0]


@pytest.fixture
def rig(app: Flask, rig_settings, tmp_path) -> Iterator[Rig]:
    made = Rig(app, rig_settings[0], tmp_path, rig_settings[1])
    with app.app_context():
        yield made
    made.end()


@pytest.fixture
def tenant(rig: Rig, settings: Settings, simulated: SimulatedTenant) -> Tenant:
    return connect(settings, simulated)


def start(restore) -> None:
    runs.dispatch(run_of(restore))


def is_over(restore) -> bool:
    return run_of(again(restore)).status == RunStatus.COMPLETED


def wait_until_over(restore) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_over(restore):
        assert time.monotonic() < deadline, run_of(restore).wait_reason
        time.sleep(0.2)


def kill_something(rig: Rig, chance: random.Random) -> None:
    """The process of the job, or the worker with all that belongs to it."""
    worker = rig.workers[-1]
    jobs = worker.children(worker.launcher()) if worker.launcher() else []
    if jobs and chance.random() < 0.5:
        for pid in jobs:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return
    worker.end()
    rig.start_worker()


def test_a_restore_survives_kills_at_random_moments(rig, simulator, simulated, tenant):
    plans = [
        created_profile(f"p{n}", f"P{n:03}", assignments=[EVERYBODY], passwordRequired=True)
        for n in range(OBJECTS)
    ]
    restore = confirmed(tenant, plans)
    simulator.set_faults(delay_ms=DELAY_MS)
    rig.start_worker()
    start(restore)
    chance, kills = random.Random(7), 0
    while kills < KILLS and not is_over(restore):
        time.sleep(chance.uniform(0.05, 1.0))
        if run_of(again(restore)).status == RunStatus.RUNNING:
            kill_something(rig, chance)
            kills += 1
    wait_until_over(restore)
    assert kills == KILLS, "the restore was over before it could be killed often enough"
    rows = simulator.objects(simulated.slug, PROFILES)
    counts = Counter(row["content"]["displayName"] for row in rows)
    assert counts == Counter(f"P{n:03}" for n in range(OBJECTS))
    assert all(len(row["children"]["assignments"]) == 1 for row in rows)
    restore = again(restore)
    assert (restore.status, restore.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED)
    items = items_of(restore)
    assert {item.target_id for item in items.values()} == {row["id"] for row in rows}
    summary = run_of(restore).summary_counts
    assert (summary["total"], summary["succeeded"], summary["failed"]) == (OBJECTS, OBJECTS, 0)


def test_a_cancel_stops_at_the_next_object(rig, simulator, simulated, tenant):
    plans = [created_profile(f"p{n}", f"P{n:03}", assignments=[]) for n in range(OBJECTS)]
    restore = confirmed(tenant, plans)
    rig.start_worker()
    start(restore)
    deadline = time.monotonic() + PATIENCE
    while not simulator.objects(simulated.slug, PROFILES):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    runs.cancel(run_of(restore), None)
    wait_until_over(restore)
    restore = again(restore)
    assert restore.status == RestoreStatus.CANCELLED
    there = {row["content"]["displayName"] for row in simulator.objects(simulated.slug, PROFILES)}
    assert 0 < len(there) < OBJECTS
    items = items_of(restore).values()
    written = {item.name for item in items if item.target_id}
    assert written == there
    left = {item.name for item in items if item.reason_code == "run.cancelled_by_user"}
    assert left == {item.name for item in items} - there
    counts = run_of(restore).summary_counts
    assert counts["skipped"] == len(left)
    assert counts["succeeded"] + counts["skipped"] + counts["failed"] == OBJECTS
