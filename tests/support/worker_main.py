"""``python -m tests.support.worker_main``: a worker, and its tick, that know the drills."""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from opsapp.runs import reconcile
from opsapp.runs.execution import Execution
from tests.support.drill import register_drills
from workers import __main__ as worker
from workers import helpers, schedule


def die_before_claim(marker: Path) -> None:
    """The first job dies when it has begun, and before it has claimed its run."""
    real = Execution.begin

    def begin(*args: Any) -> Execution | None:
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)

    Execution.begin = begin  # type: ignore[method-assign]


def main() -> None:
    register_drills()
    grace = timedelta(seconds=float(os.environ.get("DRILL_GRACE_SECONDS", "1")))
    ledger = sys.modules[reconcile.__module__]
    ledger.MISSING_GRACE = ledger.UNDISPATCHED_GRACE = grace  # type: ignore[attr-defined]
    helpers.TICKER = [sys.executable, "-m", "tests.support.worker_main", "tick"]
    if "DRILL_DIE_BEFORE_CLAIM" in os.environ:
        die_before_claim(Path(os.environ["DRILL_DIE_BEFORE_CLAIM"]))
    if sys.argv[1:2] == ["tick"]:
        schedule.main(sys.argv[2])
    else:
        worker.main()


if __name__ == "__main__":
    main()
