"""All that may keep a queued run from running, as the database knows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opsapp.models import OperationRun, Pause, QueueState
from opsapp.runs.turns import Standing, standing_of
from opsapp.services import current_pauses, queue_health
from opsapp.services.queue_health import Worker


@dataclass(frozen=True)
class Obstacles:
    """Where a run stands in line, who could take it, and which pauses are in force for it."""

    standing: Standing
    workers: Sequence[Worker]
    queue: QueueState | None
    pauses: Sequence[Pause]

    @property
    def live(self) -> int:
        return sum(worker.is_live for worker in self.workers)

    @property
    def busy(self) -> int:
        return sum(worker.is_busy for worker in self.workers)

    @property
    def last_heard_at(self) -> datetime | None:
        return max((worker.row.heartbeat_at for worker in self.workers), default=None)


def obstacles_of(run: OperationRun) -> Obstacles:
    """For a queued run; as many queries whatever waits."""
    return Obstacles(
        standing_of(run),
        queue_health.workers(),
        queue_health.queue_state(),
        [found.pause for found in current_pauses.of_tenant(run.tenant)],
    )
