"""A claimed run while a worker works on it: the RunContext that operations are given."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun, OperationRunItem, Tenant
from opsapp.runs.events import add_event
from opsapp.runs.items import FencedStep, count_items, listed, summarise_failures
from opsapp.runs.lease import Lease, LostFence, lease_end
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import claim

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient


class RunCancelled(BaseException):
    """An operator asked to cancel, and the run reached a point where it can stop."""


class ShutdownRequested(BaseException):
    """The worker is shutting down, and the run reached a point where it can be handed back."""


class Execution:
    """One attempt of a run by this process; made by ``begin``, satisfies RunContext."""

    def __init__(
        self, run_id: int, token: str, open_graph: Callable[["Execution"], "GraphClient"]
    ) -> None:
        self.run_id = run_id
        self.token = token
        self._open_graph = open_graph
        self._lease = Lease(run_id, token)
        self._shutdown = threading.Event()

    @classmethod
    def begin(
        cls,
        run_id: int,
        token: str,
        worker: str,
        open_graph: Callable[["Execution"], "GraphClient"],
    ) -> "Execution | None":
        """Claims the run; None when it is not (or no longer) ours to work on."""
        if not claim(run_id, token, worker, lease_end()):
            return None
        execution = cls(run_id, token, open_graph)
        execution._forget_failed_items()
        return execution

    def _forget_failed_items(self) -> None:
        """A resumed run tries again what failed in an interrupted attempt; counts follow."""
        with self._lease.held() as (session, run):
            if run.attempt == 1:
                return
            session.execute(
                sa.delete(OperationRunItem).where(
                    OperationRunItem.run_id == run.id,
                    OperationRunItem.result == ItemResult.FAILED,
                )
            )
            counts = count_items(session, run.id)
            run.summary_counts = {**counts, "total": max(listed(run), counts["processed"])}

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
        if self._lease.lost.is_set():
            raise LostFence
        if self._lease.cancel_requested.is_set():
            raise RunCancelled
        if self._shutdown.is_set():
            raise ShutdownRequested

    def wait(self, seconds: float) -> None:
        """Sleeps, but no longer than until a cancel or shutdown; then raises like checkpoint."""
        deadline = utcnow() + timedelta(seconds=seconds)
        while (left := (deadline - utcnow()).total_seconds()) > 0:
            self.checkpoint()
            self._lease.ended.wait(min(left, 0.25))
        self.checkpoint()

    @contextmanager
    def step(self) -> Iterator[FencedStep]:
        with self._lease.held() as (session, run):
            step = FencedStep(session, run)
            yield step
            step.close()

    def is_done(self, part: str) -> bool:
        return part in self.run.context.get("done", [])

    def event(self, kind: str, message: str) -> None:
        with self._lease.held() as (session, run):
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
        with self._lease.held() as (_session, run):
            if run.staged_result is None:
                run.staged_result = result.to_json()

    def result_of_items(self) -> RunResult:
        session = db.session()
        session.rollback()
        counts = count_items(session, self.run_id)
        counts["total"] = max(self.run.summary_counts.get("total", 0), counts["processed"])
        return RunResult.of_items(counts, summarise_failures(session, self.run_id))

    def heartbeat(self) -> AbstractContextManager[None]:
        """Renews the lease and watches for a cancel from a thread of its own."""
        return self._lease.heartbeat()
