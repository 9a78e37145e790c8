"""Ledgers of a chosen size, filled by the database itself, and pages of them looked at.

``OPSAPP_BENCH_SCALE`` (0.05) times the full size: 1,000,000 runs with 5,000,000 items in 300
tenants on PostgreSQL, 200,000 runs on SQLite. Each is compared with a ledger of 1,000 runs.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from benchmarks.filling import fill
from opsapp.extensions import db
from opsapp.models import User
from tests.support import apps
from tests.support.cast import sign_in
from tests.support.postgres import running_postgres

SCALE = float(os.environ.get("OPSAPP_BENCH_SCALE", "0.05"))
FULL = {"PostgreSQL": 1_000_000, "SQLite": 200_000}
SMALL = 1_000
ITEMS_OF_ONE = 100_000  # at full size, of run 2
ROUNDS, CALLS = 2, 10
_RESOURCES = ExitStack()


@dataclass(frozen=True)
class BigLedger:
    """A filled database behind an application; ``runs`` are numbered from 1, the oldest first."""

    app: Flask
    runs: int
    items_of_one: int

    def client(self, name: str) -> FlaskClient:
        """Somebody who is signed in: ``admin``, or ``operator`` with few tenants."""
        client = self.app.test_client()
        with self.app.app_context():
            user = db.session.scalar(sa.select(User.id).where(User.name == name))
        assert user
        sign_in(client, user)
        return client


@cache
def ledgers(kind: str) -> tuple[BigLedger, BigLedger]:
    """A small and a big one on that kind of database; made once, gone at the end."""
    big = max(SMALL, int(FULL[kind] * SCALE))
    return tuple(
        _RESOURCES.enter_context(_ledger(kind, size, int(ITEMS_OF_ONE * size / FULL[kind])))
        for size in (SMALL, big)
    )


def close() -> None:
    """Stops what ``ledgers`` started."""
    _RESOURCES.close()


@contextmanager
def _ledger(kind: str, runs: int, items_of_one: int) -> Iterator[BigLedger]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsapp-big-")))
        if kind == "PostgreSQL":
            server = stack.enter_context(running_postgres())
            url = server.url(server.create())
        else:
            url = f"sqlite:///{folder / 'opsapp.sqlite3'}"
        apps.migrate(folder, url)
        app = stack.enter_context(apps.running_app(apps.make_settings(folder, database_url=url)))
        ledger = BigLedger(app, runs, max(items_of_one, 1000))
        with app.app_context():
            fill(db.engine, runs, ledger.items_of_one)
        yield ledger


@dataclass(frozen=True)
class Figure:
    """Milliseconds of one page on the small and the big ledger: p95 of the calmest round."""

    name: str
    small: float
    big: float

    @property
    def ratio(self) -> float:
        return self.big / self.small

    def __str__(self) -> str:
        return f"  {self.name:<44} {self.small:8.1f} {self.big:8.1f} {self.ratio:7.2f}"


def compare_pages(name: str, pages: Callable[[BigLedger], dict[str, Callable[[], object]]]) -> str:
    """A table of what ``pages`` of a small and a big ledger cost, on both databases.

    The calls of both alternate, and the calmest of some rounds counts: other work on the machine
    must not decide.
    """
    lines = []
    for kind, full in FULL.items():
        small, big = ledgers(kind)
        lines.append(f"{name}, {kind}: {small.runs:,} and {big.runs:,} of {full:,} runs")
        lines.append(f"  {'p95 in ms':<44} {'small':>8} {'big':>8} {'ratio':>7}")
        calls = pages(big)
        for page, small_call in pages(small).items():
            lines.append(str(_figure(page, small_call, calls[page])))
    return "\n".join(lines)


def _figure(name: str, small: Callable[[], object], big: Callable[[], object]) -> Figure:
    small(), big()
    rounds = [([], []) for _ in range(ROUNDS)]
    for small_times, big_times in rounds:
        for _ in range(CALLS):
            small_times.append(_milliseconds(small))
            big_times.append(_milliseconds(big))
    return Figure(name, *(min(_p95(each[n]) for each in rounds) for n in (0, 1)))


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
