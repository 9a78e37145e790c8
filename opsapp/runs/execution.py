"""A claimed run while a worker works on it: the RunContext that operations are given."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import Session

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun, OperationRunItem, RunStatus, Tenant
from opsapp.models.base import write
from opsapp.models.upsert import insert_or_ignore
from opsapp.operations.base import Item
from opsapp.runs.events import add_event
from opsapp.runs.result import COUNT_NAMES, Failure, RunResult
from opsapp.runs.transitions import claim, locked

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

logger = logging.getLogger(__name__)

CANCEL_POLL_SECONDS = 1.0


class LostFence(BaseException):
    """The run is no longer ours (lease taken over, cancelled, completed): stop without effects."""


class RunCancelled(BaseException):
    """An operator asked to cancel, and the run reached a point where it can stop."""


class ShutdownRequested(BaseException):
    """The worker is shutting down, and the run reached a point where it can be handed back."""


class FencedStep:
    """An open write transaction that is refused once the run is no longer ours."""

    def __init__(self, session: Session, run: OperationRun) -> None:
        self.session = session
        self._run = run
        self._items: list[Item] = []

    def record(self, item: Item) -> None:
        self._items.append(item)

    def set_total(self, part: str, total: int) -> None:
        totals = {**self._run.context.get("totals", {}), part: total}
        self._run.context = {**self._run.context, "totals": totals}

    def mark_done(self, part: str) -> None:
        done = [*self._run.context.get("done", []), part]
        self._run.context = {**self._run.context, "done": done}

    def close(self) -> None:
        """Writes the items and brings the run's counts up to date."""
        added = self._insert_items()
        counts = Counter(self._run.summary_counts)
        for result in added:
            counts["processed"] += 1
            counts[result] += 1
            if result == ItemResult.UNCHANGED:
                counts[ItemResult.SUCCEEDED] += 1
        listed: int = sum(self._run.context.get("totals", {}).values())
        counts["total"] = max(listed, counts["processed"])
        self._run.summary_counts = {name: counts[name] for name in COUNT_NAMES}

    def _insert_items(self) -> list[str]:
        if not self._items:
            return []
        now = utcnow()
        rows = [
            {**_storable(item), "run_id": self._run.id, "created_at": now} for item in self._items
        ]
        statement = insert_or_ignore(self.session, OperationRunItem)
        result = self.session.execute(statement.returning(OperationRunItem.result), rows)
        return [ItemResult(value).value for value in result.scalars()]


class Execution:
    """One attempt of a run by this process; made by ``begin``, satisfies RunContext."""

    def __init__(
        self, run_id: int, token: str, open_graph: Callable[["Execution"], "GraphClient"]
    ) -> None:
        self.run_id = run_id
        self.token = token
        self._open_graph = open_graph
        self._cancel_requested = threading.Event()
        self._fence_lost = threading.Event()
        self._shutdown = threading.Event()
        self._ended = threading.Event()

    @classmethod
    def begin(
        cls,
        run_id: int,
        token: str,
        worker: str,
        open_graph: Callable[["Execution"], "GraphClient"],
    ) -> "Execution | None":
        """Claims the run; None when it is not (or no longer) ours to work on."""
        if not claim(run_id, token, worker, cls._lease_end()):
            return None
        execution = cls(run_id, token, open_graph)
        execution._forget_failed_items()
        return execution

    @staticmethod
    def _lease_end() -> datetime:
        return utcnow() + timedelta(seconds=current_settings().lease_seconds)

    def _forget_failed_items(self) -> None:
        """A resumed run tries again what failed in an interrupted attempt; counts follow."""
        with self._fenced() as (session, run):
            if run.attempt == 1:
                return
            session.execute(
                sa.delete(OperationRunItem).where(
                    OperationRunItem.run_id == run.id,
                    OperationRunItem.result == ItemResult.FAILED,
                )
            )
            counts = count_items(session, run.id)
            run.summary_counts = {**counts, "total": max(counts["total"], counts["processed"])}

    # -- what operations use ------------------------------------------------------------------

    @cached_property
    def run(self) -> OperationRun:
        return db.session.get_one(OperationRun, self.run_id)

    @property
    def tenant(self) -> Tenant:
        return self.run.tenant

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self.run.inputs

    @cached_property
    def graph(self) -> "GraphClient":
        return self._open_graph(self)

    def checkpoint(self) -> None:
        session = db.session()
        if not session.info.get("writing"):
            session.rollback()  # what was read is read: no transaction stays open between items
        if self._fence_lost.is_set():
            raise LostFence
        if self._cancel_requested.is_set():
            raise RunCancelled
        if self._shutdown.is_set():
            raise ShutdownRequested

    def wait(self, seconds: float) -> None:
        """Sleeps, but no longer than until a cancel or shutdown; then raises like checkpoint."""
        deadline = utcnow() + timedelta(seconds=seconds)
        while (left := (deadline - utcnow()).total_seconds()) > 0:
            self.checkpoint()
            self._ended.wait(min(left, 0.25))
        self.checkpoint()

    @contextmanager
    def step(self) -> Iterator[FencedStep]:
        with self._fenced() as (session, run):
            step = FencedStep(session, run)
            yield step
            step.close()

    def is_done(self, part: str) -> bool:
        return part in self.run.context.get("done", [])

    def event(self, kind: str, message: str) -> None:
        with self._fenced() as (session, run):
            add_event(session, run.id, kind, message)

    def close(self) -> None:
        """Ends the connections to Graph, if any were opened."""
        if "graph" in vars(self):
            self.graph.close()

    # -- what the worker uses -----------------------------------------------------------------

    def request_shutdown(self) -> None:
        """May be called from a signal handler."""
        self._shutdown.set()

    def start_afresh(self) -> None:
        """After an interruption in the middle of anything: a session of which all is known."""
        db.session.remove()
        self.__dict__.pop("run", None)

    def stage(self, result: RunResult) -> None:
        """The last write of a job: its result, which survives whatever happens afterwards.

        The first one counts: a time limit or shutdown that strikes just after it changes nothing.
        """
        with self._fenced() as (_session, run):
            if run.staged_result is None:
                run.staged_result = result.to_json()

    def result_of_items(self) -> RunResult:
        session = db.session()
        session.rollback()
        counts = count_items(session, self.run_id)
        counts["total"] = max(self.run.summary_counts.get("total", 0), counts["processed"])
        return RunResult.of_items(counts, summarise_failures(session, self.run_id))

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renews the lease and watches for a cancel from a thread of its own."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        thread = threading.Thread(target=self._beat, args=(app,), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(timeout=5)

    def _beat(self, app: Flask) -> None:
        with app.app_context():
            settings = current_settings()
            interval = min(CANCEL_POLL_SECONDS, settings.heartbeat_seconds)
            last_renewal = utcnow()
            while not self._ended.wait(interval):
                now = utcnow()
                due = (now - last_renewal).total_seconds() >= settings.heartbeat_seconds
                try:
                    if due:
                        self._renew_lease()
                        last_renewal = now
                    else:
                        self._look_for_cancel()
                except Exception:  # without this thread the lease would run out
                    db.session.remove()
                    logger.warning("heartbeat failed", extra={"run_id": self.run_id}, exc_info=True)
                    if (now - last_renewal).total_seconds() >= settings.lease_seconds:
                        self._fence_lost.set()

    def _renew_lease(self) -> None:
        try:
            with self._fenced() as (_session, run):
                if run.cancel_requested_at:
                    self._cancel_requested.set()
        except LostFence:
            pass  # noted in the flag; the working thread stops at its next checkpoint

    def _look_for_cancel(self) -> None:
        row = db.session.execute(
            sa.select(
                OperationRun.cancel_requested_at, OperationRun.status, OperationRun.dispatch_token
            ).where(OperationRun.id == self.run_id)
        ).one_or_none()
        db.session.rollback()
        if row is None or (row.status, row.dispatch_token) != (RunStatus.RUNNING, self.token):
            self._fence_lost.set()
        elif row.cancel_requested_at:
            self._cancel_requested.set()

    @contextmanager
    def _fenced(self) -> Iterator[tuple[Session, OperationRun]]:
        """A write transaction that holds the fence and renews the lease; raises LostFence."""
        if self._fence_lost.is_set():
            raise LostFence
        with write() as session:
            run = locked(session, self.run_id, self.token)
            if run is None or run.status != RunStatus.RUNNING:
                self._fence_lost.set()
                raise LostFence
            run.heartbeat_at = utcnow()
            run.lease_expires_at = self._lease_end()
            yield session, run


_LONGEST = {"kind": 64, "key": 200, "name": 300, "message": 500, "request_id": 64}


def _storable(item: Item) -> dict[str, Any]:
    """The item's fields as the table takes them: cut to length, without what PostgreSQL refuses."""
    values = dict(vars(item))
    for name, longest in _LONGEST.items():
        if values[name] is not None:
            values[name] = values[name].replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest]
    return values


def count_items(session: Session, run_id: int) -> dict[str, int]:
    """The counts of a run by its items, as shown in ``summary_counts``."""
    rows = session.execute(
        sa.select(OperationRunItem.result, sa.func.count())
        .where(OperationRunItem.run_id == run_id)
        .group_by(OperationRunItem.result)
    )
    found = {result.value: count for result, count in rows}
    unchanged = found.get("unchanged", 0)
    processed = sum(found.values())
    return {
        "total": processed,
        "processed": processed,
        "succeeded": found.get("succeeded", 0) + unchanged,
        "unchanged": unchanged,
        "failed": found.get("failed", 0),
        "skipped": found.get("skipped", 0),
    }


def summarise_failures(session: Session, run_id: int) -> tuple[Failure, ...]:
    """One line per reason code, the commonest first, with one example message."""
    count = sa.func.count()
    rows = session.execute(
        sa.select(OperationRunItem.reason_code, sa.func.min(OperationRunItem.message), count)
        .where(OperationRunItem.run_id == run_id, OperationRunItem.result == ItemResult.FAILED)
        .group_by(OperationRunItem.reason_code)
        .order_by(count.desc(), OperationRunItem.reason_code)
    )
    return tuple(
        Failure(code or "internal.unexpected", message or "", number)
        for code, message, number in rows
    )
