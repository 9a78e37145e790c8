"""``python -m tests.support.worker_main``: a worker, and its tick, that know the drills."""

import os
import sys
from datetime import timedelta

from opsapp.runs import reconcile
from tests.support.drill import register_drills
from workers import __main__ as worker
from workers import helpers, schedule


def main() -> None:
    register_drills()
    grace = timedelta(seconds=float(os.environ.get("DRILL_GRACE_SECONDS", "1")))
    ledger = sys.modules[reconcile.__module__]
    ledger.MISSING_GRACE = ledger.UNDISPATCHED_GRACE = grace  # type: ignore[attr-defined]
    helpers.TICKER = [sys.executable, "-m", "tests.support.worker_main", "tick"]
    if sys.argv[1:2] == ["tick"]:
        schedule.main(sys.argv[2])
    else:
        worker.main()


if __name__ == "__main__":
    main()
