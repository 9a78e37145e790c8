"""Delete old runs: whole completed runs, day by day, after they have been added to the totals."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from opsapp import retention, run_totals
from opsapp.config import current_settings
from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun
from opsapp.operations.base import InvalidInputs, Item, Operation, RunContext, Step
from opsapp.retention import TYPE, OldRuns, kept_words

RUNS_AT_ONCE = 200
ITEMS_AT_ONCE = 20_000  # that go with the runs: they make a transaction long
DELETED = "deleted"  # by day, in the run's context: a resumed run goes on counting
OFF = "Runs are kept for ever: OPSAPP_RETENTION_DAYS is 0."


class RunsPurge(Operation):
    type = "runs.purge"
    label = "Delete old runs"
    permission = "tenant.settings"
    timeout = timedelta(hours=4)
    resumable = True
    uses_graph = False
    item_noun = "days"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        if not current_settings().retention_days:
            raise InvalidInputs(OFF)
        return super().clean_inputs(raw)

    def perform(self, ctx: RunContext) -> None:
        before = retention.midnight_before(current_settings().retention_days)
        if before is None:
            ctx.event("purged", OFF)
            return
        run_totals.roll_up(f"run {ctx.run_id}")  # what is deleted must have been counted
        Purge(ctx, before).run()


def types_to_purge() -> frozenset[str]:
    """The types whose runs may be deleted."""
    from opsapp.operations import REGISTRY

    return frozenset(key for key, operation in REGISTRY.items() if not operation.keep_history)


class Purge:
    """One walk through the days; ``before`` is the first moment that is too young."""

    def __init__(self, ctx: RunContext, before: datetime) -> None:
        self._ctx = ctx
        counted = run_totals.watermark(db.session()).ended_at
        self._before = min(before, counted) if counted else before
        self._old = OldRuns(ctx.tenant.id, self._before, types_to_purge())
        self._needed = self._old.needed(db.session())
        self._kept: Counter[str] = Counter()
        self._recorded: set[str] = set()

    def run(self) -> None:
        since = None
        while (first := self._old.earliest(db.session(), since)) is not None:
            since = datetime.combine(first.date() + timedelta(days=1), time(), UTC)
            self._delete_day(f"{first:%Y-%m-%d}", since)
        stays = self._old.count_of_other_types(db.session())
        self._ctx.checkpoint()
        with self._ctx.step() as step:
            self._record(step, f"{self._before:%Y-%m-%d}", Counter())
        self._ctx.event("purged", self._summary(stays))

    def _delete_day(self, day: str, end: datetime) -> None:
        """What ended on that day, in short transactions."""
        kept: Counter[str] = Counter()
        after_id, start = 0, datetime.fromisoformat(day).replace(tzinfo=UTC)
        while True:
            self._ctx.checkpoint()
            with self._ctx.step() as step:
                ids = self._next(step, after_id, start, end)
                if not ids:
                    self._record(step, day, kept)
                    break
                verdict = self._old.judge(step.session, ids, self._needed)
                self._delete(step, verdict.going)
                kept.update(verdict.kept)
                after_id = max(ids)
        self._kept.update(kept)

    def _next(self, step: Step, after_id: int, start: datetime, end: datetime) -> list[int]:
        """As many runs as a short transaction can delete with their items; at least one."""
        ids: list[int] = []
        items = 0
        for row in self._old.batch(step.session, after_id, RUNS_AT_ONCE, since=start, until=end):
            items += row.summary_counts.get("total") or 0
            if ids and items > ITEMS_AT_ONCE:
                break
            ids.append(row.id)
        return ids

    def _delete(self, step: Step, going: Mapping[int, datetime]) -> None:
        if not going:
            return
        step.session.execute(
            sa.delete(OperationRun)
            .where(OperationRun.id.in_(going))
            .execution_options(synchronize_session=False)
        )
        run = self._run(step)
        counts = Counter(run.context.get(DELETED, {}))
        counts.update(f"{moment:%Y-%m-%d}" for moment in going.values())
        run.context = {**run.context, DELETED: dict(counts)}

    def _record(self, step: Step, upto: str, kept: Counter[str]) -> None:
        """An item for the day, and for what lineages took from days that nothing is left of."""
        for day, count in self._run(step).context.get(DELETED, {}).items():
            if day <= upto and day not in self._recorded:
                self._recorded.add(day)
                stayed = _and(kept_words(kept)) if day == upto else ""
                message = f"{_runs(count)} deleted{stayed}."
                step.record(Item("day", day, ItemResult.SUCCEEDED, name=day, message=message))

    def _run(self, step: Step) -> OperationRun:
        return step.session.get_one(OperationRun, self._ctx.run_id)

    def _summary(self, of_other_types: int) -> str:
        run = db.session.get_one(OperationRun, self._ctx.run_id, populate_existing=True)
        deleted = sum(run.context.get(DELETED, {}).values())
        kept = self._kept + Counter({TYPE: of_other_types})
        return (
            f"{_runs(deleted)} that ended before {self._before:%Y-%m-%d} (UTC) deleted"
            f"{_and(kept_words(kept))}."
        )


def _runs(count: int) -> str:
    return f"{count:,} run" if count == 1 else f"{count:,} runs"


def _and(words: str) -> str:
    return f"; {words}" if words else ""
