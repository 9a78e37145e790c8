"""Everything breaks at random, for a while; afterwards the ledger must agree with what happened.

In the suite for some seconds; ``make chaos MINUTES=10`` goes on longer. The seed is printed: the
same seed breaks the same things in the same order, though not at the same instant.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import OperationRun, OperationRunItem, RunStatus
from opsapp.runs.reasons import REASONS, ReasonClass
from tests.support.inventory_rows import add_tenant
from tests.support.processes import wait_until
from tests.workers.rig import ROOT, Rig, WorkerProcess, environment

SECONDS = 60 * float(os.environ.get("OPSAPP_CHAOS_MINUTES", "0")) or 25.0
SEED = os.environ.get("OPSAPP_CHAOS_SEED") or str(time.time_ns())
WORKERS = 2
SETTLING_SECONDS = 120
DATABASES = ["postgres", "sqlite"] if SECONDS > 60 else ["postgres"]


class Monkey:
    """Breaks one thing at a time, and replaces what it broke."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.dice = random.Random(SEED)
        self.done: Counter[str] = Counter()
        self._starter: subprocess.Popen | None = None
        self._starters = 0

    def go_on(self, seconds: float) -> None:
        deeds: list[Callable[[], None]] = [
            self.kill_a_job,
            self.kill_a_job,
            self.kill_a_job,
            self.kill_a_worker,
            self.kill_a_host,
            self.lose_redis,
            self.cut_database_connections,
            self.kill_the_starter,
        ]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.keep_up()
            time.sleep(self.dice.uniform(0.5, 2))
            deed = self.dice.choice(deeds)
            deed()
            self.done[deed.__name__] += 1

    def keep_up(self) -> None:
        """As a platform does: what died is started again."""
        alive = [worker for worker in self.rig.workers if worker.process.poll() is None]
        for _ in range(WORKERS - len(alive)):
            self.rig.start_worker()
        if self._starter is None or self._starter.poll() is not None:
            self._starters += 1
            command = [sys.executable, "-m", "tests.support.chaos_starter"]
            with (self.rig.folder / "starter.log").open("ab") as log:
                self._starter = subprocess.Popen(
                    [*command, str(self.rig.folder), f"{SEED}-{self._starters}"],
                    cwd=ROOT,
                    env=environment(self.rig.settings),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )

    def calm_down(self) -> None:
        (self.rig.folder / "enough").touch()
        if self._starter is not None:
            self._starter.wait(timeout=20)
        if not self.rig.redis_answers():
            self.rig.start_redis()

    def kill_a_job(self) -> None:
        """Of a worker, or the process of the next one, or what makes them."""
        worker = self._worker()
        jobs = [pid for pid, line in worker.members().items() if _is_job(pid, line, worker)]
        if jobs:
            _kill(self.dice.choice(jobs))

    def kill_a_worker(self) -> None:
        """It alone: its job goes on without it."""
        _kill(self._worker().pid)

    def kill_a_host(self) -> None:
        self._worker().signal_all(signal.SIGKILL)

    def lose_redis(self) -> None:
        self.rig.stop_redis()
        time.sleep(self.dice.uniform(0, 1))
        self.rig.start_redis()

    def cut_database_connections(self) -> None:
        if db.engine.dialect.name == "postgresql":
            self.rig.cut_database_connections()

    def kill_the_starter(self) -> None:
        if self._starter is not None:
            _kill(self._starter.pid)

    def _worker(self) -> WorkerProcess:
        alive = [worker for worker in self.rig.workers if worker.process.poll() is None]
        return self.dice.choice(alive or self.rig.workers)


def _is_job(pid: int, line: str, worker: WorkerProcess) -> bool:
    return pid != worker.pid and " tick " not in f"{line} "


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("rig", DATABASES, indirect=True)
@pytest.mark.timeout(int(SECONDS) + SETTLING_SECONDS + 120)
def test_the_ledger_agrees_with_what_happened(rig: Rig) -> None:
    print(f"chaos seed: {SEED}")
    add_tenant(rig.app, "fabrikam")
    monkey = Monkey(rig)
    monkey.go_on(SECONDS)
    monkey.calm_down()
    for _ in range(WORKERS):
        rig.start_worker()
    try:
        wait_until(lambda: not active(), seconds=SETTLING_SECONDS, what="all runs have ended")
    except AssertionError as error:
        left = [(run.id, run.status, run.hold, run.dispatched_at) for run in active()]
        raise AssertionError(f"{error}: {left}\n{rig.logs()}") from None
    ended = everything()
    print(dict(monkey.done), len(ended), "runs:", Counter(map(ending_of, ended)))
    effects = effects_in(rig.folder / "trace")
    wrong = [line for run in ended for line in lies_of(run, effects, rig)]
    assert not wrong, "\n".join(wrong)
    assert len(ended) >= SECONDS / 2, "there was work to break"


def active() -> list[OperationRun]:
    db.session.rollback()
    query = sa.select(OperationRun).where(OperationRun.status != RunStatus.COMPLETED)
    return list(db.session.scalars(query))


def everything() -> list[OperationRun]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(OperationRun).order_by(OperationRun.id)))


def ending_of(run: OperationRun) -> str:
    return run.reason_code or run.outcome.value


def effects_in(trace: Path) -> dict[str, Counter[str]]:
    """What really happened: by the name of the run, how often each of its effects."""
    found: dict[str, Counter[str]] = {}
    for line in trace.read_text().splitlines():
        word, name, detail = line.split(" ", 2)
        if word == "effect":
            found.setdefault(name, Counter())[detail] += 1
    return found


def lies_of(run: OperationRun, effects: dict[str, Counter[str]], rig: Rig) -> list[str]:
    """Where the ledger and the world disagree about a run."""
    happened = effects.get(run.inputs["name"], Counter())
    items = db.session.scalars(
        sa.select(OperationRunItem).where(OperationRunItem.run_id == run.id)
    ).all()
    done = {item.key for item in items if item.result == "succeeded"}
    unknown = {item.key for item in items if item.reason_code == "item.effect_unknown"}
    reason = REASONS.get(run.reason_code or "")
    admits = reason is not None and reason.reason_class == ReasonClass.UNKNOWN_EFFECT
    counts = run.summary_counts
    unsaid = set(happened) - done - unknown
    lies = {
        "done twice": [key for key, times in happened.items() if times > 1],
        "said done, and was not": sorted(done - set(happened)),
        "done, and not said": [] if admits else sorted(unsaid),
        "counted otherwise": []
        if (counts.get("succeeded", 0), counts.get("failed", 0)) == (len(done), len(unknown))
        else [counts],
        "succeeded with something amiss": [run.outcome]
        if run.outcome == "succeeded" and (unknown or len(done) != run.inputs["items"])
        else [],
        "told otherwise than once": []
        if rig.notifications(run.id).count("terminal") == 1
        else [rig.notifications(run.id)],
    }
    return [f"run {run.id} ({ending_of(run)}): {what} {why}" for what, why in lies.items() if why]
