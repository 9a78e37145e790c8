"""What an operation is, and what it may use while it runs."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.models import Hold, ItemResult, Tenant
from opsapp.refusals import Refused

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient


LONGEST_WAIT_SECONDS = 60.0


class InvalidInputs(Refused):
    """The inputs of a run are not acceptable. The message is for the person who gave them."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message, field, reason_code="input.invalid")


class Park(Exception):
    """Raised by an operation that must wait long: the run goes back to ``queued``, held."""

    def __init__(self, hold: Hold, reason: str, not_before: datetime) -> None:
        super().__init__(reason)
        self.hold = hold
        self.reason = reason
        self.not_before = not_before


def park_if_told_to_wait(error: Exception) -> None:
    """Raises Park when Microsoft Graph asked for longer than a worker should sit there."""
    wait = getattr(error, "retry_after", None)
    if getattr(error, "reason_code", None) != "graph.throttled" or not wait:
        return
    if wait > LONGEST_WAIT_SECONDS:
        reason = f"Microsoft Graph asked to wait {math.ceil(wait / 60)} minutes."
        raise Park(Hold.GRAPH, reason, utcnow() + timedelta(seconds=wait)) from error


@dataclass(frozen=True)
class Item:
    """The result of one unit of a run. ``key`` is unique within the run and kind.

    ``duration_ms`` is how long the unit was in flight; units dealt with together share it.
    """

    kind: str
    key: str
    result: ItemResult
    name: str = ""
    reason_code: str | None = None
    message: str | None = None
    request_id: str | None = None
    policy_id: int | None = None
    duration_ms: int | None = None


def milliseconds_since(clock: float) -> int:
    """Since a reading of ``time.monotonic()``."""
    return round(1000 * (time.monotonic() - clock))


@dataclass(frozen=True)
class Expected:
    """A unit that a run is going to deal with; of these are made the items it never began."""

    kind: str
    key: str
    name: str = ""


class Step(Protocol):
    """An open write transaction of a run: effects and their items are committed together."""

    @property
    def session(self) -> Session: ...

    def record(self, item: Item) -> None: ...

    def set_total(self, part: str, total: int) -> None:
        """How many items a part of the run (a collection, a listing) consists of."""

    def set_in_flight(self, count: int) -> None:
        """How many items are being worked on right now; they are finished even when cancelled."""

    def mark_done(self, part: str) -> None:
        """A part that a resumed run need not repeat."""


class Selected(Protocol):
    """An item that a retry was started for, and why it failed the last time."""

    @property
    def kind(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def reason_code(self) -> str: ...


class RunContext(Protocol):
    """What an operation is given. The worker makes it; the ledger stands behind it."""

    @property
    def run_id(self) -> int: ...

    @property
    def tenant(self) -> Tenant: ...

    @property
    def inputs(self) -> Mapping[str, Any]: ...

    @property
    def graph(self) -> "GraphClient":
        """The tenant's Graph client, opened on first use."""

    def checkpoint(self) -> None:
        """Stops the run here if it was cancelled, must shut down, or lost its lease."""

    def wait(self, seconds: float) -> None:
        """Sleeps that long; stops the run meanwhile for the same reasons."""

    def step(self) -> AbstractContextManager[Step]:
        """One short write transaction, refused once the run is no longer ours. No I/O inside."""

    def is_done(self, part: str) -> bool:
        """Whether an earlier attempt of this run finished that part."""

    @property
    def selection(self) -> "Sequence[Selected] | None":
        """The items that this run was started for; None when it is to do the whole work."""

    def done_before(self, kind: str) -> frozenset[str]:
        """Keys of the items of a kind that an earlier run of the lineage has done."""

    def expect(self, part: str, units: Iterable[Expected]) -> None:
        """Says what a part consists of, besides what was said before; ``mark_done`` forgets it."""

    def event(self, kind: str, message: str) -> None:
        """Adds a line to the run's timeline."""


class Operation(ABC):
    """A type of background work. One subclass, one file; found by its ``type``."""

    type: ClassVar[str]
    label: ClassVar[str]
    permission: ClassVar[str] = "runs.start"
    timeout: ClassVar[timedelta] = timedelta(minutes=30)
    resumable: ClassVar[bool] = False
    attempts: ClassVar[int] = 3  # then a run whose workers keep dying is given up
    writes: ClassVar[bool] = False  # changes the tenant: one such run of a tenant at a time
    by_item: ClassVar[bool] = False  # a retry can be narrowed to chosen items
    uses_graph: ClassVar[bool] = True  # waits while Graph told the tenant's runs to wait
    item_noun: ClassVar[str] = "items"
    instead: ClassVar[str] = ""  # nobody starts or retries it by itself: what to do instead
    keep_history: ClassVar[bool] = False  # runs of this type are never deleted for their age

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The canonical inputs of a run; raises InvalidInputs. By default there are none."""
        if raw:
            raise InvalidInputs(f"{self.label} takes no inputs, but got: {', '.join(sorted(raw))}.")
        return {}

    @property
    def can_look_up(self) -> bool:
        """Whether what became of an item whose effect is unknown can be found out."""
        return type(self).look_up is not Operation.look_up

    def look_up(self, ctx: RunContext, item: Selected) -> Item | None:
        """What became of an item whose effect is unknown: the item as it turned out to be.

        None when nothing had happened, so that it may be done again. Never changes anything.
        """
        raise NotImplementedError

    @abstractmethod
    def perform(self, ctx: RunContext) -> None:
        """Does the work and records an item for each unit of it."""
