"""A comparison as runs of rows: what changed, and what lies unchanged in between."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Change = Mapping[str, Any]
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Stretch:
    """Neighbouring rows of a comparison that all changed, or none of which did."""

    is_unchanged: bool
    rows: tuple[Change, ...]


def stretches(changes: Iterable[Change]) -> list[Stretch]:
    """In the order given. Each change has a ``kind``: added, removed, changed or unchanged."""
    runs = groupby(changes, key=lambda change: change["kind"] == UNCHANGED)
    return [Stretch(is_unchanged, tuple(rows)) for is_unchanged, rows in runs]
