"""How a run ends: its outcome with reason, counts and failure summary."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from opsapp.database import storable
from opsapp.models import RunOutcome
from opsapp.runs.reasons import REASONS, message_for, reason_for

COUNT_NAMES = ("total", "processed", "succeeded", "unchanged", "failed", "skipped")


@dataclass(frozen=True)
class Failure:
    """One line of a run's failure summary; the message is safe to show."""

    code: str
    message: str
    count: int = 1


@dataclass(frozen=True)
class RunResult:
    """What ``finalize`` writes. JSON-able, so that it can be staged in the row beforehand."""

    outcome: RunOutcome
    reason_code: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    @classmethod
    def failed(cls, code: str, message: str | None = None) -> Self:
        failure = Failure(code, storable(message or REASONS[code].message, 500))
        return cls(RunOutcome.FAILED, code, failures=(failure,))

    @classmethod
    def of_error(cls, error: BaseException) -> Self:
        return cls.failed(reason_for(error), message_for(error))

    @classmethod
    def cancelled(cls, code: str = "run.cancelled_by_user") -> Self:
        return cls(RunOutcome.CANCELLED, code)

    @classmethod
    def of_items(cls, counts: Mapping[str, int], failures: tuple[Failure, ...]) -> Self:
        """Nothing failed: succeeded. Nothing succeeded: failed, with the commonest reason."""
        if not counts.get("failed"):
            return cls(RunOutcome.SUCCEEDED, None, counts)
        if counts.get("succeeded"):
            return cls(RunOutcome.PARTIALLY_SUCCEEDED, "run.partial", counts, failures)
        commonest = max(failures, key=lambda failure: failure.count)
        return cls(RunOutcome.FAILED, commonest.code, counts, failures)

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome.value,
            "reason_code": self.reason_code,
            "counts": dict(self.counts),
            "failures": [asdict(failure) for failure in self.failures],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            RunOutcome(data["outcome"]),
            data["reason_code"],
            data["counts"],
            tuple(Failure(**failure) for failure in data["failures"]),
        )
