"""What an operation is, and what it may use while it runs."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sqlalchemy.orm import Session

from opsapp.models import Hold, ItemResult, OperationRunItem, Tenant
from opsapp.refusals import Refused

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient


class InvalidInputs(Refused):
    """The inputs of a run are not acceptable. The message is for the person who gave them."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason_code="input.invalid")


class Park(Exception):
    """Raised by an operation that must wait long: the run goes back to ``queued``, held."""

    def __init__(self, hold: Hold, reason: str, not_before: datetime) -> None:
        super().__init__(reason)
        self.hold = hold
        self.reason = reason
        self.not_before = not_before


@dataclass(frozen=True)
class Item:
    """The result of one unit of a run. ``key`` is unique within the run and kind.

    ``duration_ms`` is the time this unit alone took; None where units were dealt with together.
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


class Step(Protocol):
    """An open write transaction of a run: effects and their items are committed together."""

    @property
    def session(self) -> Session: ...

    def record(self, item: Item) -> None: ...

    def set_total(self, part: str, total: int) -> None:
        """How many items a part of the run (a collection, a listing) consists of."""

    def mark_done(self, part: str) -> None:
        """A part that a resumed run need not repeat."""


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

    def event(self, kind: str, message: str) -> None:
        """Adds a line to the run's timeline."""


class Operation(ABC):
    """A type of background work. One subclass, one file; found by its ``type``."""

    type: ClassVar[str]
    label: ClassVar[str]
    permission: ClassVar[str] = "runs.start"
    timeout: ClassVar[timedelta] = timedelta(minutes=30)
    resumable: ClassVar[bool] = False
    item_noun: ClassVar[str] = "items"
    keep_history: ClassVar[bool] = False  # runs of this type are never deleted for their age

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The canonical inputs of a run; raises InvalidInputs. By default there are none."""
        if raw:
            raise InvalidInputs(f"{self.label} takes no inputs, but got: {', '.join(sorted(raw))}.")
        return {}

    def inputs_for_failed(
        self, inputs: Mapping[str, Any], failed: Sequence[OperationRunItem]
    ) -> dict[str, Any]:
        """The inputs of a run that repeats only what failed; by default the whole run."""
        del failed
        return dict(inputs)

    @abstractmethod
    def perform(self, ctx: RunContext) -> None:
        """Does the work and records an item for each unit of it."""
