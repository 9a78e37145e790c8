"""What a run is still going to do: known to its process alone, and written only if cancelled."""

from collections.abc import Iterable, Iterator

from opsapp.models import ItemResult
from opsapp.operations.base import Expected, Item

NOT_STARTED = "Not started: the run was cancelled."


class Expectations:
    """Units by the part of the run they belong to; gone once recorded, or once the part is done."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[tuple[str, str], Expected]] = {}

    def add(self, part: str, units: Iterable[Expected]) -> None:
        known = self._parts.setdefault(part, {})
        known.update({(unit.kind, unit.key): unit for unit in units})

    def forget(self, recorded: Iterable[Item], parts: Iterable[str]) -> None:
        for part in parts:
            self._parts.pop(part, None)
        for item in recorded:
            for units in self._parts.values():
                units.pop((item.kind, item.key), None)

    def not_started(self) -> Iterator[Item]:
        """The rest, as items of a cancelled run."""
        for units in self._parts.values():
            for unit in units.values():
                yield Item(
                    unit.kind,
                    unit.key,
                    ItemResult.SKIPPED,
                    unit.name,
                    "run.cancelled_by_user",
                    NOT_STARTED,
                )
