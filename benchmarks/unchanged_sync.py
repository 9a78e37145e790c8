"""A sync of a tenant in which nothing changed, against the first one: requests and bytes kept."""

import os
import tempfile
from pathlib import Path

import sqlalchemy as sa

from benchmarks.sync_world import Synced, sync_world
from opsapp.extensions import db

POLICIES = int(os.environ.get("OPSAPP_BENCH_POLICIES", "2000"))
# What a sync keeps of what it read; an unchanged one must add none of it.
_CONTENT = ("snapshots", "policies", "policy_versions")


def benchmark() -> str:
    with sync_world(POLICIES) as world:
        empty = _bytes()
        cold = world.sync()
        once, kept_once = _bytes(), _rows()
        unchanged = world.sync()
        twice, kept_twice = _bytes(), _rows()
    more = {name: kept_twice[name] - kept_once[name] for name in _CONTENT}
    return "\n".join(
        [
            f"unchanged sync of {POLICIES:,} policies",
            f"  {'':<10} {'seconds':>8} {'exchanges':>10} {'requests':>9} {'bytes kept':>12}",
            _line("cold", cold, once - empty),
            _line("unchanged", unchanged, twice - once),
            f"  requests of the cold one: {unchanged.traffic.requests / cold.traffic.requests:.1%}",
            f"  content kept again: {', '.join(f'{n} {name}' for name, n in more.items())}",
        ]
    )


def _line(name: str, synced: Synced, more_bytes: int) -> str:
    return (
        f"  {name:<10} {synced.seconds:>8.1f} {synced.traffic.exchanges:>10,}"
        f" {synced.traffic.requests:>9,} {more_bytes:>12,}"
    )


def _bytes() -> int:
    """Of the SQLite database without its empty pages."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"VACUUM INTO '{copy}'")
        return copy.stat().st_size


def _rows() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
            for name in _CONTENT
        }
