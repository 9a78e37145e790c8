"""``python -m tests.support.worker_main``: a worker, and its tick, that know the drills."""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from opsapp.runs import reconcile
from tests.support.drill import register_drills
from workers import __main__ as worker
from workers import helpers, interrupts, schedule


def die_before_claim(marker: Path) -> None:
    """The process of the first job dies before it knows that its worker has claimed the run."""
    real = interrupts.begin_claimed

    def begin_claimed(*args: Any) -> bool:
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)

    interrupts.begin_claimed = begin_claimed


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
