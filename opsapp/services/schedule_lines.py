"""How a schedule stands: its latest slots and their runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsapp.models import BackupSchedule, BackupSlot, OperationRun, RunOutcome, SlotState


@dataclass(frozen=True)
class Line:
    """A schedule with its latest slots, newest first, and the runs that were made for them."""

    schedule: BackupSchedule
    slots: Sequence[BackupSlot]
    runs: dict[int, OperationRun]
    sets: int

    @property
    def last(self) -> BackupSlot | None:
        return self.slots[0] if self.slots else None

    @property
    def last_run(self) -> OperationRun | None:
        return self.runs.get(self.last.run_id or 0) if self.last else None

    @property
    def missed(self) -> list[BackupSlot]:
        """Those missed since the last one that was started."""
        found: list[BackupSlot] = []
        for slot in self.slots:
            if slot.state == SlotState.STARTED and found:
                break
            if slot.state == SlotState.MISSED:
                found.append(slot)
        return found

    @property
    def failed(self) -> BackupSlot | None:
        """The newest slot, when it did not make a backup: what “Retry” repeats."""
        last, run = self.last, self.last_run
        if last is None:
            return None
        if last.state != SlotState.STARTED:
            return last
        has_failed = run is not None and run.outcome in (RunOutcome.FAILED, RunOutcome.CANCELLED)
        return last if has_failed else None
