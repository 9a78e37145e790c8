"""Operations that end in every way there is, and leave a trace of each effect in a file."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy.exc import OperationalError

from opsapp.database import utcnow
from opsapp.models import Hold, ItemResult
from opsapp.operations import REGISTRY, register
from opsapp.operations.base import Expected, InvalidInputs, Item, Operation, Park, RunContext

INPUTS = {"trace", "name", "end", "items", "fail", "once", "seconds"}


class Refusal(Exception):
    """An error of the kind operations map to a reason code."""

    reason_code = "graph.forbidden"
    item_message = "The drill was refused."


class Trace:
    """What really happened: a line ``WORD NAME …`` per happening, written at once."""

    def __init__(self, file: str | Path, name: str) -> None:
        self._file = Path(file)
        self._name = name

    def write(self, word: str, detail: object = "") -> None:
        with self._file.open("a") as file:
            file.write(f"{word} {self._name} {detail}\n")

    def lines(self, word: str) -> list[str]:
        """The details of all lines of that kind."""
        if not self._file.exists():
            return []
        split = (line.split(" ", 2) for line in self._file.read_text().splitlines())
        return [detail for first, name, detail in split if (first, name) == (word, self._name)]

    def has(self, word: str) -> bool:
        return bool(self.lines(word))


class Drill(Operation):
    """Does ``items`` effects, then ends as ``end`` says (with ``once`` only the first time)."""

    type = "drill.plain"
    label = "Drill"
    by_item = True
    uses_graph = False

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        if set(raw) - INPUTS:
            raise InvalidInputs("unknown input")
        return dict(raw)

    def perform(self, ctx: RunContext) -> None:
        inputs = dict(ctx.inputs)
        trace = Trace(inputs["trace"], inputs["name"])
        trace.write("start", os.getpid())
        wanted = range(inputs.get("items", 3))
        if ctx.selection is not None:
            wanted = [int(each.key) for each in ctx.selection]
        with ctx.step() as step:
            step.set_total("things", len(wanted))
        ctx.expect("things", [Expected("thing", str(number)) for number in wanted])
        for number in wanted:
            self._effect(ctx, trace, number, fails=number in inputs.get("fail", []))
        if not (inputs.get("once") and trace.has("ending")):
            trace.write("ending", inputs.get("end", "return"))
            ENDS[inputs.get("end", "return")](ctx, inputs, trace)
        trace.write("done")

    def _effect(self, ctx: RunContext, trace: Trace, number: int, *, fails: bool) -> None:
        if ctx.is_done(str(number)):
            return
        ctx.checkpoint()
        result = ItemResult.FAILED if fails else ItemResult.SUCCEEDED
        trace.write("effect", number)
        with ctx.step() as step:
            reason = "graph.conflict" if fails else None
            step.record(Item("thing", str(number), result, reason_code=reason))
            if not fails:
                step.mark_done(str(number))


class ResumableDrill(Drill):
    type = "drill.resumable"
    resumable = True


class WritingDrill(Drill):
    type = "drill.writing"
    writes = True


class JournalledDrill(Drill):
    """Notes each effect before it happens: what was begun and never ended, nobody can know."""

    type = "drill.journalled"
    resumable = True
    writes = True

    def _effect(self, ctx: RunContext, trace: Trace, number: int, *, fails: bool) -> None:
        ctx.checkpoint()
        if ctx.is_done(f"{number} ended"):
            return
        if ctx.is_done(f"{number} begun"):
            with ctx.step() as step:
                code = "item.effect_unknown"
                step.record(Item("thing", str(number), ItemResult.FAILED, reason_code=code))
            return
        with ctx.step() as step:
            step.mark_done(f"{number} begun")
        trace.write("effect", number)
        time.sleep(0.01)
        with ctx.step() as step:
            step.record(Item("thing", str(number), ItemResult.SUCCEEDED))
            step.mark_done(f"{number} ended")


class BriefDrill(Drill):
    type = "drill.brief"
    timeout = timedelta(seconds=3)


def _raise(*_: object) -> None:
    raise ZeroDivisionError("secret detail")


def _refuse(*_: object) -> None:
    raise Refusal


def _lose_database(*_: object) -> None:
    raise OperationalError("SELECT 1", {}, ConnectionError("terminating connection"))


def _kill(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _sleep(_ctx: RunContext, inputs: Mapping[str, Any], _trace: Trace) -> None:
    """Like an operation stuck in one long call."""
    time.sleep(inputs.get("seconds", 60))


def _swallow(ctx: RunContext, inputs: Mapping[str, Any], trace: Trace) -> None:
    try:
        _sleep(ctx, inputs, trace)
    except Exception:  # noqa: BLE001 - the point of this drill
        trace.write("swallowed")


def _sleep_in_step(ctx: RunContext, inputs: Mapping[str, Any], trace: Trace) -> None:
    with ctx.step() as step:
        step.record(Item("late", "1", ItemResult.SUCCEEDED))
        _sleep(ctx, inputs, trace)


def _wait(ctx: RunContext, inputs: Mapping[str, Any], trace: Trace) -> None:
    """Like a long loop over small items: stops when asked to, or when the gate opens."""
    deadline = time.monotonic() + inputs.get("seconds", 60)
    while time.monotonic() < deadline and not trace.has("open"):
        ctx.checkpoint()
        assert ctx.tenant.name  # reads, as operations do
        time.sleep(0.02)


def _gate(ctx: RunContext, inputs: Mapping[str, Any], trace: Trace) -> None:
    """Goes on when the test says so, without looking left or right."""
    deadline = time.monotonic() + inputs.get("seconds", 60)
    while time.monotonic() < deadline and not trace.has("open"):
        time.sleep(0.02)


def _gated_effects(ctx: RunContext, inputs: Mapping[str, Any], trace: Trace) -> None:
    """Waits, then tries more effects; traces whether the ledger let it."""
    _gate(ctx, inputs, trace)
    with ctx.step() as step:
        step.record(Item("late", "1", ItemResult.SUCCEEDED))
    trace.write("late-write")


def _park(ctx: RunContext, inputs: Mapping[str, Any], trace: Trace) -> None:
    later = utcnow() + timedelta(seconds=inputs.get("seconds", 1))
    raise Park(Hold.GRAPH, "Graph asked us to wait.", later)


ENDS: dict[str, Callable[[RunContext, Mapping[str, Any], Trace], object]] = {
    "return": lambda *_: None,
    "raise": _raise,
    "refuse": _refuse,
    "lose_database": _lose_database,
    "sys_exit": lambda *_: sys.exit(3),
    "exit_0": lambda *_: os._exit(0),
    "exit_7": lambda *_: os._exit(7),
    "sigkill": _kill,
    "sleep": _sleep,
    "swallow": _swallow,
    "sleep_in_step": _sleep_in_step,
    "wait": _wait,
    "gate": _gate,
    "gated_effects": _gated_effects,
    "park": _park,
}


def broken_callback(*_: object) -> None:
    raise RuntimeError("this callback is broken")


def register_drills() -> None:
    kinds = (Drill, ResumableDrill, WritingDrill, JournalledDrill, BriefDrill)
    for kind in kinds:
        register(kind())


@contextmanager
def registered_drills() -> Iterator[None]:
    """For a while only: other tests look at the registry as it is in production."""
    with patch.dict(REGISTRY):
        register_drills()
        yield
