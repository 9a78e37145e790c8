"""A claimed run while a worker works on it: the RunContext that operations are given."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun, OperationRunItem, Tenant
from opsapp.operations.base import Expected, Operation
from opsapp.runs.claiming import claim
from opsapp.runs.events import add_event
from opsapp.runs.expectations import Expectations
from opsapp.runs.items import FencedStep, count_items, listed, result_of_items
from opsapp.runs.lease import Lease, LostFence, lease_end
from opsapp.runs.lineage import DONE, family
from opsapp.runs.reasons import ReasonClass
from opsapp.runs.result import RunResult
from opsapp.runs.selection import Chosen, class_of, hash_of, stored
from opsapp.runs.transitions import complete

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient


WITH_WHOM = (  # every job asks at once whether it is still permitted
    joinedload(OperationRun.tenant, innerjoin=True),
    joinedload(OperationRun.user),
)


class RunCancelled(BaseException):
    """An operator asked to cancel, and the run reached a point where it can stop."""


class SelectionChanged(Exception):
    """The items stored with a run are not those that its hash was taken of."""

    reason_code = "run.precondition_failed"
    item_message = "What this run was started for is not what was stored with it."


class ShutdownRequested(BaseException):
    """The worker is shutting down, and the run reached a point where it can be handed back."""


class Execution:
    """One attempt of a run by this process; made by ``begin``, satisfies RunContext."""

    def __init__(
        self, run_id: int, token: str, open_graph: Callable[["Execution"], "GraphClient"]
    ) -> None:
        self._expectations = Expectations()
        self._selected: Sequence[Chosen] | None = None
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
        return cls.of_claimed(run_id, token, open_graph)

    @classmethod
    def of_claimed(
        cls, run_id: int, token: str, open_graph: Callable[["Execution"], "GraphClient"]
    ) -> "Execution":
        """For a run that this process, or its worker, has claimed."""
        execution = cls(run_id, token, open_graph)
        if execution.run.attempt > 1:
            execution._forget_failed_items()
        return execution

    def _forget_failed_items(self) -> None:
        """A resumed run tries again what failed in an interrupted attempt; counts follow."""
        with self._lease.held() as (session, run):
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
        return db.session.get_one(OperationRun, self.run_id, options=WITH_WHOM)

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
        self._expectations.forget(step.recorded, step.parts_done)

    def is_done(self, part: str) -> bool:
        return part in self.run.context.get("done", [])

    def expect(self, part: str, units: Iterable[Expected]) -> None:
        if not self.is_done(part):
            self._expectations.add(part, units)

    @property
    def selection(self) -> Sequence[Chosen] | None:
        return self._selected

    def done_before(self, kind: str) -> frozenset[str]:
        session = db.session()
        keys = session.scalars(
            sa.select(OperationRunItem.key).where(
                OperationRunItem.run_id.in_([kin.id for kin in family(session, self.run)]),
                OperationRunItem.kind == kind,
                OperationRunItem.result.in_(DONE),
            )
        ).all()
        session.rollback()
        return frozenset(keys)

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

    def take_selection(self, operation: Operation) -> None:
        """Reads what the run was started for, less what it has done; looks up what is unknown.

        Raises SelectionChanged when it is not what was stored with the run.
        """
        if self.run.selection_hash is None:
            return
        chosen = stored(db.session(), self.run_id)
        if hash_of(chosen) != self.run.selection_hash:
            raise SelectionChanged
        dealt_with = self._done_items()
        left = [each for each in chosen if (each.kind, each.key) not in dealt_with]
        self._selected = left
        if operation.writes:
            self._selected = [each for each in left if not self._had_happened(operation, each)]

    def _done_items(self) -> set[tuple[str, str]]:
        session = db.session()
        rows = session.execute(
            sa.select(OperationRunItem.kind, OperationRunItem.key).where(
                OperationRunItem.run_id == self.run_id
            )
        )
        found = {(kind, key) for kind, key in rows}
        session.rollback()
        return found

    def _had_happened(self, operation: Operation, chosen: Chosen) -> bool:
        """Whether an unknown effect has been found out, so that nothing is left to do."""
        if class_of(chosen.reason_code) != ReasonClass.UNKNOWN_EFFECT:
            return False
        self.checkpoint()
        item = operation.look_up(self, chosen)
        if item is None:
            return False
        with self.step() as step:
            step.record(item)
        return True

    def record_not_started(self) -> None:
        """What a cancelled run never began, item by item."""
        with self.step() as step:
            for item in self._expectations.not_started():
                step.record(item)

    def finish(self, result: RunResult | None = None) -> None:
        """The last write of a job: its result, by its items if there is no other.

        The callbacks then find nothing left to do.
        """
        with self._lease.held() as (session, run):
            complete(session, run, result or result_of_items(session, run))

    def stage(self, result: RunResult) -> None:
        """The result of a job that failed, which survives whatever happens afterwards.

        The first one counts: a time limit or shutdown that strikes just after it changes nothing.
        """
        with self._lease.held() as (_session, run):
            if run.staged_result is None:
                run.staged_result = result.to_json()

    def heartbeat(self) -> AbstractContextManager[None]:
        """Renews the lease and watches for a cancel from a thread of its own."""
        return self._lease.heartbeat()
