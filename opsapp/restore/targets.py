"""Where objects of a restore are in the target: known, still to come, or never to be."""

from collections.abc import Iterable
from dataclasses import dataclass

from opsapp.intune.restore import ids_named
from opsapp.models import RestoreAction, RestoreItem

Key = tuple[str, str]  # collection and id in the source


class DependencyFailed(Exception):
    """What a request names does not exist in the target, and will not."""

    reason_code = "item.dependency_failed"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.item_message = f"It needs “{name}”, which could not be restored."


class DependencyWaits(Exception):
    """What a request names does not exist yet: it waits for approval."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.item_message = f"It needs “{name}”, which waits for approval."


@dataclass
class _Place:
    name: str
    target_id: str | None
    waits: bool = False


class Targets:
    """Ids in the target by what they are of, and what this run has made."""

    def __init__(self, items: Iterable[RestoreItem]) -> None:
        self._places: dict[Key, _Place] = {}
        self._made: set[Key] = set()
        for item in items:
            key = item.collection, item.source_id
            self._places[key] = _Place(item.name, item.target_id)
            if item.action == RestoreAction.CREATE and item.target_id:
                self._made.add(key)

    def created(self, collection: str, source_id: str, target_id: str) -> None:
        place = self._places[collection, source_id]
        place.target_id, place.waits = target_id, False
        self._made.add((collection, source_id))

    def waits(self, collection: str, source_id: str) -> None:
        self._places[collection, source_id].waits = True

    def waits_no_more(self, collection: str, source_id: str) -> None:
        self._places[collection, source_id].waits = False

    def id_in_target(self, collection: str, source_id: str) -> str:
        """Raises DependencyFailed or DependencyWaits where there is none."""
        place = self._places.get((collection, source_id))
        if place is None:
            raise DependencyFailed(source_id)
        if place.target_id is None:
            raise DependencyWaits(place.name) if place.waits else DependencyFailed(place.name)
        return place.target_id

    def ids_of(self, collection: str, besides: str) -> set[str]:
        """Ids of other objects of a collection in the target, as far as this restore knows them."""
        return {
            place.target_id
            for (kind, source_id), place in self._places.items()
            if kind == collection and source_id != besides and place.target_id
        }

    def made_and_named(self, step_values: object, own: Key) -> set[Key]:
        """Which of the objects made by this restore a step is about, its own included."""
        named = set(ids_named(step_values)) | {own}
        return named & self._made
