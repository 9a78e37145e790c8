"""Peak memory of the process of a job that syncs many policies, against one that syncs few."""

import os

from benchmarks.sync_world import sync_world

FEW = int(os.environ.get("OPSAPP_BENCH_FEW", "1000"))
MANY = int(os.environ.get("OPSAPP_BENCH_MANY", "10000"))


def benchmark() -> str:
    few, many = _peak(FEW), _peak(MANY)
    return "\n".join(
        [
            "peak memory of the job of a sync",
            f"  {FEW:>6,} policies {few / 1024:8.1f} MB",
            f"  {MANY:>6,} policies {many / 1024:8.1f} MB",
            f"  ratio           {many / few:8.2f}",
        ]
    )


def _peak(policies: int) -> int:
    with sync_world(policies) as world:
        return world.sync().peak_kilobytes
