"""Measures ours against the bare minimum, in alternating rounds."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 7


@dataclass(frozen=True)
class Comparison:
    """Seconds per call of both, one median for each round."""

    name: str
    ours: list[float]
    bare: list[float]

    @property
    def ratios(self) -> list[float]:
        return [ours / bare for ours, bare in zip(self.ours, self.bare, strict=True)]

    def __str__(self) -> str:
        ours, bare = (statistics.median(times) * 1000 for times in (self.ours, self.bare))
        ratios = self.ratios
        return (
            f"{self.name}\n"
            f"  ours   {ours:7.2f} ms\n"
            f"  bare   {bare:7.2f} ms\n"
            f"  ratio  {statistics.median(ratios):7.2f}"
            f"    ({min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds)"
        )


def compare(
    name: str, ours: Callable[[], object], bare: Callable[[], object], calls: int
) -> Comparison:
    """Calls each ``calls`` times per round; the first round warms up and does not count."""
    ours_times, bare_times = [], []
    for _ in range(ROUNDS + 1):
        bare_times.append(_median_seconds(bare, calls))
        ours_times.append(_median_seconds(ours, calls))
    return Comparison(name, ours_times[1:], bare_times[1:])


def _median_seconds(call: Callable[[], object], calls: int) -> float:
    gc.collect()
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)
