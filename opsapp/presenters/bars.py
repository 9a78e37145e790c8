"""The arithmetic of the little pictures: stacked bars and sparklines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_WIDTH = 2.0  # per cent: one failure in 100,000 must still be seen


@dataclass(frozen=True)
class Segment:
    """A part of a bar. ``x`` and ``width`` are per cent of the whole."""

    key: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Items:
    """A run's counts. ``total`` is None while it is not known; ``text`` says it in words."""

    total: int | None
    segments: tuple[Segment, ...]
    text: str
    unchanged: int


def items_of(counts: Mapping[str, Any] | None, total: int | None = None) -> Items:
    """From ``summary_counts``. Unchanged objects are part of ``succeeded`` and shown apart."""
    counts = counts or {}
    succeeded, failed, skipped, unchanged = (
        int(counts.get(key) or 0) for key in ("succeeded", "failed", "skipped", "unchanged")
    )
    unchanged = min(unchanged, succeeded)
    total = total if total is not None else counts.get("total")
    parts = (
        ("changed", succeeded - unchanged),
        ("unchanged", unchanged),
        ("failed", failed),
        ("skipped", skipped),
    )
    whole = max(total or 0, succeeded + failed + skipped)
    words = [f"{succeeded:,} ok"]
    words += [f"{count:,} {word}" for word, count in parts[2:] if count]
    text = " · ".join(words) + (f" / {total:,}" if total is not None else "")
    if not whole:
        text = "No items" if total == 0 else "No items yet"
    return Items(total, _segments(parts, whole), text, unchanged)


def _segments(parts: Sequence[tuple[str, int]], whole: int) -> tuple[Segment, ...]:
    present = [(key, count) for key, count in parts if count > 0]
    if not present:
        return ()
    widths = [max(100 * count / whole, LEAST_WIDTH) for _, count in present]
    excess = sum(widths) - 100
    if excess > 0:  # what the smallest gained, the largest gives
        widths[widths.index(max(widths))] -= excess
    segments, x = [], 0.0
    for (key, count), width in zip(present, widths, strict=True):
        segments.append(Segment(key, count, round(x, 2), round(width, 2)))
        x += width
    return tuple(segments)


def spark_points(values: Sequence[float], width: int = 96, height: int = 24) -> str:
    """``points`` of a polyline over ``values``, oldest first; a flat line when all are equal."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1
    inner = height - 4
    step = (width - 4) / max(len(values) - 1, 1)
    heights = [inner / 2 if high == low else (value - low) / span * inner for value in values]
    return " ".join(
        f"{2 + index * step:.1f},{height - 2 - up:.1f}" for index, up in enumerate(heights)
    )
