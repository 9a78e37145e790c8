"""A sync of a tenant in which nothing changed, against the first one: requests and bytes kept."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from benchmarks.sync_world import Synced, Traffic, sync_world
from opsapp.config import Settings
from opsapp.extensions import db

POLICIES = int(os.environ.get("OPSAPP_BENCH_POLICIES", "2000"))


def benchmark() -> str:
    with sync_world(POLICIES) as world:
        empty = _bytes(world.settings)
        cold = world.sync()
        once, kept_once = _bytes(world.settings), _rows()
        unchanged = world.sync()
        twice, kept_twice = _bytes(world.settings), _rows()
    grown = {name: count - kept_once[name] for name, count in kept_twice.items()}
    more = ", ".join(f"{count} in {name}" for name, count in grown.items() if count)
    return "\n".join(
        [
            f"unchanged sync of {POLICIES:,} policies",
            f"  {'':<10} {'seconds':>8} {'exchanges':>10} {'requests':>9} {'bytes kept':>12}",
            _line("cold", cold, once - empty),
            _line("unchanged", unchanged, twice - once),
            _share(unchanged.traffic, cold.traffic),
            f"  rows added by the unchanged one: {more}",
        ]
    )


def _line(name: str, synced: Synced, more_bytes: int) -> str:
    return (
        f"  {name:<10} {synced.seconds:>8.1f} {synced.traffic.exchanges:>10,}"
        f" {synced.traffic.requests:>9,} {more_bytes:>12,}"
    )


def _share(unchanged: Traffic, cold: Traffic) -> str:
    exchanges, requests = (
        unchanged.exchanges / cold.exchanges,
        unchanged.requests / cold.requests,
    )
    return f"  {'share':<10} {'':>8} {exchanges:>10.1%} {requests:>9.1%}"


def _bytes(settings: Settings) -> int:
    """Of the SQLite database without its empty pages."""
    source = str(settings.database_url).removeprefix("sqlite:///")
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(source)) as connection:
        copy = Path(folder) / "copy"
        connection.execute("VACUUM INTO ?", [str(copy)])
        return copy.stat().st_size


def _rows() -> dict[str, int]:
    names = sa.inspect(db.engine).get_table_names()
    with db.engine.connect() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
            for name in names
        }
